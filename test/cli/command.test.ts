import test from "ava";
import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { probeFile } from "../../events/probe-file.js";
import { openTerminal } from "../../src/cli/terminal.js";
import { failedCreation, fileOf, kreel, MAIN, recording, RECORDINGS, type Run, spawned } from "./run.js";

const HEALTHY = `${RECORDINGS}/linux-6.12-patched/s01-create-close.trace.gz`;
const OTHER = `${RECORDINGS}/linux-6.12/s01-create-close.trace.gz`;
const LONG = `${RECORDINGS}/churn/linux-7.2.trace.gz`;

/** One line on standard error, nothing on standard output, status 2, and no stack. */
async function isTrouble(
  t: { is(a: unknown, b: unknown, m?: string): void; regex(a: string, b: RegExp, m?: string): void },
  args: readonly string[],
  said: RegExp,
  input?: Buffer | string,
): Promise<void> {
  const { code, out, err } = input === undefined ? await kreel(args) : spawned(args, { input });
  const what = args.join(" ");
  t.is(code, 2, what);
  t.is(out, "", what);
  t.regex(err, /^kreel: [^\n]+\n$/, what);
  t.regex(err, said, what);
}

test("the version is the package's, and help names every command", async (t) => {
  const { version } = JSON.parse(readFileSync("package.json", "utf8")) as { version: string };
  t.deepEqual(await kreel(["--version"]), { code: 0, out: `${version}\n`, err: "" });
  const { code, out, err } = await kreel(["--help"]);
  t.is(code, 0);
  t.is(err, "");
  for (const command of ["replay", "diff", "record"]) t.regex(out, new RegExp(`\n  ${command} `));
  for (const flag of ["--at", "--object", "--focus", "--json", "--from", "--no-tree"])
    t.regex((await kreel(["help", "replay"])).out, new RegExp(flag));
});

test("a command line that is wrong says so in one line, with what was meant", async (t) => {
  await isTrouble(t, [], /no command; kreel --help/);
  await isTrouble(t, ["repaly", "x"], /unknown command 'repaly'.*replay/);
  await isTrouble(t, ["replay", "--jsn", "x"], /unknown option '--jsn'.*--json/);
  await isTrouble(t, ["replay"], /replay: missing required argument 'trace'; kreel help replay/);
  await isTrouble(t, ["replay", "--focus", "some", HEALTHY], /--focus some: guest-memfd or all/);
  await isTrouble(t, ["replay", "--from", "perf.data", HEALTHY], /--from perf\.data/);
  await isTrouble(t, ["replay", "--object", "kvm", "--json", HEALTHY], /--object/);
  await isTrouble(t, ["diff", "one"], /missing .*after/);
  await isTrouble(t, ["diff", "a", "b", "c"], /too many arguments/);
  await isTrouble(t, ["diff", "-", "-"], /standard input/);
});

test("bad input says which file, and what would help", async (t) => {
  const folder = mkdtempSync(join(tmpdir(), "kreel-"));
  await isTrouble(t, ["replay", join(folder, "none")], /\/none: no such file/);
  await isTrouble(t, ["replay", folder], /: this is a directory/);
  await isTrouble(t, ["replay", fileOf("")], /recording: the file is empty/);
  await isTrouble(t, ["replay", fileOf("hello\nworld\n")], /recording:1: not a recording/);
  await isTrouble(
    t,
    ["replay", fileOf(Buffer.from(Array.from({ length: 4096 }, (_, k) => (k * 197 + 31) & 255)))],
    /recording/,
  );
  await isTrouble(t, ["replay", fileOf(readFileSync(process.execPath).subarray(0, 4096))], /ELF/);
  await isTrouble(t, ["replay", fileOf(gzipSync("").subarray(0, 12))], /gzip/);
  await isTrouble(t, ["replay", "--json", join(folder, "none")], /no such file/);
  await isTrouble(t, ["diff", HEALTHY, join(folder, "none")], /\/none: no such file/);
  await isTrouble(t, ["replay", "-"], /^kreel: -: the file is empty/, "");
});

