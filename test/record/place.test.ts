/** Tests that root can record among files of others: only the recording changes, and only its owner can read it. */
import { spawnSync } from "node:child_process";
import {
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import test, { type ExecutionContext } from "ava";
import { COMMON } from "../../src/record/shell.js";
import { SHELLS } from "./shells.js";

const OURS = "recording.json";

interface Made {
  readonly folder: string;
  readonly err: string;
  readonly code: number | null;
  /** Names in the folder afterwards. */
  readonly left: readonly string[];
}

/** Makes a recording without a kernel: sets up, runs `body`, and takes down. `tools` may replace some functions. */
function recorded(
  [shell, ...flags]: readonly string[],
  folder: string,
  output: string,
  body: string,
  tools = "",
): Made {
  const script = `set -u\n${COMMON}${tools}\nevents=/none; output=$1; catch_signals; name_output json; ${body}\n`;
  const { stderr, status } = spawnSync(shell!, [...flags, "-c", script, "sh", output], { cwd: folder, input: "" });
  return { folder, err: stderr.toString(), code: status, left: readdirSync(folder).sort() };
}

const folderOf = (): string => mkdtempSync(join(tmpdir(), "kreel-"));

function isTrouble(t: ExecutionContext, { err, code }: Made, said: RegExp): void {
  t.regex(err, /^kreel: [^\n]+\n$/);
  t.regex(err, said);
  t.is(code, 2);
}

for (const shell of SHELLS) {
  const name = shell.join(" ");

  test(`${name}: the recording is its owner's alone, and nothing else is left`, (t) => {
    const folder = folderOf();
    writeFileSync(join(folder, OURS), "an earlier one", { mode: 0o644 });
    for (const output of [OURS, join(folder, OURS), "a b'\"$(c)*.json", "./-o"]) {
      const { code, err } = recorded(shell, folder, output, "umask 000; collect printf %s events; end");
      t.is(err, `kreel: recorded to ${output} (for its owner alone: it holds addresses of the kernel)\n`);
      t.is(code, 0);
      const path = join(folder, basename(output));
      t.is(readFileSync(path, "utf8"), "events");
      t.is(statSync(path).mode & 0o777, 0o600);
    }
    t.deepEqual(readdirSync(folder).sort(), [OURS, "a b'\"$(c)*.json", "-o"].sort());
  });

  test(`${name}: a device, a FIFO, a directory or a link in its place is refused at once, and stays`, (t) => {
    const folder = folderOf();
    const victim = join(folderOf(), "victim");
    writeFileSync(victim, "precious");
    spawnSync("mkfifo", [join(folder, "fifo")]);
    mkdirSync(join(folder, "directory"));
    for (const [link, to] of [
      ["link", victim],
      ["dangling", join(folder, "none")],
      ["to-directory", "/"],
      ["to-device", "/dev/null"],
    ] as const)
      symlinkSync(to, join(folder, link));
    const before = readdirSync(folder).sort();
    const mark = join(folderOf(), "ran");
    for (const [output, said] of [
      ["/dev/null", /is no regular file/],
      ["fifo", /is no regular file/],
      ["directory", /is a directory/],
      ["directory/", /is a directory/],
      [".", /is a directory/],
      ["/", /is a directory/],
      ["none/", /is no name of a file/],
      ["none/x", /cannot be written/],
      ["link", /is a symbolic link/],
      ["dangling", /is a symbolic link/],
      ["to-directory", /is a symbolic link|is a directory/],
      ["to-device", /is a symbolic link/],
    ] as const) {
      const made = recorded(shell, folder, output, `>${mark}; collect printf %s events; end`);
      isTrouble(t, made, said);
      t.deepEqual(made.left, before, output);
    }
    t.false(existsSync(mark));
    t.true(statSync("/dev/null").isCharacterDevice());
    t.is(readFileSync(victim, "utf8"), "precious");
    t.deepEqual(readdirSync(join(folder, "directory")), []);
  });

  test(`${name}: no name can be guessed, and no link that lies in wait is followed`, (t) => {
    const [folder, victims] = [folderOf(), folderOf()];
    const made = new Set<string>();
    const names = ["part", "data", "data.old", "data.err", "tmp"].map((ending) => `${OURS}.${ending}`);
    for (const [k, lying] of names.entries()) {
      writeFileSync(join(victims, `${k}`), "precious");
      symlinkSync(join(victims, `${k}`), join(folder, lying));
    }
    for (let k = 0; k < 3; k++) {
      const { err, left } = recorded(
        shell,
        folder,
        OURS,
        'echo "$made $(stat -c "%F %a" "$made")" >&2; collect printf %s events; end',
      );
      const [, path, is] = /^(\S+) (directory 700)\n/.exec(err)!;
      t.is(is, "directory 700");
      made.add(path!);
      t.deepEqual(left, [OURS, ...names].sort());
    }
    t.is(made.size, 3);
    for (const path of made) t.regex(path, /^\.kreel\.\w{6}$/);
    for (const [k] of names.entries()) t.is(readFileSync(join(victims, `${k}`), "utf8"), "precious");
  });

  test(`${name}: what gets in the way while it goes on is not followed, and the recording is kept`, (t) => {
    for (const way of ["mkdir recording.json", "ln -s VICTIMS recording.json", "mkfifo recording.json"]) {
      const [folder, victims] = [folderOf(), folderOf()];
      const made = recorded(shell, folder, OURS, `${way.replace("VICTIMS", victims)}; collect printf %s events; end`);
      isTrouble(t, made, /cannot be written any more; the recording is \.kreel\.\w{6}\/recording\.json\n$/);
      const [, kept] = /the recording is (.*)\n/.exec(made.err)!;
      t.is(readFileSync(join(folder, kept!), "utf8"), "events");
      t.is(statSync(join(folder, kept!)).mode & 0o777, 0o600);
      t.deepEqual(readdirSync(victims), []);
      t.false(lstatSync(join(folder, OURS)).isFile());
    }
  });

  test(`${name}: whoever puts a link in place of the directory that it writes in gets nothing written there`, (t) => {
    const [folder, victims] = [folderOf(), folderOf()];
    writeFileSync(join(victims, OURS), "precious");
    const { code, left } = recorded(
      shell,
      folder,
      OURS,
      `mv "$made" moved; ln -s ${victims} "$made"; collect printf %s events; end`,
    );
    t.is(code, 0);
    t.is(readFileSync(join(folder, OURS), "utf8"), "events");
    t.is(readFileSync(join(victims, OURS), "utf8"), "precious");
    t.deepEqual(readdirSync(victims), [OURS]);
    t.is(left.length, 3, "what they put there, and the empty directory that they took");
    // Quicker still: as soon as it is made.
    const quick = `mktemp() { at=$(command mktemp "$@"); mv "$at" moved2; ln -s ${victims} "$at"; echo "$at"; }`;
    const early = recorded(shell, folder, "other.json", "collect printf %s events; end", quick);
    isTrouble(t, early, /other\.json: cannot be written: what is made beside it becomes somebody else's/);
    t.false(existsSync(join(folder, "other.json")));
    t.deepEqual(readdirSync(victims), [OURS]);
  });

  test(`${name}: it is gone with whatever ends the recording`, (t) => {
    for (const [body, code] of [
      ["collect false", 2],
      ["kill -TERM $$; sleep 1", 143],
      ["kill -HUP $$; sleep 1", 129],
      ["phase=collecting; for k in 1 2 3; do kill -INT $$; done; sleep 1", 130],
      ["exit 7", 7],
    ] as const) {
      const { left, code: ended } = recorded(
        shell,
        folderOf(),
        OURS,
        `: >"$part"; : >"$part.data"; : >"$work/.hidden"; ${body}`,
      );
      t.is(ended, code, body);
      t.deepEqual(left, [], body);
    }
    const { left, code } = recorded(
      shell,
      folderOf(),
      OURS,
      `(sleep 0.2; kill -TERM $$) & run sleep 20; collect printf %s events; end`,
    );
    t.is(code, 143);
    t.deepEqual(left, [OURS]);
  });

  test(`${name}: its command has nothing of it`, (t) => {
    const { err } = recorded(shell, folderOf(), OURS, "run ls -l /proc/self/fd >&2; end");
    t.regex(err, / 0 -> /);
    t.false(err.includes(".kreel."), err);
  });

  test(`${name}: what it says is one line of ASCII`, (t) => {
    const { stderr } = spawnSync(shell[0]!, [
      ...shell.slice(1),
      "-c",
      `${COMMON}say "$1"`,
      "sh",
      "a\n# b\r\u001b[2J\u009b\u202eü\u007f%s\\n",
    ]);
    t.is(stderr.toString(), "kreel: a?# b??[2J????????%s\\n\n");
  });
}
