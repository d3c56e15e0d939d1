/** Tests one writer, an append that is whole or absent, and a log that continues after its end. */
import { execFileSync } from "node:child_process";
import { appendFileSync, chmodSync, existsSync, mkdirSync, readdirSync, readFileSync } from "node:fs";
import { renameSync, rmSync, statSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import test from "ava";
import { points } from "../../../events/index.js";
import { LogError } from "../../../src/log/file/log-error.js";
import { LogFile } from "../../../src/log/file/log-file.js";
import { LogWriter } from "../../../src/log/file/writer.js";
import { createTables } from "../../../src/log/tables.js";
import { contents, folderOf, inBatches, ORIGIN, readBack, write } from "./helpers.js";
import { same } from "../../support/same.js";

const RECORDING = "fixtures/recordings/race/linux-7.2-close-rmmod.trace.gz";

test("a log is not written over", async (t) => {
  const path = join(folderOf(t), "a.klog");
  await write(path, inBatches(RECORDING));
  const bytes = readFileSync(path);
  t.throws(() => LogWriter.create(path, ORIGIN, points, createTables()), {
    instanceOf: LogError,
    message: /exists already/,
  });
  same(t, readFileSync(path), bytes);
  t.false(existsSync(`${path}.lock`));
});

test("a log has one writer at a time, and any number of readers meanwhile", async (t) => {
  const path = join(folderOf(t), "a.klog");
  const { kept, tables } = inBatches(RECORDING);
  const writer = LogWriter.create(path, ORIGIN, points, tables);
  for (const [n, batch] of kept.slice(0, 4).entries()) {
    await writer.append(batch);
    t.throws(() => LogWriter.open(path, points, tables), {
      instanceOf: LogError,
      message: new RegExp(`process ${process.pid} is writing`),
    });
    const back = readBack(path);
    same(t, contents(back), contents({ batches: kept.slice(0, n + 1), tables }));
    t.deepEqual([back.damage, back.tail], [[], undefined]);
  }
  await writer.close();
  t.false(existsSync(`${path}.lock`));
  LogWriter.open(path, points, tables).writer.abandon();
});

test("who opens a log goes on where it ended, and what a writer left half done is cut off and told", async (t) => {
  const path = join(folderOf(t), "a.klog");
  const { kept, tables } = inBatches(RECORDING);
  await write(path, { kept: kept.slice(0, 3), tables });
  const first = LogWriter.open(path, points, tables);
  t.is(first.healed, undefined);
  await first.writer.append(kept[3]!);
  first.writer.abandon();
  const whole = statSync(path).size;
  const second = LogWriter.open(path, points, tables);
  await second.writer.append(kept[4]!);
  second.writer.abandon();
  truncateSync(path, statSync(path).size - 1);
  t.regex(readBack(path).tail!, /not finished; up to event 1024 all is there/);
  const third = LogWriter.open(path, points, tables);
  t.regex(third.healed!, new RegExp(`from byte ${whole} on`));
  t.is(statSync(path).size, whole);
  for (const batch of kept.slice(4)) await third.writer.append(batch);
  await third.writer.close();
  const back = readBack(path);
  same(t, contents(back), contents({ batches: kept, tables }));
  t.deepEqual([back.damage, back.tail], [[], undefined]);
  const file = LogFile.open(path);
  t.deepEqual(file.verify(), []);
  file.close();
});

test("a batch that does not follow is refused, and the log is as it was", async (t) => {
  const path = join(folderOf(t), "a.klog");
  const { kept, tables } = inBatches(RECORDING);
  const writer = LogWriter.create(path, ORIGIN, points, tables);
  await writer.append(kept[0]!);
  const size = statSync(path).size;
  await t.throwsAsync(writer.append(kept[2]!), { instanceOf: RangeError, message: /next event is 257/ });
  t.is(statSync(path).size, size);
  await writer.append(kept[1]!);
  await writer.close();
  t.is(readBack(path).batches.length, 2);
});

test("appends that come together are all on disk when they return", async (t) => {
  const path = join(folderOf(t), "a.klog");
  const { kept, tables } = inBatches(RECORDING);
  const writer = LogWriter.create(path, ORIGIN, points, tables, { sync: "append" });
  await Promise.all(kept.map((batch) => writer.append(batch)));
  await writer.close();
  same(t, contents(readBack(path)), contents({ batches: kept, tables }));
});

test("a full disk is a clear error, and the log is as it was", (t) => {
  const path = join(folderOf(t), "a.klog");
  // The shell's file size limit: a write beyond it is short, and the next one fails.
  const script = `
    const { appendUntilFull } = await import(${JSON.stringify(new URL("./fill.js", import.meta.url).href)});
    await appendUntilFull(process.argv[1], ${JSON.stringify(RECORDING)});`;
  const out = execFileSync(
    "sh",
    ["-c", 'ulimit -f 16; exec "$0" --input-type=module -e "$1" "$2"', process.execPath, script, path],
    { encoding: "utf8" },
  );
  const { acknowledged, error } = JSON.parse(out) as { acknowledged: number; error: string };
  t.regex(error, /larger than a file may be|disk is full/);
  t.true(acknowledged > 0);
  const back = readBack(path);
  t.is(
    back.batches.reduce((sum, { length }) => sum + length, 0),
    acknowledged,
  );
  t.deepEqual([back.damage, back.tail], [[], undefined]);
});

test("a file that is removed while it is written is said so", async (t) => {
  const path = join(folderOf(t), "a.klog");
  const { kept, tables } = inBatches(RECORDING);
  const writer = LogWriter.create(path, ORIGIN, points, tables);
  await writer.append(kept[0]!);
  rmSync(path);
  await t.throwsAsync(writer.append(kept[1]!), { instanceOf: LogError, message: /removed while it was written/ });
  await t.throwsAsync(writer.close(), { instanceOf: LogError, message: /removed/ });
  t.false(existsSync(`${path}.lock`));
});

test("a file that is not as long as it was left is another writer's: it is neither written nor cut off", async (t) => {
  const { kept, tables } = inBatches(RECORDING);
  const changes: readonly (readonly [isKept: boolean, change: (path: string) => void])[] = [
    [true, (path) => appendFileSync(path, "x")],
    [false, (path) => truncateSync(path, statSync(path).size - 1)],
    [false, (path) => truncateSync(path, 0)],
  ];
  for (const [isKept, change] of changes) {
    const path = join(folderOf(t), "a.klog");
    const writer = LogWriter.create(path, ORIGIN, points, tables);
    await writer.append(kept[0]!);
    const refused = async (): Promise<void> => {
      const before = readFileSync(path);
      const message = /somebody else changed it while it was written \(it has \d+ bytes, and was left with \d+\)/;
      await t.throwsAsync(writer.append(kept[1]!), { instanceOf: LogError, message });
      t.throws(() => writer.appendReport({}), { instanceOf: LogError, message: /somebody else changed it/ });
      same(t, readFileSync(path), before);
    };
    change(path);
    await refused();
    // Nor if it is as long again: its bytes are unknown.
    truncateSync(path, writer.length);
    await refused();
    const before = readFileSync(path);
    t.deepEqual(await writer.endEarly([{}]), { path, isKept, isReported: false });
    same(t, readFileSync(path), before);
    t.deepEqual(readdirSync(join(path, "..")), ["a.klog"]);
  }
});

test("a file that was moved away is written no more, until it is back", async (t) => {
  const path = join(folderOf(t), "a.klog");
  const { kept, tables } = inBatches(RECORDING);
  const writer = LogWriter.create(path, ORIGIN, points, tables);
  await writer.append(kept[0]!);
  renameSync(path, `${path}.moved`);
  await t.throwsAsync(writer.append(kept[1]!), { instanceOf: LogError, message: /moved away while it was written/ });
  writeFileSync(path, readFileSync(`${path}.moved`));
  const message = /another file took its name while it was written, and it has another one now/;
  await t.throwsAsync(writer.append(kept[1]!), { instanceOf: LogError, message });
  renameSync(`${path}.moved`, path);
  for (const batch of kept.slice(1, 3)) await writer.append(batch);
  await writer.close();
  same(t, contents(readBack(path)), contents({ batches: kept.slice(0, 3), tables }));
});

test("a log without events is removed, and what took its name is not", (t) => {
  const folder = folderOf(t);
  const path = join(folder, "a.klog");
  LogWriter.create(path, ORIGIN, points, createTables()).discard();
  t.deepEqual(readdirSync(folder), []);
  const writer = LogWriter.create(path, ORIGIN, points, createTables());
  writeFileSync(join(folder, "other"), "precious");
  renameSync(join(folder, "other"), path);
  writer.discard();
  t.deepEqual(readdirSync(folder), ["a.klog"]);
  t.is(readFileSync(path, "utf8"), "precious");
});

test("what cannot be written is said in one line: a folder, no folder, a file that is read-only", async (t) => {
  const folder = folderOf(t);
  const tables = createTables();
  t.throws(() => LogWriter.create(join(folder, "no", "a.klog"), ORIGIN, points, tables), {
    instanceOf: LogError,
    message: /no such file or folder/,
  });
  mkdirSync(join(folder, "dir"));
  t.throws(() => LogWriter.create(join(folder, "dir"), ORIGIN, points, tables), { instanceOf: LogError });
  t.throws(() => LogWriter.open(join(folder, "dir"), points, tables), { instanceOf: LogError, message: /is a folder/ });
  t.throws(() => LogWriter.open(join(folder, "none"), points, tables), {
    instanceOf: LogError,
    message: /no such file/,
  });
  if (process.getuid?.() !== 0) {
    const path = join(folder, "a.klog");
    await write(path, inBatches(RECORDING));
    chmodSync(path, 0o444);
    t.throws(() => LogWriter.open(path, points, tables), { instanceOf: LogError, message: /may not be written/ });
  }
});

test("a log of a later format is not read as one of today's", async (t) => {
  const path = join(folderOf(t), "a.klog");
  await write(path, inBatches(RECORDING));
  const bytes = readFileSync(path);
  bytes.writeUInt16LE(2, 8);
  writeFileSync(path, bytes);
  t.throws(() => LogFile.open(path), { instanceOf: LogError, message: /format 2, and this kreel reads 1/ });
});
