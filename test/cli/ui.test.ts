/** `kreel ui` as users run it: an address, until a signal; no files remain. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { copyFileSync, existsSync, mkdtempSync, readdirSync, readFileSync } from "node:fs";
import { type AddressInfo, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { gunzipSync } from "node:zlib";
import test, { type ExecutionContext } from "ava";
import type { UiFlags } from "../../src/cli/commands/ui.js";
import { pageFolder } from "../ui/server/page.js";
import { get } from "../ui/server/raw.js";
import { fileOf, kreel, RECORDINGS } from "./run.js";

const UI = fileURLToPath(new URL("./ui-of.js", import.meta.url));
const BEFORE = `${RECORDINGS}/linux-6.12/s01-create-close.trace.gz`;
const AFTER = `${RECORDINGS}/linux-6.12-patched/s01-create-close.trace.gz`;
const SCENARIO = "fixtures/scenarios/linux-6.12/s01-create-close.scn";
const LONG = `${RECORDINGS}/churn/linux-7.2.trace.gz`;

interface Started {
  readonly child: ChildProcess;
  readonly out: () => string;
  readonly err: () => string;
  /** Its folder for temporary files. */
  readonly folder: string;
  /** The first line that it prints. */
  address(): Promise<string>;
  /** Its exit status, or the name of the signal that ended it. */
  ended(): Promise<number | string | null>;
}

function start(t: ExecutionContext, ...traces: readonly string[]): Started {
  return startWith(t, {}, ...traces);
}

function startWith(t: ExecutionContext, flags: UiFlags, ...traces: readonly string[]): Started {
  const folder = mkdtempSync(join(tmpdir(), "kreel-"));
  return started(
    t,
    folder,
    spawn(process.execPath, [UI, pageFolder(), JSON.stringify(flags), ...traces], {
      env: { ...process.env, TMPDIR: folder },
    }),
  );
}

const PROGRESS = new RegExp(`\r${"\u001b"}\\[K(?:kreel: [^\r\n]*)?`, "g");

function started(t: ExecutionContext, folder: string, child: ChildProcess): Started {
  t.teardown(() => child.kill("SIGKILL"));
  let out = "";
  let err = "";
  child.stdout!.on("data", (piece: Buffer) => (out += piece.toString()));
  child.stderr!.on("data", (piece: Buffer) => (err += piece.toString()));
  child.stdin!.on("error", () => {});
  const closed = once(child, "close") as Promise<[number | null, string | null]>;
  return {
    child,
    folder,
    out: () => out,
    err: () => err,
    address: async () => {
      while (!out.includes("\n") && child.exitCode === null) await Promise.race([once(child.stdout!, "data"), closed]);
      return out.split(/\r?\n/)[0]!;
    },
    ended: async () => {
      const [code, signal] = await closed;
      return code ?? signal;
    },
  };
}

async function namesAt(address: string): Promise<readonly string[]> {
  const session = JSON.parse((await get(address, "session.json")).body.toString()) as {
    readonly logs: readonly { readonly path: string }[];
  };
  return session.logs.map(({ path }) => path);
}

for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
  test(`it prints the address, serves until ${signal}, and leaves nothing`, async (t) => {
    const ui = start(t, BEFORE);
    const address = await ui.address();
    t.regex(address, /^http:\/\/127\.0\.0\.1:\d+\/[0-9a-f]{32}\/$/);
    t.deepEqual(await namesAt(address), [BEFORE]);
    t.is(readdirSync(ui.folder).length, 1);
    ui.child.kill(signal);
    t.is(await ui.ended(), 0);
    t.deepEqual([ui.out(), ui.err(), readdirSync(ui.folder)], [`${address}\n`, "", []]);
    await t.throwsAsync(fetch(address));
  });
}

test("a log is served where it is, and is not touched", async (t) => {
  const log = join(mkdtempSync(join(tmpdir(), "kreel-")), "a.klog");
  t.is((await kreel(["import", BEFORE, log])).code, 0);
  const bytes = readFileSync(log);
  const ui = start(t, log);
  t.deepEqual((await get(await ui.address(), "log/0")).body, bytes);
  t.deepEqual(readdirSync(ui.folder), []);
  ui.child.kill("SIGINT");
  t.is(await ui.ended(), 0);
  t.deepEqual(readFileSync(log), bytes);
});

test("two recordings, one of them from standard input, are compared", async (t) => {
  const ui = start(t, BEFORE, "-");
  ui.child.stdin!.end(readFileSync(AFTER));
  const address = await ui.address();
  t.deepEqual(await namesAt(address), [BEFORE, "-"]);
  const document = JSON.parse((await get(address, "diff.json")).body.toString()) as {
    after: { path: string };
    differences: readonly unknown[];
  };
  t.is(document.after.path, "-");
  t.true(document.differences.length > 10);
  ui.child.kill("SIGTERM");
  t.is(await ui.ended(), 0);
  t.deepEqual(readdirSync(ui.folder), []);
});

