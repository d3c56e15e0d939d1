/** `kreel record` where nothing can be recorded: one line says why, and the command does not run. */
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, statSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test from "ava";
import { recordScript } from "../../src/record/script.js";
import { spawned } from "../cli/run.js";

const NOBODY = 65534;
const isRoot = process.getuid?.() === 0;

/** The script as somebody who is not root, in a directory of its own. */
function script(args: readonly string[]): {
  readonly err: string;
  readonly code: number | null;
  readonly left: readonly string[];
} {
  const cwd = mkdtempSync(join(tmpdir(), "kreel-"));
  const { stderr, stdout, status } = spawnSync("/bin/sh", ["-c", recordScript(), "kreel", ...args], {
    cwd,
    ...(isRoot ? { uid: NOBODY, gid: NOBODY } : {}),
  });
  return { err: stderr.toString() + stdout.toString(), code: status, left: readdirSync(cwd) };
}

test("not as root: one line, status 2, and the command does not run", (t) => {
  const mark = join(tmpdir(), `kreel-ran-${process.pid}`);
  const { err, code, left } = script(["touch", mark]);
  t.regex(err, /^kreel: recording takes root[^\n]*\n$/);
  t.is(code, 2);
  t.false(existsSync(mark));
  t.deepEqual(left, []);
});

for (const [what, args, message] of [
  ["no command", [], /^kreel: no command to record; usage: [^\n]*\n$/],
  ["an unknown option", ["-z", "true"], /^kreel: -z: no such option[^\n]*\n$/],
  ["an option without its value", ["-o"], /^kreel: -o: no such option, or nothing behind it[^\n]*\n$/],
  ["a buffer that is no number", ["-b", "1M", "true"], /^kreel: buffer 1M: not a number of KB\n$/],
  ["a buffer of nothing", ["-b", "0", "true"], /^kreel: buffer 0: not a number of KB\n$/],
] as const) {
  test(`${what} is one line of trouble`, (t) => {
    const { err, code } = script(args);
    t.regex(err, message);
    t.is(code, 2);
  });
}

test("help is no trouble", (t) => t.is(script(["-h"]).code, 0));

test("kreel record -- COMMAND passes on what the script says", (t) => {
  // Not a command that there is: as root this would record, where there is a kernel that lets it.
  const { err, out, code } = spawned(["record", "--", "kreel-no-such-command", "-o", "x"]);
  t.regex(err, isRoot ? /^kreel: kreel-no-such-command: no such command\n$/ : /^kreel: recording takes root[^\n]*\n$/);
  t.is(out, "");
  t.is(code, 2);
});

test("options reach the script, and the command's own stay its own", (t) => {
  const wrong = spawned(["record", "--buffer", "much", "--", "ls", "-o", "--clock"]);
  t.is(wrong.err, "kreel: buffer much: not a number of KB\n");
  t.is(wrong.code, 2);
});

test("a recording replaces no device and no directory, nor what a link points to: said before anything is done, root or not", (t) => {
  const folder = mkdtempSync(join(tmpdir(), "kreel-"));
  symlinkSync("/dev/null", join(folder, "link"));
  for (const [output, said] of [
    ["/dev/null", "kreel: /dev/null: is no regular file, and a recording would replace it\n"],
    [folder, `kreel: ${folder}: is a directory; name a file in it\n`],
    [join(folder, "link"), `kreel: ${folder}/link: is a symbolic link; name what it points to\n`],
  ] as const) {
    t.deepEqual(spawned(["record", "-o", output, "--", "true"]), { code: 2, out: "", err: said });
  }
  t.is(
    script(["-o", "/dev/null", "true"]).err,
    "kreel: /dev/null: is no regular file, and a recording would replace it\n",
  );
  t.true(statSync("/dev/null").isCharacterDevice());
});

test("options of a recording without one are refused, not forgotten", (t) => {
  for (const args of [
    ["-o", "x"],
    ["--buffer", "64", "--script"],
    ["--clock", "mono", "--print"],
  ]) {
    const { err, out, code } = spawned(["record", ...args]);
    t.regex(err, /^kreel: --\w+ is of a recording: [^\n]*\n$/);
    t.is(out, "");
    t.is(code, 2);
  }
});

test("record prints one thing, or records", (t) => {
  for (const args of [
    ["--print", "--script"],
    ["--perf", "--", "true"],
  ]) {
    const { err, code } = spawned(["record", ...args]);
    t.regex(err, /^kreel: record prints[^\n]*\n$/);
    t.is(code, 2);
  }
});

test("--script, --perf and --trace-cmd print the scripts, and beside them how to run them", (t) => {
  for (const [flag, recorder] of [
    ["--script", "ftrace"],
    ["--perf", "perf"],
    ["--trace-cmd", "trace-cmd"],
  ] as const) {
    const { out, err, code } = spawned(["record", flag]);
    t.is(out, recordScript(recorder));
    t.regex(err, /^run it, as root, [^\n]*\n$/);
    t.is(code, 0);
  }
});
