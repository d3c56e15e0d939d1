/** Uses a reading as a recording: replays it, writes it and reads it back, shows it. */
import { points } from "../../../events/index.js";
import type { Batch } from "../../../src/log/batch.js";
import { arrowStream } from "../../../src/export/arrow/index.js";
import { ndjsonText } from "../../../src/export/ndjson.js";
import { perfettoText } from "../../../src/export/perfetto/index.js";
import { EventsDecoder } from "../../../src/log/file/decode.js";
import { EventsEncoder } from "../../../src/log/file/encode.js";
import { schemaOf, upcasts } from "../../../src/log/file/schema.js";
import { createTables } from "../../../src/log/tables.js";
import type { Recorded } from "../../../src/read/report.js";
import { printable } from "../../../src/base/trouble.js";
import { type Replay, replayRecording } from "../../../src/replay/replay.js";
import { Replaying } from "../../../src/replay/replaying.js";
import { Chronicle } from "../../../src/describe/chronicle.js";
import { Evidence } from "../../../src/show/evidence.js";
import { findingsLines } from "../../../src/show/findings.js";
import { jsonText, replayJson } from "../../../src/show/json.js";
import { all } from "../../../src/replay/observers.js";
import { PLAIN } from "../../../src/show/style.js";
import { summaryLines } from "../../../src/show/summary.js";
import { Output } from "../../../src/cli/output.js";
import { warningLines } from "../../../src/cli/warnings.js";
import { stateHash } from "../../../src/snapshot/index.js";
import { ftraceText } from "../../../src/write/ftrace.js";
import type { Random } from "../random.js";
import { hold, Problem } from "./problem.js";
import { isReading, type Reading, soundReport } from "./reading.js";
import { sameEvents } from "./same.js";
import { readText } from "./text.js";
import { linesOf } from "../../read/text.js";

const WIDTH = 100;
/** Formats lines for a terminal, and is never written to. */
const TERMINAL = new Output(1, { terminal: true });
const OWN = upcasts(schemaOf(points), points);

export function recordedOf({ batches, tables, report, format }: Reading): Recorded {
  return {
    id: "fuzz",
    origin: { path: report.file, format },
    tables,
    report,
    async *batches(): AsyncGenerator<Batch> {
      yield* batches;
    },
    async close() {},
  };
}

interface Replayed {
  readonly replay: Replay;
  readonly told: string;
}

/** Returns all results of a replay, and the hash of its state. */
async function replayed(reading: Reading, everything: boolean): Promise<Replayed> {
  const recorded = recordedOf(reading);
  const from = new Replaying(recorded, { everything });
  try {
    const replay = await replayRecording(recorded, { from });
    const { trace, objects, operations, findings, hazards, rules, counts, missing } = replay;
    const told = JSON.stringify(
      [
        stateHash(from),
        trace,
        objects,
        operations,
        findings,
        hazards,
        [...rules],
        [...counts.explained],
        counts.unexplained,
        counts.shown,
        missing,
      ],
      (_, value: unknown) => (typeof value === "bigint" ? `${value}n` : value),
    );
    return { replay, told };
  } catch (error) {
    throw new Problem(
      "what was read is replayed",
      error instanceof Error ? (error.stack ?? error.message) : String(error),
      { cause: error },
    );
  }
}

/** Replays a reading, twice; returns the rules that found something. */
export async function checkReplay(reading: Reading, again: Reading, random: Random): Promise<readonly string[]> {
  const everything = random.chance(0.3);
  const first = await replayed(reading, everything);
  const findings = first.replay.findings.map(({ rule }) => rule);
  if (random.chance(0.5)) return findings;
  const second = await replayed(again, everything);
  if (first.told !== second.told) {
    const at = [...first.told].findIndex((character, k) => character !== second.told[k]);
    throw new Problem(
      "a replay comes to the same again",
      `${first.told.slice(Math.max(0, at - 80), at + 120)} and ${second.told.slice(Math.max(0, at - 80), at + 120)}`,
    );
  }
  return findings;
}

