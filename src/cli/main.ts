#!/usr/bin/env node
/** The command `kreel`. Results go to standard output, everything else to standard error; trouble is one line and status 2. */
import "./compiler.js";
import { Command, CommanderError } from "commander";
import { earlyEnd, loadedModules, strayTrouble } from "../own-kernel/loaded.js";
import { ReaderGone } from "./output.js";
import { openTerminal, type Terminal } from "./terminal.js";
import { TROUBLE, troubleText, UsageError } from "./trouble.js";
import { version } from "./version.js";

type Add = (program: Command, terminal: Terminal, done: (code: number) => void) => void;

/** Loaded when it is wanted: what one command needs, the others need not wait for. In the order of the help. */
const COMMANDS: { readonly [name: string]: () => Promise<Add> } = {
  replay: async () => (await import("./replay.js")).addReplay,
  diff: async () => (await import("./diff.js")).addDiff,
  query: async () => (await import("./query.js")).addQuery,
  ui: async () => (await import("./ui.js")).addUi,
  report: async () => (await import("./report.js")).addReport,
  simulate: async () => (await import("./simulate.js")).addSimulate,
  conform: async () => (await import("./conform.js")).addConform,
  export: async () => (await import("./export.js")).addExport,
  import: async () => (await import("./import.js")).addImport,
  log: async () => (await import("./log.js")).addLog,
  why: async () => (await import("./why.js")).addWhy,
  when: async () => (await import("./why.js")).addWhen,
  minimise: async () => (await import("./minimise.js")).addMinimise,
  record: async () => (await import("./record.js")).addRecord,
  tour: async () => (await import("./tour.js")).addTour,
};

/** The command that is called, or all: for help, and for a name that is none. */
function wantedOf([first = ""]: readonly string[]): readonly string[] {
  if (first === "-V" || first === "--version") return [];
  return Object.hasOwn(COMMANDS, first) ? [first] : Object.keys(COMMANDS);
}

async function program(wanted: readonly string[], terminal: Terminal, done: (code: number) => void): Promise<Command> {
  const kreel = new Command("kreel")
    .description("Replays recordings of Linux kernels: the lives of guest_memfd's objects, who holds which reference, what leaks, what a patch changed.")
    .version(version(), "-V, --version", "print the version")
    .helpOption("-h, --help", "print help")
    .helpCommand("help [command]", "print help on a command")
    .showSuggestionAfterError(true)
    .configureOutput({ writeOut: (text) => terminal.out.write(text), writeErr: () => {} })
    .exitOverride();
  for (const name of wanted) (await COMMANDS[name]!())(kreel, terminal, done);
  kreel.addHelpText("after", "\nTRACE is ftrace text, a trace.dat, the text of perf script, trace-cmd report, bpftrace or function_graph, an export,\nor a directory with a file for each CPU; gzip and zstd are opened as they are. Exit status: 0 nothing wrong (or the same),\n1 findings (or differences), 2 trouble. kreel help COMMAND says more.");
  return kreel;
}

async function main(args: readonly string[], terminal: Terminal): Promise<number> {
  let code = 0;
  try {
    if (args.length === 0) throw new UsageError("no command; kreel --help lists them");
    const kreel = await program(wantedOf(args), terminal, (result) => (code = result));
    await kreel.parseAsync(args, { from: "user" });
    terminal.out.flush();
  } catch (error) {
    code = ended(error, terminal, args.find((arg) => Object.hasOwn(COMMANDS, arg)));
  }
  return code;
}

/** What an error comes to: help and version are none, a reader that is gone is the end, everything else is trouble. */
function ended(error: unknown, terminal: Terminal, command: string | undefined): number {
  try {
    if (error instanceof ReaderGone) return 0;
    terminal.out.flush();
    if (error instanceof CommanderError) {
      if (error.exitCode === 0) return 0;
      terminal.err.line(`kreel: ${usage(error, command)}`);
    } else terminal.err.line(troubleText(error, process.env["KREEL_DEBUG"] === "1"));
    terminal.err.flush();
  } catch (second) {
    if (!(second instanceof ReaderGone)) throw second;
  }
  return TROUBLE;
}

/** `unknown option '--jsn' (Did you mean --json?)`, on one line. */
function usage(error: CommanderError, command: string | undefined): string {
  if (error.code === "commander.help") return "no command; kreel --help lists them";
  const what = error.message.replace(/^error: /, "").replaceAll("\n", " ");
  return error.code === "commander.missingArgument" && command !== undefined ? `${command}: ${what}; kreel help ${command} says what it takes` : what;
}

/** Set when it is clear how the process ends. */
let over = false;

function finish(code: number): void {
  over = true;
  process.exitCode = code;
}

/** What nobody awaited, or a timer threw: of a module of others, or a mistake in kreel. */
function stray(error: unknown): void {
  if (over) return;
  finish(ended(strayTrouble(error) ?? error, terminal, undefined));
  process.exit();
}

const terminal = openTerminal(process.env);
process.on("uncaughtException", stray).on("unhandledRejection", stray);
process.on("exit", () => {
  if (!over) finish(ended(earlyEnd(), terminal, undefined));
});
const code = await main(process.argv.slice(2), terminal);
// What a module of others left behind shows now, or never.
if (loadedModules().length > 0) await new Promise((resolve) => setImmediate(resolve));
finish(code);
// Standard input may still be open, and nothing more is wanted from it.
process.exit();
