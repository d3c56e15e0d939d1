#!/usr/bin/env node
/** The command `kreel`. Results go to standard output, everything else to standard error; trouble is one line and status 2. */
import "./compiler.js";
import { Command, CommanderError } from "commander";
import { addConform } from "./conform.js";
import { addDiff } from "./diff.js";
import { addExport } from "./export.js";
import { addImport } from "./import.js";
import { addLog } from "./log.js";
import { addMinimise } from "./minimise.js";
import { ReaderGone } from "./output.js";
import { addRecord } from "./record.js";
import { addQuery } from "./query.js";
import { addReplay } from "./replay.js";
import { addReport } from "./report.js";
import { addSimulate } from "./simulate.js";
import { openTerminal, type Terminal } from "./terminal.js";
import { TROUBLE, troubleText, UsageError } from "./trouble.js";
import { addWhen, addWhy } from "./why.js";
import { version } from "./version.js";

function program(terminal: Terminal, done: (code: number) => void): Command {
  const kreel = new Command("kreel")
    .description("Replays recordings of Linux kernels: the lives of guest_memfd's objects, who holds which reference, what leaks, what a patch changed.")
    .version(version(), "-V, --version", "print the version")
    .helpOption("-h, --help", "print help")
    .helpCommand("help [command]", "print help on a command")
    .showSuggestionAfterError(true)
    .configureOutput({ writeOut: (text) => terminal.out.write(text), writeErr: () => {} })
    .exitOverride();
  for (const add of [addReplay, addDiff, addQuery, addReport, addSimulate, addConform, addExport, addImport, addLog, addMinimise, addRecord, addWhy, addWhen]) add(kreel, terminal, done);
  kreel.addHelpText("after", "\nTRACE is ftrace text, a trace.dat, the text of perf script, trace-cmd report, bpftrace or function_graph, an export,\nor a directory with a file for each CPU; gzip and zstd are opened as they are. Exit status: 0 nothing wrong (or the same),\n1 findings (or differences), 2 trouble. kreel help COMMAND says more.");
  return kreel;
}

async function main(args: readonly string[]): Promise<number> {
  const terminal = openTerminal(process.env);
  let code = 0;
  try {
    if (args.length === 0) throw new UsageError("no command; kreel --help lists them");
    await program(terminal, (result) => (code = result)).parseAsync(args, { from: "user" });
    terminal.out.flush();
  } catch (error) {
    code = ended(error, terminal);
  }
  return code;
}

/** What an error comes to: help and version are none, a reader that is gone is the end, everything else is trouble. */
function ended(error: unknown, terminal: Terminal): number {
  try {
    if (error instanceof ReaderGone) return 0;
    terminal.out.flush();
    if (error instanceof CommanderError) {
      if (error.exitCode === 0) return 0;
      terminal.err.line(`kreel: ${usage(error)}`);
    } else terminal.err.line(troubleText(error, process.env["KREEL_DEBUG"] === "1"));
    terminal.err.flush();
  } catch (second) {
    if (!(second instanceof ReaderGone)) throw second;
  }
  return TROUBLE;
}

/** `unknown option '--jsn' (Did you mean --json?)`, on one line. */
function usage(error: CommanderError): string {
  if (error.code === "commander.help") return "no command; kreel --help lists them";
  return error.message.replace(/^error: /, "").replaceAll("\n", " ");
}

process.exitCode = await main(process.argv.slice(2));
// Standard input may still be open, and nothing more is wanted from it.
process.exit();
