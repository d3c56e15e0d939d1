/** `kreel diff BEFORE AFTER`, of recordings or, with a scenario, of simulated kernels. */
import type { Command } from "commander";
import { diff } from "../../compare/diff.js";
import { compareKernels, isSame } from "../../compare/kernels.js";
import { diffLines } from "../../show/diff-text.js";
import { diffJson, jsonText } from "../../show/json.js";
import { kernelDiffJson, kernelDiffLines } from "../../show/kernel-diff.js";
import { blamingKernel, collect, KERNEL_HELP, kernelOf } from "../kernel.js";
import { scenarioOf, STEPS } from "./simulate.js";
import type { Terminal } from "../terminal.js";
import { UsageError } from "../trouble.js";
import { warningLine } from "../warnings.js";

interface Flags {
  readonly json?: true;
  readonly from?: string;
  readonly scenario?: string;
  readonly config?: readonly string[];
}

export function addDiff(program: Command, terminal: Terminal, done: (code: number) => void): void {
  program
    .command("diff")
    .summary("compare two recordings of one workload, or two simulated kernels")
    .description(
      "Compares two recordings of one workload by what happened in them: times, addresses and interleaving make no difference. With --scenario, carries it out on two simulated kernels and compares these, error paths and all. Exits with 0 when they are the same, 1 when they differ, 2 when one cannot be read.",
    )
    .argument("<before>", `a recording, plain, gzip or zstd; - is standard input. With --scenario: ${KERNEL_HELP}`)
    .argument("<after>", "another, of the same workload; or another kernel")
    .option("--scenario <file>", "compare two simulated kernels by this scenario")
    .option("--config <option>", "with --scenario: build both kernels with this, as simulate does", collect)
    .option("--json", "one JSON document")
    .option("--from <format>", "read the recordings as this, whatever they look like")
    .action(async (before: string, after: string, flags: Flags) =>
      done(await (flags.scenario === undefined ? runDiff : diffKernels)(before, after, flags, terminal)),
    );
}

async function runDiff(before: string, after: string, flags: Flags, terminal: Terminal): Promise<number> {
  if (flags.config !== undefined) throw new UsageError("--config is for simulated kernels: give --scenario");
  if (before === "-" && after === "-") throw new UsageError("diff: only one of the two can be standard input");
  const result = await diff(before, after, flags.from === undefined ? {} : { format: flags.from });
  const { out, style, err } = terminal;
  for (const { path, warnings } of [result.before, result.after]) {
    for (const warning of warnings) err.line(warningLine(path, warning));
  }
  err.flush();
  if (flags.json) for (const piece of jsonText(diffJson(result))) out.write(piece);
  else for (const line of diffLines(result, style)) out.line(line);
  return result.differences.length > 0 ? 1 : 0;
}

async function diffKernels(before: string, after: string, flags: Flags, terminal: Terminal): Promise<number> {
  if (flags.from !== undefined) throw new UsageError("--from is for recordings: simulated kernels are not read");
  const { out, style, width } = terminal;
  const x = await kernelOf(before, flags.config);
  const y = await kernelOf(after, flags.config);
  const scenario = await scenarioOf(flags.scenario!, terminal);
  const result = await blamingKernel(scenario, () => compareKernels(x, y, scenario, { limit: STEPS }));
  if (flags.json) for (const piece of jsonText(kernelDiffJson(result))) out.write(piece);
  else for (const line of kernelDiffLines(result, { before: x.name, after: y.name }, style, width)) out.line(line);
  return result.differences.length === 0 && result.errorPaths.every(isSame) ? 0 : 1;
}