/** Checks that output for a terminal has nothing that it would obey, and that JSON is JSON. */
export async function checkShown(reading: Reading): Promise<void> {
  let evidence: Evidence | undefined;
  const replay = await replayRecording(recordedOf(reading), {
    observe: (world, recording) => {
      const chronicle = new Chronicle(world);
      evidence = new Evidence(chronicle, world, recording);
      return all(chronicle, evidence);
    },
    onFinding: (finding) => evidence?.found(finding),
  });
  const { file } = reading.report;
  const lines = [
    ...summaryLines(replay, PLAIN),
    ...warningLines(file, reading.report),
    ...findingsLines(replay.findings, replay.hazards, {
      path: file,
      style: PLAIN,
      width: WIDTH,
      steps: (finding) => evidence!.steps(finding),
    }),
  ];
  for (const line of lines) {
    const rendered = TERMINAL.rendered(line).replaceAll("\t", " ");
    hold(printable(rendered) === rendered, "what is shown is nothing that a terminal obeys", () =>
      JSON.stringify(line),
    );
  }
  JSON.parse([...jsonText(replayJson(replay))].join(""));
}

/** Checks that a batch survives a block of a log. */
export function checkBlocks(reading: Reading): void {
  const tables = createTables();
  const encoder = new EventsEncoder(points, reading.tables);
  const decoder = new EventsDecoder(OWN, tables);
  const batches = reading.batches.map((batch) =>
    decoder.decode({ events: batch.length, firstSeq: batch.firstSeq } as never, encoder.encode(batch).payload),
  );
  sameEvents("a log gives back what was written", reading, { batches, tables });
}

/** Checks that an export as NDJSON reads back as the same recording. */
export async function checkNdjson(reading: Reading): Promise<void> {
  let text = "";
  for await (const piece of ndjsonText(recordedOf(reading))) text += piece;
  const again = readText("again", "ndjson", Buffer.from(text));
  if (!isReading(again)) throw new Problem("an export reads back", again.message);
  // Numbers of events that a damaged log lost are not given again: only the number of missing events must be the same.
  sameEvents("an export as NDJSON reads back as the same events", reading, again, {
    losses: reading.format !== "kreel-log",
  });
  const { lost, uncountedLoss, skipped, malformed } = again.report;
  hold(
    lost === reading.report.lost && uncountedLoss === reading.report.uncountedLoss && skipped + malformed === 0,
    "an export as NDJSON says what is missing",
    () => [lost, reading.report.lost, uncountedLoss, reading.report.uncountedLoss, skipped, malformed],
  );
  soundReport(again.report, linesOf(Buffer.from(text)));
}

/** Checks that text of ftrace's format is read without skipped lines, and written again as it was. */
export function checkFtraceText(reading: Reading): void {
  // Halves of characters have no bytes: the written text has the replacement character in their place.
  const text = Buffer.from([...ftraceText(reading.batches, reading.tables)].join("")).toString();
  const again = readText("again", "ftrace", Buffer.from(text));
  if (!isReading(again)) throw new Problem("an export reads back", again.message);
  const { events, skipped, malformed } = again.report;
  hold(
    events === reading.report.events && skipped + malformed === 0,
    "an export as ftrace's text is read to the last line",
    () => ({ events, of: reading.report.events, skipped, malformed, first: again.report.firstSkipped }),
  );
  const second = [...ftraceText(again.batches, again.tables)].join("");
  if (second !== text) {
    const [a, b] = [text.split("\n"), second.split("\n")];
    const k = a.findIndex((line, n) => line !== b[n]);
    throw new Problem(
      "an export as ftrace's text is the same when it is read and written again",
      `${JSON.stringify(a[k])} and ${JSON.stringify(b[k])}`,
    );
  }
}

/** Checks that the other exports finish. */
export async function checkExports(reading: Reading): Promise<void> {
  let text = "";
  for await (const piece of perfettoText(recordedOf(reading))) text += piece;
  JSON.parse(text);
  for await (const _ of arrowStream(recordedOf(reading))) continue;
}
