/** `kreel diff BEFORE AFTER`. */
import type { Command } from "commander";
import { diff } from "../compare/diff.js";
import { diffLines } from "../show/diff-text.js";
import { diffJson, jsonText } from "../show/json.js";
import type { Terminal } from "./terminal.js";
import { UsageError } from "./trouble.js";

interface Flags {
  readonly json?: true;
  readonly format?: string;
}

export function addDiff(program: Command, terminal: Terminal, done: (code: number) => void): void {
  program
    .command("diff")
    .summary("compare two recordings of one workload")
    .description("Compares two recordings of one workload by what happened in them: times, addresses and interleaving make no difference. Exits with 0 when they are the same, 1 when they differ, 2 when one cannot be read.")
    .argument("<before>", "a recording, plain, gzip or zstd; - is standard input")
    .argument("<after>", "another, of the same workload")
    .option("--json", "one JSON document")
    .option("--format <format>", "read the recordings as this, whatever they look like")
    .action(async (before: string, after: string, flags: Flags) => done(await runDiff(before, after, flags, terminal)));
}

async function runDiff(before: string, after: string, flags: Flags, terminal: Terminal): Promise<number> {
  if (before === "-" && after === "-") throw new UsageError("diff: only one of the two can be standard input");
  const result = await diff(before, after, flags.format === undefined ? {} : { format: flags.format });
  const { out, style, err } = terminal;
  for (const trace of [result.before, result.after]) for (const warning of trace.warnings) err.line(`kreel: ${trace.path}: warning: ${warning}`);
  err.flush();
  if (flags.json) for (const piece of jsonText(diffJson(result))) out.write(piece);
  else for (const line of diffLines(result, style)) out.line(line);
  return result.differences.length > 0 ? 1 : 0;
}
