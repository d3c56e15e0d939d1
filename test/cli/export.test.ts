/** `kreel export` as users run it. */
import { tableFromIPC } from "apache-arrow";
import test from "ava";
import { spawnSync } from "node:child_process";
import { closeSync, copyFileSync, existsSync, mkdtempSync, openSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileOf, kreel, MAIN, onTerminal, recording, RECORDINGS, failedCreation, spawned } from "./run.js";

const CREATE = `${RECORDINGS}/linux-6.12-patched/s01-create-close.trace.gz`;
const BROKEN = `${RECORDINGS}/broken/leak-module-on-error/s09-enfile.trace.gz`;
const folder = (): string => mkdtempSync(join(tmpdir(), "kreel-"));

test("ndjson to a file, and back: the same findings, whatever the file is called", async (t) => {
  const file = join(folder(), "events.json");
  t.deepEqual(await kreel(["export", BROKEN, "--to", "ndjson", "-o", file]), { code: 0, out: "", err: "" });
  const [expected, got] = [await kreel(["replay", "--json", BROKEN]), await kreel(["replay", "--json", file])];
  t.is(got.code, expected.code);
  const plain = (text: string): unknown => ({ ...(JSON.parse(text) as object), trace: null });
  t.deepEqual(plain(got.out), plain(expected.out));
  t.is((await kreel(["diff", BROKEN, file])).code, 0);
  t.is((await kreel(["export", file, "--to", "ndjson"])).out, readFileSync(file, "utf8"));
});

test("ndjson through a pipe, and ftrace again: the recording", async (t) => {
  const ndjson = await kreel(["export", CREATE, "--to", "ndjson"]);
  const ftrace = spawned(["export", "-", "--to", "ftrace"], { input: ndjson.out });
  t.is(ftrace.code, 0);
  const file = fileOf(ftrace.out);
  t.is((await kreel(["diff", CREATE, file])).code, 0);
});

test("perfetto is JSON", async (t) => {
  const { code, out, err } = await kreel(["export", BROKEN, "--to", "perfetto"]);
  t.deepEqual([code, err], [0, ""]);
  const { traceEvents } = JSON.parse(out) as { readonly traceEvents: readonly { readonly cat?: string }[] };
  t.is(traceEvents.filter((e) => e.cat === "finding").length, 4);
});

test("arrow is an IPC stream", (t) => {
  const { status, stdout } = spawnSync(process.execPath, [MAIN, "export", CREATE, "--to", "arrow"], {
    maxBuffer: 1 << 28,
  });
  t.is(status, 0);
  t.is(tableFromIPC(stdout).numRows, 2988);
});

test("a binary format and a terminal do not go together", (t) => {
  const printed = onTerminal(["export", CREATE, "--to", "arrow"]);
  if (!printed) return t.pass("no script(1) here to make a terminal");
  t.is(printed.code, 2);
  t.regex(printed.out, /--to arrow is no text for a terminal: give it a file with -o FILE, or a pipe/);
});

test("the graph at a moment, at the end, and of everything", async (t) => {
  const dot = async (...args: readonly string[]): Promise<string> =>
    (await kreel(["export", CREATE, "--to", "dot", ...args])).out;
  t.regex(await dot("--at", "1100"), /n\d+ -> n\d+ \[label="try_module_get, event 1061"\];/);
  t.regex(await dot("--at", "1100"), /after event 1100/);
  t.notRegex(await dot(), /kvm-gmem/);
  t.true(
    (await dot("--at", "1100", "--focus", "all")).split("\n").length > (await dot("--at", "1100")).split("\n").length,
  );
  t.regex((await kreel(["export", CREATE, "--to", "mermaid", "--at", "1100"])).out, /^%% .*\nflowchart LR\n/);
});

