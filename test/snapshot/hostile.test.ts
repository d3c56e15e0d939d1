/**
 * Bytes that no kreel wrote result in a `SnapshotError`, soon and in little memory, or in a state from which a replay
 * goes on as from any.
 */
import test from "ava";
import fc from "fast-check";
import { REDUCER_VERSION } from "../../src/reduce/version.js";
import { Replaying } from "../../src/replay/replaying.js";
import { createTables } from "../../src/log/tables.js";
import { stateOf } from "../../src/show/state.js";
import { restoreReplay, SnapshotError, takeSnapshot } from "../../src/snapshot/index.js";
import { batchesOf } from "../support/recordings.js";

const PATH = "fixtures/recordings/broken/leak-module-on-error/s09-enfile.trace.gz";

async function snapshotAt(event: number): Promise<Uint8Array> {
  const read = await batchesOf(PATH);
  const replaying = new Replaying(read);
  for (const batch of read.batches)
    replaying.reduce(batch, Math.max(0, Math.min(batch.length, event + 1 - batch.firstSeq)));
  return takeSnapshot(replaying);
}

/** The replay to the end of the recording, or the `SnapshotError` that prevents it. Any other error is thrown. */
async function outcome(bytes: Uint8Array): Promise<string> {
  const read = await batchesOf(PATH);
  try {
    const replaying = restoreReplay(bytes, read);
    for (const batch of read.batches) replaying.reduce(batch);
    replaying.finish();
    stateOf(replaying.world, true);
    takeSnapshot(replaying);
    return "";
  } catch (error) {
    if (error instanceof SnapshotError) return error.message;
    throw error;
  }
}

test("a snapshot that ends anywhere, or goes on", async (t) => {
  const bytes = await snapshotAt(1110);
  t.is(await outcome(bytes), "");
  for (let length = 0; length < bytes.length; length += 7)
    t.not(await outcome(bytes.subarray(0, length)), "", `${length} bytes`);
  t.not(await outcome(Buffer.concat([bytes, Buffer.alloc(1)])), "");
});

test("a snapshot of which bytes are others", async (t) => {
  const byte = fc.oneof(fc.constantFrom(0, 1, 0x7f, 0x80, 0xff), fc.nat(255));
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 1, max: 2200 }),
      fc.array(fc.tuple(fc.nat(), byte), { minLength: 1, maxLength: 4 }),
      async (event, changes) => {
        const bytes = Buffer.from(await snapshotAt(event));
        for (const [at, value] of changes) bytes[at % bytes.length] = value;
        await outcome(bytes);
      },
    ),
    { numRuns: 400 },
  );
  t.pass();
});

test("any bytes behind the beginning of a snapshot", async (t) => {
  const beginning = (await snapshotAt(1)).subarray(0, 5);
  await fc.assert(
    fc.asyncProperty(fc.uint8Array({ maxLength: 300 }), async (bytes) =>
      t.not(await outcome(Buffer.concat([beginning, bytes])), ""),
    ),
  );
});

test("a snapshot by other reducers is refused, and says whose it is", async (t) => {
  const bytes = Buffer.from(await snapshotAt(100));
  bytes.writeUInt16LE(REDUCER_VERSION + 1, 3);
  t.is(
    await outcome(bytes),
    `a snapshot by version ${REDUCER_VERSION + 1} of the reducers, and these are ${REDUCER_VERSION}`,
  );
  t.is(await outcome(Buffer.from("# tracer: nop\n")), "is no snapshot");
});

test("what is too large is not read", (t) => {
  t.throws(() => restoreReplay(Buffer.alloc(17 * 1024 * 1024), { tables: createTables() }), {
    instanceOf: SnapshotError,
    message: /more than \d+ bytes/,
  });
});

test("more in one list than fits on a stack of calls", async (t) => {
  const replaying = new Replaying({ tables: createTables() });
  const finding = {
    rule: "leaked-inode",
    severity: "error",
    object: "inode 0x1",
    event: 1,
    time: "0",
    task: "a-1",
    message: "",
    evidence: [],
    steps: [],
  } as const;
  for (let k = 0; k < 900_000; k++) replaying.checker.findings.push(finding);
  t.is(restoreReplay(takeSnapshot(replaying), { tables: createTables() }).checker.findings.length, 900_000);
});