test("the name of a file is not obeyed either", async (t) => {
  await isTrouble(t, ["replay", "no\u001b[31m\nsuch"], /no\\x1b\[31m\\x0asuch: no such file/);
});

test("a gzip file that was cut is read as far as it goes, and the cut is said", async (t) => {
  const bytes = readFileSync(LONG);
  const { code, out, err } = await kreel(["replay", "--json", fileOf(bytes.subarray(0, bytes.length >> 1))]);
  t.is(code, 0);
  t.true((JSON.parse(out) as { trace: { events: number } }).trace.events > 1000);
  t.regex(err, /^kreel: .*recording: warning: .*cut off/);
});

test("a reader that has seen enough ends the command quietly", (t) => {
  for (const flags of ["", "--json", "--object kvm_amd"]) {
    const { stdout, stderr } = spawnSync("bash", [
      "-c",
      `"$0" "$1" replay ${flags} "$2" | head -1; echo "\${PIPESTATUS[0]}"`,
      process.execPath,
      MAIN,
      LONG,
    ]);
    t.is(stderr.toString(), "", flags);
    t.is(stdout.toString().trimEnd().split("\n").at(-1), "0", flags);
  }
});

/** The command on a recording that takes it a while, as it is run without a terminal. */
let long: Run | undefined;
const longRun = (): Run => (long ??= spawned(["replay", LONG]));

test("a pipe that is full slows the command down and loses nothing", (t) => {
  const slow = execFileSync("bash", ["-c", '"$0" "$1" replay "$2" | (sleep 1; cat)', process.execPath, MAIN, LONG], {
    maxBuffer: 1 << 28,
  }).toString();
  t.is(slow, longRun().out);
});

test("colour and progress need a terminal; NO_COLOR and --json refuse it", (t) => {
  for (const { out, err } of [spawned(["replay", LONG], { env: { FORCE_COLOR: "1" } }), longRun()])
    t.false((out + err).includes("\u001b"));
  t.is(openTerminal({ NO_COLOR: "1" }).style.red("x"), "x");
  t.is(openTerminal({ TERM: "dumb" }).progress, false);
});

test("on a terminal there is colour, and with NO_COLOR none", (t) => {
  if (spawnSync("script", ["--version"]).status !== 0) return void t.pass();
  const path = fileOf(recording(...failedCreation("one-1")));
  const onTerminal = (env: NodeJS.ProcessEnv, flags = ""): string =>
    execFileSync("script", ["-qec", `"${process.execPath}" "${MAIN}" replay ${flags} "${path}"`, "/dev/null"], {
      env: { ...process.env, TERM: "xterm", NO_COLOR: "", ...env },
    }).toString();
  t.true(onTerminal({}).includes("\u001b["));
  t.false(onTerminal({ NO_COLOR: "1" }).includes("\u001b["));
  t.false(onTerminal({}, "--json").includes("\u001b["));
});

test("diff: 0 of a recording with itself, 1 of two that differ, with counts and hunks", async (t) => {
  const same = await kreel(["diff", HEALTHY, HEALTHY]);
  t.is(same.code, 0, same.out);
  t.regex(same.out, /\nno differences\n/);
  const { code, out } = await kreel(["diff", OTHER, HEALTHY]);
  t.is(code, 1);
  t.regex(out, /^--- .*\n\+\+\+ .*\n/);
  t.regex(out, /\n .* \| +\d+ \+/);
  t.regex(out, /\n@@ .* @@ /);
  t.regex(out, /\n\+ +\d+ +kern_mount\(/);
});

test("diff --json: one document with the promised fields", async (t) => {
  const { code, out } = await kreel(["diff", "--json", OTHER, HEALTHY]);
  t.is(code, 1);
  const document = JSON.parse(out) as {
    kreel: string;
    version: number;
    before: { events: number };
    after: { events: number };
    differences: Record<string, unknown>[];
    summary: Record<string, Record<string, number>>;
  };
  t.is(document.kreel, "diff");
  t.is(document.version, 1);
  t.true(document.before.events > 0 && document.after.events > 0);
  t.deepEqual(Object.keys(document.summary["operations"]!), ["same", "added", "removed", "replaced", "reordered"]);
  t.deepEqual(Object.keys(document.summary["results"]!), ["same", "changed"]);
  t.deepEqual(Object.keys(document.summary["state"]!), ["same", "changed"]);
  const added = document.differences.find((d) => d["kind"] === "operation-added" && d["operation"] === "kern_mount")!;
  t.is(added["before"], null);
  t.is(typeof (added["after"] as { event: number }).event, "number");
  for (const name of ["where", "message"]) t.is(typeof added[name], "string");
});

test("record prints the probes and says how to use them", async (t) => {
  for (const args of [["record"], ["record", "--print"]]) {
    const { code, out, err } = await kreel(args);
    t.is(code, 0);
    t.is(out, probeFile());
    t.is(err.trimEnd().split("\n").length, 2);
  }
});

test("--format is the former name of --from, and of --to where a report is written", async (t) => {
  const said = "kreel: warning: --format is --from now\n";
  t.is((await kreel(["replay", "--no-tree", "--format", "ftrace", HEALTHY])).err, said);
  t.is(
    (await kreel(["replay", "--no-tree", "--format", "ftrace", HEALTHY])).out,
    (await kreel(["replay", "--no-tree", "--from", "ftrace", HEALTHY])).out,
  );
  const report = await kreel(["report", "--format", "markdown", HEALTHY]);
  t.is(report.err, "kreel: warning: --format is --to now\n");
  t.is(report.out, (await kreel(["report", "--to", "markdown", HEALTHY])).out);
  await isTrouble(
    t,
    ["replay", "--format", "ftrace", "--from", "ftrace", HEALTHY],
    /--format is --from: give one of them/,
  );
  t.notRegex((await kreel(["help", "replay"])).out, /--format/);
});
