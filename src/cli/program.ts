/** The program `kreel`: its commands, and the handling of a command line. */
import { Command, CommanderError } from "commander";
import { renamed, takeFormerOption } from "./format-option.js";
import { ReaderGone } from "./output.js";
import type { Terminal } from "./terminal.js";
import { TROUBLE, troubleText, UsageError } from "./trouble.js";
import { version } from "./version.js";

type Add = (program: Command, terminal: Terminal, done: (code: number) => void) => void;

/** Loaded on demand, so that no command waits for the modules of another. In the order of the help. */
const COMMANDS: { readonly [name: string]: () => Promise<Add> } = {
  replay: async () => (await import("./commands/replay.js")).addReplay,
  diff: async () => (await import("./commands/diff.js")).addDiff,
  query: async () => (await import("./commands/query.js")).addQuery,
  ui: async () => (await import("./commands/ui.js")).addUi,
  report: async () => (await import("./commands/report.js")).addReport,
  simulate: async () => (await import("./commands/simulate.js")).addSimulate,
  conform: async () => (await import("./commands/conform.js")).addConform,
  export: async () => (await import("./commands/export.js")).addExport,
  import: async () => (await import("./commands/import.js")).addImport,
  log: async () => (await import("./commands/log.js")).addLog,
  why: async () => (await import("./commands/why.js")).addWhy,
  when: async () => (await import("./commands/why.js")).addWhen,
  minimise: async () => (await import("./commands/minimise.js")).addMinimise,
  record: async () => (await import("./commands/record.js")).addRecord,
  tour: async () => (await import("./commands/tour.js")).addTour,
};

/** The command of the command line, or all: for help, and for an unknown name. */
function wantedOf([first = ""]: readonly string[]): readonly string[] {
  if (first === "-V" || first === "--version") return [];
  return Object.hasOwn(COMMANDS, first) ? [first] : Object.keys(COMMANDS);
}

/** Builds the program with these commands; default: all. */
export async function program(
  terminal: Terminal,
  done: (code: number) => void,
  wanted: readonly string[] = Object.keys(COMMANDS),
): Promise<Command> {
  const kreel = new Command("kreel")
    .description(
      "Replays recordings of Linux kernels: the lives of guest_memfd's objects, who holds which reference, what leaks, what a patch changed.",
    )
    .version(version(), "-V, --version", "print the version")
    .helpOption("-h, --help", "print help")
    .helpCommand("help [command]", "print help on a command")
    .showSuggestionAfterError(true)
    .configureOutput({ writeOut: (text) => terminal.out.text(text), writeErr: () => {} })
    .exitOverride()
    .hook("preAction", (_, command) => {
      const warning = renamed(command);
      if (warning !== undefined) terminal.err.line(`kreel: warning: ${warning}`);
    });
  for (const name of wanted) (await COMMANDS[name]!())(kreel, terminal, done);
  takeFormerOption(kreel);
  kreel.addHelpText(
    "after",
    "\nTRACE is ftrace text, a trace.dat, the text of perf script, trace-cmd report, bpftrace or function_graph, an export,\nor a directory with a file for each CPU; gzip and zstd are opened as they are. Exit status: 0 nothing wrong (or the same),\n1 findings (or differences), 2 trouble. kreel help COMMAND says more.",
  );
  return kreel;
}

/** Runs a command line and resolves to the exit status. */
export async function run(args: readonly string[], terminal: Terminal): Promise<number> {
  let code = 0;
  try {
    if (args.length === 0) throw new UsageError("no command; kreel --help lists them");
    const kreel = await program(terminal, (result) => (code = result), wantedOf(args));
    await kreel.parseAsync(args, { from: "user" });
    terminal.out.flush();
  } catch (error) {
    code = ended(
      error,
      terminal,
      args.find((arg) => Object.hasOwn(COMMANDS, arg)),
    );
  }
  return code;
}

/**
 * Converts an error into the exit status: help and version are none, a reader that has gone ends the command, anything
 * else is trouble.
 */
export function ended(error: unknown, terminal: Terminal, command: string | undefined): number {
  try {
    if (error instanceof ReaderGone) return 0;
    terminal.out.flush();
    if (error instanceof CommanderError) {
      if (error.exitCode === 0) return 0;
      terminal.err.line(`kreel: ${usage(error, command)}`);
    } else terminal.err.text(troubleText(error, process.env["KREEL_DEBUG"] === "1"));
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
  return error.code === "commander.missingArgument" && command !== undefined
    ? `${command}: ${what}; kreel help ${command} says what it takes`
    : what;
}
