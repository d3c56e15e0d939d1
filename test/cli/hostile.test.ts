/**
 * Every command, with each of its arguments and options, over hostile files, names and words: a terminal receives no
 * control characters but line feeds, tabs and kreel's own colours, and no forged line. The commands, arguments and
 * options come from the program's definition: a new one is tried as soon as it exists.
 */
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import test, { type ExecutionContext } from "ava";
import type { Argument, Command, Option } from "commander";
import { program, run } from "../../src/cli/program.js";
import { openTerminal } from "../../src/cli/terminal.js";
import { EXPORTS as FORMATS } from "../../src/export/formats.js";
import { OBEYED } from "../../src/base/trouble.js";
import { FORMATS as REPORTS } from "../../src/report/formats.js";
import { Captured } from "../support/captured.js";
import { ATTACKS, FORGED, hostile, type Hostile, WORD } from "./hostile.js";
import { fileOf, spawned, MAIN } from "./run.js";

const EXPORTS = Object.keys(FORMATS);
const ESC = "\u001b";
/** Bold, dim, the four colours, and their ends. */
const OWN = new RegExp(`${ESC}\\[(?:1|2|22|31|32|33|36|39)m`, "g");
/** Milliseconds after which a command that runs until a signal is ended. */
const PATIENCE_MS = 300;

const bad: Hostile = await hostile();
// Commands listen for signals until their process ends.
process.setMaxListeners(0);

/** Values for an argument, by its name, the best first. A new name must be added here. */
const ARGUMENTS: { readonly [name: string]: () => readonly string[] } = {
  trace: () => [bad.ndjson, bad.text, bad.log, bad.nothing],
  trace2: () => [bad.text],
  before: () => [bad.ndjson, bad.log],
  after: () => [bad.text, bad.ndjson],
  scenario: () => [bad.scenario, bad.badScenario],
  object: () => ["module", "file"],
  question: () => ["findings > 0", "live inode > 1000"],
  sql: () => ["select * from events", "select task, operation from calls", `select '${WORD}' as "${WORD}"`],
  step: () => ["3"],
  // With one, the shell records: in a process of its own, below.
  command: () => [],
};

/** Values for an option, by its flag; a bad word is tried as well. */
const VALUES: { readonly [flag: string]: (command: string) => readonly string[] } = {
  "--kernel": () => ["linux-6.12-patched"],
  "--to": (command) =>
    command === "export" ? EXPORTS : command === "report" ? Object.keys(REPORTS) : ["ftrace", "ndjson"],
  "--object": () => ["module", "file"],
  "--at": () => ["50"],
  "--focus": () => ["all"],
  "--fail": () => ["all", "1"],
  "--finding": () => ["leaked-module-reference"],
  "--seed": () => ["7"],
  "--sync": () => ["append"],
};
/** Options that name a file to write. */
const MADE: readonly string[] = ["--output", "--log"];

interface Ran {
  readonly out: string;
  readonly err: string;
  readonly code: number;
}

/** Runs a command line in this process, on a simulated terminal. */
async function ran(args: readonly string[], isTerminal: boolean): Promise<Ran> {
  const [out, err] = [new Captured(), new Captured()];
  const terminal = openTerminal({ TERM: "xterm" }, { out: out.fd, err: err.fd, isTerminal: () => isTerminal });
  // Progress depends on how fast this machine is.
  const patience = setInterval(() => process.emit("SIGTERM", "SIGTERM"), PATIENCE_MS);
  try {
    const code = await run(args, { ...terminal, progress: false });
    return { out: out.taken().toString(), err: err.taken().toString(), code };
  } finally {
    clearInterval(patience);
    out.close();
    err.close();
  }
}

/** Says why a terminal should not have received this; `undefined` if it is harmless. */
function harm(written: string): string | undefined {
  const left = written.replace(OWN, "").replaceAll(/[\n\t]/g, "");
  if (left.search(OBEYED) >= 0) return "is obeyed";
  return written
    .replace(OWN, "")
    .split("\n")
    .some((line) => line.startsWith(FORGED))
    ? "is a forged line"
    : undefined;
}

function shownOf(args: readonly string[]): string {
  return args.map((arg) => JSON.stringify(arg)).join(" ");
}

async function isHarmless(t: ExecutionContext, args: readonly string[]): Promise<Ran> {
  const seen = await ran(args, true);
  t.is(harm(seen.out), undefined, `${shownOf(args)}: ${JSON.stringify(seen.out)}`);
  t.is(harm(seen.err), undefined, `${shownOf(args)}: ${JSON.stringify(seen.err)}`);
  t.false(seen.err.includes("internal error"), `${shownOf(args)}: ${seen.err}`);
  return seen;
}

async function commands(): Promise<readonly Command[]> {
  return (await program(openTerminal({}), () => {})).commands;
}

/** Valid arguments. A file to be written is a new one each time. */
function usual(command: Command): string[] {
  return command.registeredArguments.flatMap((argument) => valuesOf(command, argument).slice(0, 1));
}

function valuesOf(command: Command, argument: Argument): readonly string[] {
  if (argument.name() === "log") return command.name() === "log" ? [bad.log, bad.ndjson, bad.nothing] : [bad.fresh()];
  return ARGUMENTS[argument.name()]!();
}

/** Mandatory options of the command. */
function mandatory(command: Command): string[] {
  return command.options
    .filter((option) => option.mandatory)
    .flatMap((option) => [option.long!, VALUES[option.long!]!(command.name())[0]!]);
}