test("kprobe-events: what would record it again", async (t) => {
  const { code, out, err } = await kreel(["export", CREATE, "--to", "kprobe-events"]);
  t.deepEqual([code, err], [0, ""]);
  t.regex(out, /^p:gmem\/kvm_gmem_create kvm:kvm_gmem_create kvm=/m);
  t.true((await kreel(["record", "--print"])).out.includes(out.split("\n")[0]!));
});

test("trouble is one line and status 2, and a file is not touched by it", async (t) => {
  const text = fileOf(recording(...failedCreation("a-1")));
  const copy = join(folder(), "copy.trace.gz");
  copyFileSync(CREATE, copy);
  const before = readFileSync(copy);
  for (const [args, message] of [
    [["export", CREATE], /required option '--to <format>'/],
    [
      ["export", CREATE, "--to", "xml"],
      /--to xml: one of perfetto, ndjson, arrow, dot, mermaid, kprobe-events, ftrace/,
    ],
    [["export", CREATE, "--to", "toString"], /--to toString: one of/],
    [["export", CREATE, "--to", "ndjson", "--at", "7"], /--at is for dot and mermaid: ndjson has the whole recording/],
    [["export", CREATE, "--to", "dot", "--at", "x"], /--at x: neither an event number/],
    [["export", text, "--to", "dot", "--at", "99"], /--at 99: the recording has 5 events/],
    [["export", text, "--to", "dot", "--at", "1.5"], /--at 1.5: the recording begins later/],
    [["export", CREATE, "--to", "dot", "--focus", "x"], /--focus x: guest-memfd or all/],
    [["export", "/nowhere", "--to", "ndjson"], /\/nowhere: no such file/],
    [["export", copy, "--to", "ndjson", "-o", copy], /is the recording itself; give -o another file/],
    [
      ["export", CREATE, "--to", "ndjson", "-o", "/nowhere/x"],
      /\/nowhere\/x: could not be written: no such file or folder/,
    ],
    [
      ["export", fileOf(recording(["a-1", "some_event: x"])), "--to", "kprobe-events"],
      /shows no operation that kreel knows/,
    ],
  ] as const) {
    const { code, out, err } = await kreel(args);
    t.is(code, 2, args.join(" "));
    t.is(out, "");
    t.regex(err, message);
    t.is(err.trimEnd().split("\n").length, 1, err);
  }
  t.deepEqual(readFileSync(copy), before);
});

test("a recording that cannot be read leaves the file of -o alone", async (t) => {
  const file = fileOf("precious");
  t.is((await kreel(["export", "/nowhere", "--to", "perfetto", "-o", file])).code, 2);
  t.is(readFileSync(file, "utf8"), "precious");
});

(existsSync("/dev/full") ? test : test.skip)(
  "a disk that is full is said so, of a file and of standard output",
  async (t) => {
    const full = openSync("/dev/full", "w");
    const { status, stderr } = spawnSync(process.execPath, [MAIN, "export", CREATE, "--to", "ndjson"], {
      stdio: ["ignore", full, "pipe"],
      encoding: "utf8",
    });
    closeSync(full);
    t.deepEqual([status, stderr], [2, "kreel: standard output: could not be written: the disk is full\n"]);
    t.is(
      (await kreel(["export", CREATE, "--to", "ndjson", "-o", "/dev/full"])).err,
      "kreel: /dev/full: could not be written: the disk is full\n",
    );
  },
);

test("a file that cannot be written to its end is not left in part", (t) => {
  const file = join(folder(), "a.ndjson");
  // The shell's limit of a file's size; Node ignores the signal that goes with it.
  const { status, stderr } = spawnSync(
    "sh",
    ["-c", 'ulimit -f 16; exec "$0" "$@"', process.execPath, MAIN, "export", CREATE, "--to", "ndjson", "-o", file],
    { encoding: "utf8" },
  );
  t.is(status, 2);
  t.regex(stderr, /a\.ndjson: could not be written: [^\n]+\n$/);
  t.false(existsSync(file));
});