test("what a simulated kernel's probes would record is a recording like any", async (t) => {
  const log = join(mkdtempSync(join(tmpdir(), "kreel-")), "a.trace");
  t.is((await kreel(["simulate", SCENARIO, "--kernel", "linux-6.12", "--log", log])).code, 0);
  const ui = start(t, log);
  t.deepEqual(await namesAt(await ui.address()), [log]);
});

test("two simulated kernels walk a scenario side by side, and the same fault", async (t) => {
  const ui = startWith(t, { kernel: ["linux-6.12", "linux-6.12-patched"], fail: "30" }, SCENARIO);
  const address = await ui.address();
  const session = JSON.parse((await get(address, "session.json")).body.toString()) as {
    readonly logs: readonly { readonly name: string; readonly format: string }[];
    readonly diff: boolean;
  };
  t.deepEqual(
    [session.diff, session.logs.map(({ name, format }) => [name, format])],
    [
      true,
      [
        ["s01-create-close.scn on linux-6.12, fault 30", "simulated"],
        ["s01-create-close.scn on linux-6.12-patched, fault 38", "simulated"],
      ],
    ],
  );
  const document = JSON.parse((await get(address, "diff.json")).body.toString()) as {
    readonly differences: readonly { readonly operation?: string }[];
  };
  t.true(document.differences.some(({ operation }) => operation === "kern_mount"));
  ui.child.kill("SIGINT");
  t.is(await ui.ended(), 0);
  t.deepEqual(readdirSync(ui.folder), []);
  t.deepEqual(ui.err().split("\n"), [
    "kreel: linux-6.12: fault 30: kmem_cache_alloc(filp_cachep) fails with ENOMEM in `vm v 1` (line 4)",
    "kreel: linux-6.12-patched: fault 38: kmem_cache_alloc(filp_cachep) fails with ENOMEM in `vm v 1` (line 4)",
    "",
  ]);
});

test("a fault that the second kernel does not have is said to be none there", async (t) => {
  const ui = startWith(t, { kernel: ["linux-6.12-patched", "linux-6.12"], fail: "19" }, SCENARIO);
  await ui.address();
  ui.child.kill("SIGINT");
  t.is(await ui.ended(), 0);
  t.is(
    ui.err(),
    "kreel: linux-6.12-patched: fault 19: kzalloc(struct super_block) fails with ENOMEM in `load kvm-amd` (line 2)\nkreel: linux-6.12: nothing fails: it has no such fault\n",
  );
});

test("a signal while they are compared, or while a client hangs, ends it as well", async (t) => {
  const ui = start(t, LONG, LONG);
  const address = await ui.address();
  const waiting = get(address, "diff.json");
  await get(address, "session.json");
  ui.child.kill("SIGINT");
  t.is(await ui.ended(), 0);
  t.is((await waiting).body.length, 0);
  t.deepEqual(readdirSync(ui.folder), []);
});

test("a signal while a recording is still read ends it, and leaves nothing", async (t) => {
  const ui = start(t, "-");
  ui.child.stdin!.write(gunzipSync(readFileSync(BEFORE)));
  while (readdirSync(ui.folder).length === 0) await new Promise((resolve) => setTimeout(resolve, 20));
  ui.child.kill("SIGINT");
  t.is(await ui.ended(), 0);
  t.deepEqual([ui.out(), ui.err(), readdirSync(ui.folder)], ["", "", []]);
});

