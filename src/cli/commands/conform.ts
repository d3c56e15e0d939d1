/** `kreel conform TRACE SCENARIO --kernel K`. */
import type { Command } from "commander";
import { conform } from "../../conform/index.js";
import { openRecording } from "../../read/recording.js";
import { conformanceLines } from "../../show/conform-text.js";
import { conformJson, jsonText } from "../../show/json.js";
import { blamingKernel, collect, KERNEL_HELP, kernelOf } from "../kernel.js";
import { scenarioOf } from "./simulate.js";
import type { Terminal } from "../terminal.js";
import { UsageError } from "../trouble.js";
import { warningLines } from "../warnings.js";

interface Flags {
  readonly kernel: string;
  readonly config?: readonly string[];
  readonly from?: string;
  readonly budget?: string;
  readonly json?: true;
}

const STATUS = { admitted: 0, "not admitted": 1, inconclusive: 2 } as const;

export function addConform(program: Command, terminal: Terminal, done: (code: number) => void): void {
  program
    .command("conform")
    .summary("say whether a simulated kernel admits a recording")
    .description(
      "Says whether a recording can be a run of a scenario on a simulated kernel, and where not, what the kernel would do next and what the recording has instead. Exits with 0 when the kernel admits it, 1 when it does not, 2 when that could not be decided, or for trouble.",
    )
    .argument("<trace>", "a recording, plain, gzip or zstd; - is standard input")
    .argument("<scenario>", "what was carried out when it was made")
    .requiredOption("--kernel <kernel>", KERNEL_HELP)
    .option("--config <option>", "build the kernel with this, as simulate does", collect)
    .option("--budget <states>", "states of the kernel to go through before giving up")
    .option("--from <format>", "read the recording as this, whatever it looks like")
    .option("--json", "one JSON document")
    .action(async (trace: string, scenario: string, flags: Flags) =>
      done(await runConform(trace, scenario, flags, terminal)),
    );
}

async function runConform(path: string, scenarioPath: string, flags: Flags, terminal: Terminal): Promise<number> {
  if (path === "-" && scenarioPath === "-") throw new UsageError("conform: only one of the two can be standard input");
  const budget = flags.budget === undefined ? undefined : Number(flags.budget);
  if (budget !== undefined && (!Number.isSafeInteger(budget) || budget < 1))
    throw new UsageError(`--budget ${flags.budget}: a number of states, from 1`);
  const { out, err, style, width } = terminal;
  const definition = await kernelOf(flags.kernel, flags.config);
  const scenario = await scenarioOf(scenarioPath, terminal);
  const recording = await openRecording(path, flags.from === undefined ? {} : { format: flags.from });
  const result = await blamingKernel(scenario, () =>
    conform(recording, scenario, definition, budget === undefined ? {} : { budget }),
  );
  for (const line of warningLines(path, recording.report)) err.line(line);
  err.flush();
  if (flags.json) for (const piece of jsonText(conformJson(result))) out.write(piece);
  else for (const line of conformanceLines(result, style, width)) out.line(line);
  return STATUS[result.verdict];
}
