/** Tests the lock of a log: a holder that has ended loses it; one that is alive, or may be, keeps it. */
import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, linkSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync } from "node:fs";
import { symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import test from "ava";
import fc from "fast-check";
import { LockedError, WriteLock } from "../../../src/log/file/lock.js";
import { type Holder, parseHolder, standingOf, thisProcess } from "../../../src/log/file/lock-holder.js";
import { folderOf } from "./helpers.js";

const statOf = (pid: number): string => readFileSync(`/proc/${pid}/stat`, "latin1");
const startOf = (pid: number): string => statOf(pid).split(") ")[1]!.split(" ")[19]!;
const text = (fields: Partial<Holder>): string => `${JSON.stringify({ ...thisProcess(), ...fields })}\n`;
const elsewhere = fc.constantFrom<Partial<Holder>>(
  { host: "another" },
  { host: "" },
  { boot: "00000000-0000-0000-0000-000000000000" },
  { boot: "" },
  { pidNamespace: "pid:[1]" },
  { pidNamespace: "" },
);

test("the lock of a process that is gone is taken over, and of one whose number is another's now", async (t) => {
  const folder = folderOf(t);
  const log = join(folder, "a.klog");
  const child = spawn("true");
  await once(child, "close");
  for (const holder of [
    { pid: child.pid!, start: "1" },
    { pid: process.ppid, start: "1" },
  ]) {
    writeFileSync(`${log}.lock`, text(holder));
    const lock = WriteLock.take(log);
    t.is(parseHolder(readFileSync(`${log}.lock`, "utf8"))?.pid, process.pid);
    lock.release();
    t.deepEqual(readdirSync(folder), []);
  }
});

test("a process that nobody has waited for is gone: it writes no more", async (t) => {
  const log = join(folderOf(t), "a.klog");
  // The shell becomes a program that waits for none of its children before its child may end.
  const parent = spawn("sh", ["-c", "exec 3<&0; head -c1 <&3 & echo $!; exec sleep 60"]);
  t.teardown(() => parent.kill("SIGKILL"));
  const [said] = (await once(parent.stdout, "data")) as [Buffer];
  const pid = Number(said.toString());
  while (!statOf(parent.pid!).includes("(sleep)")) await sleep(10);
  parent.stdin.end("x");
  while (!/\) Z /.test(statOf(pid))) await sleep(10);
  writeFileSync(`${log}.lock`, text({ pid, start: startOf(pid) }));
  WriteLock.take(log).release();
  t.pass();
});

test("the lock of a process that lives holds, by whatever link the log is called", (t) => {
  const folder = folderOf(t);
  const log = join(folder, "a.klog");
  writeFileSync(log, "");
  symlinkSync(log, join(folder, "link"));
  const pid = process.ppid;
  const starts = [{ start: startOf(pid) }, { start: "" }, { start: "1", timeNamespace: "time:[1]" }];
  for (const start of starts) {
    const lock = text({ pid, ...start });
    writeFileSync(`${log}.lock`, lock);
    const who = `process ${pid} is writing to it`;
    for (const name of [log, join(folder, "link")]) {
      const message = `${who}; a log has one writer at a time`;
      t.throws(() => WriteLock.take(name), { instanceOf: LockedError, message });
      t.is(WriteLock.holderOf(name), who);
    }
    t.is(readFileSync(`${log}.lock`, "utf8"), lock);
  }
});

test("of a process that is not of this place nobody can tell: its lock holds, and the way out is said", (t) => {
  const log = join(folderOf(t), "a.klog");
  const pids = fc.constantFrom(process.pid, process.ppid, 1, 2 ** 31 - 1);
  fc.assert(
    fc.property(elsewhere, pids, fc.constantFrom("", "1", thisProcess().start), (place, pid, start) => {
      const lock = text({ pid, start, ...place });
      writeFileSync(`${log}.lock`, lock);
      t.is(standingOf(parseHolder(lock)!), "unknown");
      const { message } = t.throws(() => WriteLock.take(log), { instanceOf: LockedError })!;
      const who = `process ${pid} (on|of another) .* may be writing to it, .*`;
      t.regex(message, new RegExp(`^${who}: if that one is gone for certain, remove ${log}\\.lock$`));
      t.is(readFileSync(`${log}.lock`, "utf8"), lock);
    }),
  );
});

test("a lock that does not say whose it is holds, whatever it is", (t) => {
  const log = join(folderOf(t), "a.klog");
  const refused = (): void => {
    const message = /a lock that does not say who .* remove .*\.lock$/;
    t.throws(() => WriteLock.take(log), { instanceOf: LockedError, message });
    t.regex(WriteLock.holderOf(log)!, /does not say who/);
  };
  const noProcess = [0, -1, 1.5, 2 ** 31].map((pid) => text({ pid }));
  const long = [text({ host: "x".repeat(300) }), "x".repeat(1 << 20)];
  for (const rubbish of ["", "rubbish", "{", "null", "[]", `${process.pid} 1\n`, ...noProcess, ...long]) {
    writeFileSync(`${log}.lock`, rubbish);
    refused();
    t.is(readFileSync(`${log}.lock`, "utf8"), rubbish);
  }
  rmSync(`${log}.lock`);
  mkdirSync(`${log}.lock`);
  refused();
  rmSync(`${log}.lock`, { recursive: true });
  execFileSync("mkfifo", [`${log}.lock`]);
  refused();
});

test("any text is a holder with all of its fields, or none", (t) => {
  const fields = { pid: fc.oneof(fc.anything(), fc.integer()), start: fc.anything(), boot: fc.string() };
  const plain = (_: string, value: unknown): unknown => (typeof value === "bigint" ? 1 : value);
  const near = fc.record(fields).map((some) => JSON.stringify({ ...thisProcess(), ...some }, plain));
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.json(), near), (lock) => {
      const holder = parseHolder(lock);
      t.true(holder === undefined || (Number.isInteger(holder.pid) && holder.pid > 0));
    }),
  );
  t.deepEqual(parseHolder(text({})), thisProcess());
});

test("who lost the lock sees it, and releases nobody else's", (t) => {
  const folder = folderOf(t);
  const log = join(folder, "a.klog");
  const lost = WriteLock.take(log);
  t.true(lost.isInPlace);
  rmSync(`${log}.lock`);
  t.true(lost.isRemoved);
  const other = WriteLock.take(log);
  t.false(lost.isInPlace);
  lost.release();
  t.true(other.isInPlace);
  renameSync(`${log}.lock`, `${log}.elsewhere`);
  t.false(other.isInPlace);
  t.false(other.isRemoved);
  linkSync(`${log}.elsewhere`, `${log}.lock`);
  other.release();
  t.false(existsSync(`${log}.lock`));
});