test("what reading came to is said on standard error", async (t) => {
  const text = gunzipSync(readFileSync(BEFORE)).toString("latin1");
  const ui = start(t, fileOf(Buffer.from(`${text}no event\u001b[2J of ours\n`, "latin1"), "<b>\u001b[31m.trace"));
  await ui.address();
  ui.child.kill("SIGINT");
  t.is(await ui.ended(), 0);
  t.regex(
    ui.err(),
    /^kreel: \S+\/<b>\\x1b\[31m\.trace:\d+: warning: not an event, skipped: no event\\x1b\[2J of ours\n$/,
  );
});

test("a file may be called anything", async (t) => {
  const folder = mkdtempSync(join(tmpdir(), "kreel-"));
  for (const name of ["../a b", "<script>alert(1)</script>", "\u202e#?%2f", "__proto__", "a\nb"]) {
    const path = join(folder, name.replaceAll("/", "\u2215"));
    copyFileSync(BEFORE, path);
    const ui = start(t, path);
    t.deepEqual(await namesAt(await ui.address()), [path]);
    ui.child.kill("SIGINT");
    t.is(await ui.ended(), 0);
  }
});

test("without a recording the page is the tour, with every recording that it looks at", async (t) => {
  const ui = start(t);
  const address = await ui.address();
  const steps = JSON.parse((await get(address, "tour.json")).body.toString()) as readonly {
    readonly recordings: readonly string[];
    readonly moment: { readonly recording: string; readonly event: number };
  }[];
  const paths = await namesAt(address);
  t.deepEqual(new Set(steps.flatMap(({ recordings }) => recordings)), new Set(paths));
  t.is(new Set(paths).size, paths.length);
  const session = JSON.parse((await get(address, "session.json")).body.toString()) as {
    readonly tour?: boolean;
    readonly diff: boolean;
    readonly logs: readonly { readonly path: string; readonly events: number }[];
  };
  t.deepEqual([session.tour, session.diff], [true, false]);
  for (const { moment } of steps)
    t.true(session.logs.find(({ path }) => path === moment.recording)!.events >= moment.event);
  t.is((await get(address, "diff.json")).status, 404);
  ui.child.kill("SIGINT");
  t.is(await ui.ended(), 0);
  t.deepEqual([ui.err(), readdirSync(ui.folder)], ["", []]);
});

test("trouble is one line, and nothing is left", async (t) => {
  for (const [traces, pattern] of [
    [["/nonexistent"], /^kreel: \/nonexistent: no such file/],
    [[fileOf("nothing of ours")], /not a recording that kreel knows/],
    [[BEFORE, "/nonexistent"], /^kreel: \/nonexistent: no such file/],
    [["-", "-"], /only one of the two can be standard input/],
  ] as const) {
    const ui = start(t, ...traces);
    ui.child.stdin!.end();
    t.is(await ui.ended(), 2);
    t.is(ui.out(), "");
    t.regex(ui.err(), pattern);
    t.is(ui.err().split("\n").length, 2, ui.err());
    t.deepEqual(readdirSync(ui.folder), []);
  }
});

test("a command line that is wrong says so", async (t) => {
  for (const [args, pattern] of [
    [[BEFORE, AFTER, BEFORE], /too many arguments/],
    [["--port", "0", BEFORE], /--port 0: a number from 1 to 65535/],
    [["--port", "65536", BEFORE], /--port 65536/],
    [["--port", "http", BEFORE], /--port http/],
    [["-", "-"], /only one of the two/],
    [[SCENARIO, "--fail", "7"], /--fail is for simulated kernels: give a scenario and --kernel/],
    [[SCENARIO, "--kernel", "linux-1.0"], /no kernel linux-1\.0/],
    [[SCENARIO, "--kernel", "linux-6.12", "--fail", "all"], /--fail all is many runs/],
    [[SCENARIO, "--kernel", "linux-6.12", "--fail", "9999"], /the run has \d+ faults/],
    [[SCENARIO, "--kernel", "linux-6.12", "--from", "ftrace"], /--from is for recordings/],
    [[SCENARIO, SCENARIO, "--kernel", "linux-6.12"], /one scenario/],
    [["--kernel", "linux-6.12"], /one scenario/],
    [[SCENARIO, "--kernel", "linux-6.12", "--kernel", "linux-6.18", "--kernel", "linux-7.2"], /one, or two/],
  ] as const) {
    const { code, out, err } = await kreel(["ui", ...args]);
    t.deepEqual([code, out], [2, ""], args.join(" "));
    t.regex(err, pattern);
    t.is(err.split("\n").length, 2, err);
  }
});

test("a port that is asked for is used, or said to be in use", async (t) => {
  const other = createServer().listen(0, "127.0.0.1");
  await once(other, "listening");
  const port = String((other.address() as AddressInfo).port);
  const refused = startWith(t, { port }, BEFORE);
  t.deepEqual(
    [await refused.ended(), refused.out(), refused.err(), readdirSync(refused.folder)],
    [2, "", `kreel: --port ${port}: is in use; without --port any that is free is taken\n`, []],
  );
  other.close();
  await once(other, "close");
  const ui = startWith(t, { port }, BEFORE);
  t.is(new URL(await ui.address()).port, port);
});

test("a recording is read as what it is said to be", async (t) => {
  const refused = startWith(t, { from: "trace-dat" }, BEFORE);
  t.deepEqual([await refused.ended(), refused.out()], [2, ""]);
  t.regex(refused.err(), /^kreel: [^\n]+\n$/);
});

test("on a terminal it says how to end it, and Ctrl-C does", async (t) => {
  if (!existsSync("/usr/bin/script")) return void t.pass();
  const folder = mkdtempSync(join(tmpdir(), "kreel-"));
  // Otherwise a shell around it receives the Ctrl-C, too, and ends first.
  const command = ["exec", process.execPath, UI, pageFolder(), "{}", BEFORE].join(" ");
  const ui = started(
    t,
    folder,
    spawn("/usr/bin/script", ["-qec", command, "/dev/null"], {
      env: { ...process.env, TERM: "xterm", TMPDIR: folder },
    }),
  );
  while (!ui.out().includes("ends it")) await once(ui.child.stdout!, "data");
  // A busy machine has the time to draw progress, and to erase it.
  const left = ui.out().replaceAll(PROGRESS, "");
  t.regex(left, /^http:\S+\r\nCtrl-C ends it\r\n$/);
  ui.child.stdin!.write("\u0003");
  t.is(await ui.ended(), 0);
  t.deepEqual(readdirSync(folder), []);
});
