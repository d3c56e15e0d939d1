/** Scenarios and statements: inputs that users write themselves. */
import { kernels } from "../../../src/kernels/index.js";
import { query } from "../../../src/query/query.js";
import { openRecording } from "../../../src/read/recording.js";
import { parseScenario, printScenario } from "../../../src/scenario/parse.js";
import type { Scenario } from "../../../src/scenario/types.js";
import { simulate } from "../../../src/workload/simulate.js";
import { kept } from "../seeds/kept.js";
import { textSeeds } from "../seeds/text.js";
import type { Random } from "../random.js";
import { recordedOf } from "./made.js";
import { hold, Problem } from "./problem.js";
import { inWords, isReading, outcomeOf, soundBatches } from "./reading.js";

/** A longer run is given up: an operation may touch a million pages. */
const STEPS = 20_000;
const ROWS = 500;
const LINES = 60;

/** Returns the number of events of a scenario on a simulated kernel; `undefined` if it is none. */
export function checkScenario(name: string, text: string, random: Random): number | undefined {
  let scenario: Scenario;
  try {
    scenario = parseScenario(text, name);
  } catch (error) {
    const trouble = inWords(error, name);
    hold(trouble.line !== undefined, "an error of a line names the line", () => trouble.message);
    return undefined;
  }
  const printed = printScenario(scenario);
  const again = parseScenario(printed, name);
  hold(
    JSON.stringify(again.lines) === JSON.stringify(scenario.lines) && printScenario(again) === printed,
    "a scenario is the same when it is printed and read again",
    () => printed,
  );
  const kernel = random.pick([kernels["linux-6.12"], kernels["linux-7.2"]]);
  try {
    const { recording, ending } = simulate(kernel, scenario, { seed: random.word(), limit: STEPS, keepFaults: false });
    if (ending.type === "finished")
      soundBatches(
        { batches: recording.sealed, tables: recording.tables, report: recording.report, format: "simulated" },
        { lined: false, gaps: false },
      );
    return recording.report.events;
  } catch (error) {
    if (error instanceof Problem) throw error;
    throw new Problem(
      "a scenario is carried out",
      error instanceof Error ? (error.stack ?? error.message) : String(error),
      { cause: error },
    );
  }
}

const asked = kept(async () => {
  const { head, lines } = (await textSeeds("ftrace"))[0]!;
  const bytes = Buffer.from([...head, ...lines.slice(0, LINES), ""].join("\n"), "latin1");
  const reading = await outcomeOf("asked", () =>
    openRecording("asked", {
      input: (async function* (): AsyncGenerator<Buffer> {
        yield bytes;
      })(),
    }),
  );
  if (!isReading(reading)) throw reading;
  return recordedOf(reading);
});

/** Returns the number of rows of a statement; `undefined` if it is none. */
export async function checkStatement(name: string, sql: string): Promise<number | undefined> {
  const recording = await asked();
  try {
    const { rows, columns, close } = await query("asked", sql, { name, open: async () => recording });
    let count = 0;
    try {
      for (const row of rows) {
        hold(row.length === columns.length, "a row has the columns", () => [row.length, columns.length]);
        if (++count >= ROWS) break;
      }
    } finally {
      close();
    }
    return count;
  } catch (error) {
    inWords(error, name);
    return undefined;
  }
}