/** An option with each value that it is tried with. */
function* optionsOf(command: Command, option: Option): Generator<readonly string[]> {
  const flag = option.long!;
  if (MADE.includes(flag)) return void (yield [flag, bad.fresh()]);
  if (!option.required) yield [flag];
  if (!option.required && !option.optional) return;
  for (const value of [...(VALUES[flag]?.(command.name()) ?? []), bad.nowhere]) yield [flag, value];
}

for (const { name } of (await commands()).map((command) => ({ name: command.name() }))) {
  test.serial(`${name}: nothing harms a terminal, whatever is in its files, arguments and options`, async (t) => {
    const command = (await commands()).find((one) => one.name() === name)!;
    const seen = [await isHarmless(t, [name, ...mandatory(command), ...usual(command)])];
    for (const [k, argument] of command.registeredArguments.entries()) {
      const others = valuesOf(command, argument).slice(1);
      for (const value of [...others, bad.nowhere, WORD].filter(() => argument.name() !== "command")) {
        seen.push(
          await isHarmless(t, [
            name,
            ...mandatory(command),
            ...usual(command).slice(0, k),
            value,
            ...usual(command).slice(k + 1),
          ]),
        );
      }
    }
    for (const option of command.options)
      for (const words of optionsOf(command, option))
        seen.push(
          await isHarmless(t, [name, ...(option.mandatory ? [] : mandatory(command)), ...words, ...usual(command)]),
        );
    for (const words of [[`--${WORD}`], ["help", WORD], Array<string>(5).fill(WORD)].slice(
      0,
      name === "record" ? 1 : 3,
    ))
      await isHarmless(t, [name, ...words]);
    t.true(
      seen.some(({ out }) => out !== ""),
      "something is shown",
    );
    t.true(
      name === "tour" || seen.some(({ out, err }) => /\\x1b|\\u001b|\\u009b|\\x9b/.test(out + err)),
      "and of what is bad, what it is",
    );
  });
}

/** Standard output of a command in a pipe; its standard error is still for people. */
async function piped(t: ExecutionContext, ...args: readonly string[]): Promise<string> {
  const { out, err } = await ran(args, false);
  t.is(harm(err), undefined, JSON.stringify(err));
  t.false(`${out}${err}`.match(OWN) !== null, "no colours");
  return out;
}

test.serial("into a pipe data is exact", async (t) => {
  // SQLite's text ends at a zero byte, and a lone surrogate is replaced.
  const tasks = new Set(ATTACKS.map((attack) => `e${attack}\ufffd`).filter((comm) => !comm.includes("\0")));
  const csv = await piped(t, "query", "--csv", bad.ndjson, "select distinct task from events");
  for (const task of tasks) t.true(csv.includes(`${task}-`), JSON.stringify(task));
  const [own, left] = [
    readFileSync(bad.text, "utf8").split("\n"),
    (await piped(t, "minimise", bad.text)).trimEnd().split("\n"),
  ];
  t.true(left.length > 5 && left.some((line) => line.search(OBEYED) >= 0));
  t.deepEqual(
    left.filter((line) => !own.includes(line)),
    [],
  );
  const names = (await piped(t, "export", "--to", "ndjson", bad.ndjson))
    .trimEnd()
    .split("\n")
    .map((line) => (JSON.parse(line) as { readonly comm?: string }).comm);
  for (const attack of ATTACKS) t.true(names.includes(`e${attack}\ufffd`), JSON.stringify(attack));
  const text = await piped(t, "export", "--to", "ftrace", bad.text);
  t.true(text.includes(ATTACKS[2]!) && text.includes(ATTACKS[5]!));
});

test.serial("what Node warns of is a line too", (t) => {
  const kernel = fileOf(
    [
      'import { kernels } from "kreel/kernels";',
      `process.emitWarning(${JSON.stringify(WORD)});`,
      "await new Promise(setImmediate);",
      'export default kernels["linux-7.2"];',
    ].join("\n"),
    "kernel.mjs",
  );
  const warned = spawned(["simulate", bad.scenario, "--kernel", kernel]);
  t.is(warned.code, 0, warned.err);
  t.is(harm(warned.err), undefined, JSON.stringify(warned.err));
  t.regex(warned.err, /^kreel: Warning: evil\\x1b[^\n]*\n$/);
});

test.serial("every command on a terminal of this machine", async (t) => {
  if (!existsSync("/usr/bin/script")) return void t.pass();
  const word = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`;
  const lines = (await commands()).flatMap((command) => {
    // These two would wait for a signal, and record.
    const args = { ui: [bad.nothing], record: ["--", WORD] }[command.name()] ?? [
      ...mandatory(command),
      ...usual(command),
    ];
    return [`echo '<'${command.name()}'>'`, [process.execPath, MAIN, command.name(), ...args].map(word).join(" ")];
  });
  const { stdout } = spawnSync(
    "/usr/bin/script",
    ["-qec", ["stty -opost -echo", ...lines, ":"].join("\n"), "/dev/null"],
    { input: "", env: { ...process.env, TERM: "xterm", NO_COLOR: "", SHELL: "/bin/sh" }, maxBuffer: 1 << 26 },
  );
  const seen = stdout.toString().replaceAll(`\r${ESC}[K`, "");
  t.is(
    harm(seen),
    undefined,
    JSON.stringify(seen.slice(Math.max(0, seen.replace(OWN, "").search(/[^\P{Cc}\n\t]/u) - 200)).slice(0, 1000)),
  );
  t.true(seen.includes(`${ESC}[1m`) && seen.includes("\\x1b"));
  for (const said of seen.split(/^<[a-z]+>$/m).slice(1)) t.true(said.length > 10, said);
  t.is(seen.split(/^<[a-z]+>$/m).length - 1, lines.length / 2);
});
