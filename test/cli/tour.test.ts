/** `kreel tour` as users run it. */
import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { stripVTControlCharacters } from "node:util";
import test from "ava";
import { TOUR, type TourStep } from "../../src/tour/index.js";
import { kreel, MAIN, onTerminal } from "./run.js";

const all = await kreel(["tour", "all"]);
const document = JSON.parse((await kreel(["tour", "--json"])).out) as {
  readonly kreel: string;
  readonly version: number;
  readonly folder: string;
  readonly steps: readonly TourStep[];
};

test("without a step: what there is, and the first", async (t) => {
  const { code, out, err } = await kreel(["tour"]);
  t.deepEqual([code, err], [0, ""]);
  for (const { id, title } of TOUR)
    t.regex(out, new RegExp(`^ +\\d+  ${id} +${title.replace(/[>.?]/g, "\\$&")}$`, "m"));
  t.true(out.endsWith(`\n\n\n${(await kreel(["tour", "1"])).out}`));
});

test("a step by its number and by its name, and all of them in order", async (t) => {
  t.is(all.code, 0);
  t.is((await kreel(["tour", "6"])).out, (await kreel(["tour", "close"])).out);
  t.deepEqual(
    all.out.match(/^Step \d+ of 12: .*$/gm),
    TOUR.map(({ title }, k) => `Step ${k + 1} of 12: ${title}`),
  );
  t.true(all.out.includes((await kreel(["tour", "3"])).out));
  t.is(all.out.match(/^Next: npx kreel tour \d+$/gm)!.length, 11);
});

test("no line is wider than 80 columns, and none ends in spaces", async (t) => {
  for (const line of [...all.out.split("\n"), ...(await kreel(["tour"])).out.split("\n")]) {
    t.true([...line].length <= 80, line);
    t.is(line.trimEnd(), line);
  }
});

test("what is printed is plain text, on a terminal with colour and the same words", async (t) => {
  t.is(stripVTControlCharacters(all.out), all.out);
  const printed = onTerminal(["tour", "5"]);
  if (!printed) return t.pass("no script(1) here to make a terminal");
  t.is(printed.code, 0);
  const plain = stripVTControlCharacters(printed.out).replaceAll("\r", "");
  t.is(plain, (await kreel(["tour", "5"])).out);
});

/** The commands of a step as printed, with continuation lines joined. */
function commandsIn(out: string): string[] {
  return out
    .replace(/ \\\n +/g, " ")
    .split("\n")
    .flatMap((line) => (line.startsWith("  npx kreel ") ? [line.trim()] : []));
}

/** Runs through a shell, with this kreel instead of the one that npx would find. */
function typed(
  command: string,
  cwd: string,
): { readonly code: number | null; readonly out: string; readonly err: string } {
  const { status, stdout, stderr } = spawnSync(
    "sh",
    ["-c", command.replace("npx kreel", `"${process.execPath}" "${MAIN}"`)],
    { cwd, maxBuffer: 1 << 26, encoding: "utf8" },
  );
  return { code: status, out: stdout, err: stderr };
}

/** Parses a command as a shell does, and returns the arguments that kreel gets. */
function words(command: string): string[] {
  const printed = command.replace("npx kreel", "printf '%s\\0'");
  return execFileSync("sh", ["-c", printed], { encoding: "utf8" }).split("\0").slice(0, -1);
}

test("every command runs as it stands, and ends as the step says", async (t) => {
  const commands = commandsIn(all.out);
  const exits = document.steps.flatMap((step) => step.commands.map(({ exit }) => exit));
  t.is(commands.length, exits.length);
  t.is(relative(process.cwd(), document.folder), "");
  for (const [k, command] of commands.entries()) {
    const { code, out } = await kreel(words(command));
    t.is(code, exits[k]!, command);
    t.not(out, "", command);
  }
});

test("from anywhere else, too", (t) => {
  const elsewhere = mkdtempSync(join(tmpdir(), "kreel-"));
  const { status, stdout } = spawnSync(process.execPath, [MAIN, "tour", "6"], { cwd: elsewhere, encoding: "utf8" });
  t.is(status, 0);
  const [command] = commandsIn(stdout);
  t.regex(command!, /\/fixtures\/recordings\//);
  t.is(typed(command!, elsewhere).code, 0);
});

test("JSON is one document: of a step, or of all", async (t) => {
  t.deepEqual([document.kreel, document.version, document.steps.length], ["tour", 1, 12]);
  const one = JSON.parse((await kreel(["tour", "close", "--json"])).out) as typeof document;
  t.deepEqual(one.steps, [document.steps[5]!]);
});

test("a step that there is not is trouble", async (t) => {
  for (const step of ["0", "13", "-1", "__proto__", "closed"]) t.is((await kreel(["tour", "--", step])).code, 2, step);
  t.is(
    (await kreel(["tour", "13"])).err,
    "kreel: tour 13: a step from 1 to 12, its name (kreel tour lists them), or all\n",
  );
});
