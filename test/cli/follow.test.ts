/** `replay --follow` as its users run it: beside a process that writes. */
import { execFileSync, spawn, type ChildProcess } from "node:child_process";
import {
  appendFileSync,
  closeSync,
  constants,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { gunzipSync, gzipSync } from "node:zlib";
import test, { type ExecutionContext } from "ava";
import { kreel, MAIN, RECORDINGS, type Run } from "./run.js";

const BROKEN = gunzipSync(readFileSync(`${RECORDINGS}/broken/leak-module-on-error/s09-enfile.trace.gz`));
const HEALTHY = gunzipSync(readFileSync(`${RECORDINGS}/linux-6.12-patched/s09-enfile.trace.gz`));
const WAIT_MS = 30_000;
/** The line of the first finding. */
const FOUND = /:(\d+): error: module kvm_amd \[leaked-module-reference\] at event \d+/;

/** The end of the line of the first finding. */
const shown = await (async () => {
  const line = Number(
    /s09-enfile\.trace\.gz:(\d+): error/.exec(
      (await kreel(["replay", "--no-tree", `${RECORDINGS}/broken/leak-module-on-error/s09-enfile.trace.gz`])).out,
    )![1],
  );
  let end = 0;
  for (let k = 0; k < line; k++) end = BROKEN.indexOf("\n", end) + 1;
  return end;
})();

const folder = mkdtempSync(join(tmpdir(), "kreel-follow-"));
test.after.always(() => rmSync(folder, { recursive: true, force: true }));
let files = 0;
const newFile = (): string => join(folder, `${files++}.trace`);

class Following {
  out = "";
  err = "";
  readonly #child: ChildProcess;
  readonly ended: Promise<Run>;

  constructor(t: ExecutionContext, args: readonly string[]) {
    this.#child = spawn(process.execPath, [MAIN, "replay", "--follow", ...args], { stdio: ["pipe", "pipe", "pipe"] });
    this.#child.stdout!.on("data", (data: Buffer) => (this.out += data.toString()));
    this.#child.stderr!.on("data", (data: Buffer) => (this.err += data.toString()));
    this.ended = new Promise((resolve) =>
      this.#child.on("close", (code) => resolve({ code, out: this.out, err: this.err })),
    );
    t.teardown(() => this.#child.kill("SIGKILL"));
  }

  get pid(): number {
    return this.#child.pid!;
  }

  write(bytes: Buffer): void {
    this.#child.stdin!.write(bytes);
  }

  end(): void {
    this.#child.stdin!.end();
  }

  /** Waits until it reads this file: then signals end it as they should. */
  async opens(path: string): Promise<void> {
    const folder = `/proc/${this.pid}/fd`;
    for (
      const start = Date.now();
      !readdirSync(folder).some((fd) => linkOf(join(folder, fd)) === path);
      await sleep(10)
    )
      if (Date.now() - start > WAIT_MS) throw new Error("it never opened the file");
  }

  /** Waits until the output matches. */
  async says(what: RegExp): Promise<void> {
    for (const start = Date.now(); !what.test(this.out + this.err); await sleep(10))
      if (Date.now() - start > WAIT_MS) throw new Error(`it never said ${what}; it said ${this.out}${this.err}`);
  }

  stop(signal: NodeJS.Signals = "SIGINT"): Promise<Run> {
    this.#child.kill(signal);
    return this.ended;
  }
}

function linkOf(path: string): string {
  try {
    return readlinkSync(path);
  } catch {
    return "";
  }
}

/** Opens a FIFO for writing once it has a reader. */
async function writingEnd(path: string): Promise<number> {
  for (;;) {
    try {
      return openSync(path, constants.O_WRONLY | constants.O_NONBLOCK);
    } catch {
      await sleep(20);
    }
  }
}

/** The document without the name of the file. */
function documentOf(out: string): object {
  const { trace, ...rest } = JSON.parse(out) as { trace: object };
  return { ...rest, trace: { ...trace, path: "" } };
}

/** The end of what is printed: the ordinary summary and findings. */
const summaryOf = (out: string, path: string): string => out.slice(out.search(new RegExp(`^${path}: `, "m")));

test("a file that grows: a finding is said when its event is there, while the recording goes on; ^C ends it with the ordinary summary and status 1", async (t) => {
  const path = newFile();
  writeFileSync(path, BROKEN.subarray(0, 500));
  const following = new Following(t, [path]);
  await following.opens(path);
  appendFileSync(path, BROKEN.subarray(500, shown - 1));
  await sleep(500);
  t.is(following.out, "", "the last line has no end yet");
  appendFileSync(path, BROKEN.subarray(shown - 1, shown));
  await following.says(FOUND);
  t.notRegex(following.out, /operations/);
  appendFileSync(path, BROKEN.subarray(shown));
  const { code, out, err } = await following.stop();
  t.is(code, 1);
  t.is(err, "");
  t.is(summaryOf(out, path), (await kreel(["replay", "--no-tree", path])).out);
});

test("another process writes it in pieces cut anywhere: the document is that of the whole", async (t) => {
  const path = newFile();
  writeFileSync(path, "");
  const whole = newFile();
  writeFileSync(whole, BROKEN);
  const writer = `
    const fs = require("fs"), bytes = fs.readFileSync(process.argv[1]);
    let at = 0, seed = 7;
    (function write() {
      seed = (seed * 48271) % 2147483647;
      const size = seed % 3 === 0 ? 1 + (seed % 40) : 1 + (seed % 20000);
      fs.appendFileSync(process.argv[2], bytes.subarray(at, (at += size)));
      if (at < bytes.length) setTimeout(write, seed % 60);
    })();`;
  const following = new Following(t, ["--json", path]);
  await following.opens(path);
  await new Promise((resolve) => spawn(process.execPath, ["-e", writer, whole, path]).on("close", resolve));
  const { code, out } = await following.stop("SIGTERM");
  t.is(code, 1);
  t.deepEqual(documentOf(out), documentOf((await kreel(["replay", "--json", whole])).out));
});

test("standard input: what comes is read as it comes, and the end of the pipe is the end", async (t) => {
  const following = new Following(t, ["-"]);
  following.write(BROKEN.subarray(0, shown));
  await following.says(FOUND);
  following.write(BROKEN.subarray(shown));
  following.end();
  const { code, out } = await following.ended;
  t.is(code, 1);
  t.regex(out, /^-: ftrace, \d+ events/m);
});

test("a finding that was said, and may rest on what turns out to be lost, is taken back", async (t) => {
  const following = new Following(t, ["-"]);
  following.write(BROKEN.subarray(0, shown));
  await following.says(FOUND);
  following.write(Buffer.from("CPU:9 [LOST 5 EVENTS]\n"));
  await following.says(
    /^-:\d+: withdrawn: module kvm_amd \[leaked-module-reference\] at event \d+, [\d.]+, \S+: events were lost/m,
  );
  following.end();
  const { code, out } = await following.ended;
  t.is(code, 0);
  t.regex(out, /^no findings/m);
});

test("a healthy recording through a pipe: status 0 and nothing but the summary", async (t) => {
  const following = new Following(t, ["-"]);
  following.write(HEALTHY);
  following.end();
  const { code, out } = await following.ended;
  t.is(code, 0);
  t.true(out.startsWith("-: ftrace, "));
});

test("a FIFO waits for its writer, and ends with it; ^C ends the wait as well", async (t) => {
  const path = newFile();
  execFileSync("mkfifo", [path]);
  const following = new Following(t, [path]);
  await sleep(300);
  const writer = spawn("sh", ["-c", 'cat > "$0"', path]);
  writer.stdin.write(BROKEN.subarray(0, shown));
  await following.says(FOUND);
  writer.stdin.end(BROKEN.subarray(shown));
  t.is((await following.ended).code, 1);
  const waiting = new Following(t, [path]);
  const end = await writingEnd(path);
  const { code, err } = await waiting.stop();
  closeSync(end);
  t.is(code, 2);
  t.regex(err, /^kreel: \S+: the file is empty; .*\n$/);
});

test("a file that is truncated: it is said, reading goes on from the new start, and events count as lost", async (t) => {
  const path = newFile();
  writeFileSync(path, BROKEN);
  const following = new Following(t, [path]);
  await following.says(FOUND);
  truncateSync(path, 0);
  await following.says(/kreel: \S+: warning: truncated after line \d+ was read: .*\n/);
  appendFileSync(path, BROKEN);
  const { code, out, err } = await following.stop();
  t.is(code, 1);
  t.is(err.split("truncated").length, 2, "once");
  t.regex(err, /events lost by the recording/);
  const [line] = FOUND.exec(out)!.slice(1);
  t.is(
    out.split(`${path}:${line}: error: module kvm_amd`).length,
    5,
    "twice at once, twice at the end: lines are those of the file as it is now",
  );
});

test("a file that gives way to another of its name: the old one is read to its end, then the new one", async (t) => {
  const path = newFile();
  writeFileSync(path, BROKEN.subarray(0, shown));
  const following = new Following(t, [path]);
  await following.says(FOUND);
  appendFileSync(path, BROKEN.subarray(shown));
  renameSync(path, `${path}.1`);
  await following.says(/warning: it is gone; reading goes on when it is back/);
  writeFileSync(path, HEALTHY);
  await following.says(/warning: replaced after line/);
  const { code, err } = await following.stop();
  t.is(code, 1);
  t.true(err.includes(`replaced after line ${BROKEN.toString("latin1").split("\n").length - 1} was read`));
});

test("an object's life goes on as it happens", async (t) => {
  const following = new Following(t, ["--object", "kvm_amd", "-"]);
  following.write(BROKEN.subarray(0, shown));
  await following.says(/^module kvm_amd/m);
  following.end();
  t.regex((await following.ended).out, /refcnt/);
});

test("what cannot be followed says so in one line, with status 2", async (t) => {
  const gzip = newFile();
  writeFileSync(gzip, gzipSync(BROKEN));
  const dat = newFile();
  writeFileSync(dat, gunzipSync(readFileSync(`${RECORDINGS}/trace-dat/linux-7.2-s09-enfile.v7.dat.gz`)));
  for (const [args, what] of [
    [[gzip], /gzip cannot be followed/],
    [[dat], /a trace\.dat cannot be followed/],
    [["--from", "trace-dat", dat], /a trace\.dat cannot be followed/],
    [[folder], /a directory cannot be followed/],
    [[join(folder, "nothing")], /no such file/],
    [["/proc/self/status"], /does not grow/],
    [["--at", "7", gzip], /--at is a moment of a recording that is over/],
  ] as const) {
    const { code, out, err } = await new Following(t, args).ended;
    t.is(code, 2, args.join(" "));
    t.is(out, "");
    t.regex(err, what);
    t.is(err.trimEnd().split("\n").length, 1);
  }
});

test("while nothing comes, next to nothing is done", async (t) => {
  const path = newFile();
  writeFileSync(path, BROKEN);
  const following = new Following(t, [path]);
  await following.says(FOUND);
  await sleep(2000);
  const ticks = (): number => {
    const stat = readFileSync(`/proc/${following.pid}/stat`, "latin1").split(" ");
    return Number(stat[13]) + Number(stat[14]);
  };
  const before = ticks();
  await sleep(3000);
  // A loop that never waits uses all of the three seconds, or as much as a busy machine leaves it.
  t.true(ticks() - before <= 60, `${ticks() - before} hundredths of a second in three seconds`);
});
