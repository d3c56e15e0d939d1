/** Tests that a log is read by the names that it was written with, however the catalogue has changed since. */
import { join } from "node:path";
import test from "ava";
import type { OperationDefinition } from "../../../events/definition.js";
import { catalogue, points } from "../../../events/index.js";
import { PointTable } from "../../../events/points.js";
import type { Batch } from "../../../src/log/batch.js";
import { eventAt, type KernelEvent } from "../../../src/log/event.js";
import { LogFile } from "../../../src/log/file/log-file.js";
import { LogWriter } from "../../../src/log/file/writer.js";
import { createTables, type Tables } from "../../../src/log/tables.js";
import { FtraceReader } from "../../../src/read/ftrace/index.js";
import { ReadReport } from "../../../src/read/report.js";
import { replay } from "../../../src/replay/replay.js";
import { textOf } from "../../support/recordings.js";
import { folderOf, ORIGIN, readBack } from "./helpers.js";
import { same } from "../../support/same.js";

const RECORDING = "fixtures/recordings/linux-7.2/s04-bind-unbind.trace.gz";
/** Written when the format was first released. Never written again: any later version of the format must read it. */
const KEPT = "fixtures/logs/linux-7.2-s04-bind-unbind.v1.klog";

test("the log that was kept reads as the recording that it was made of", async (t) => {
  const [expected, got] = [await replay(RECORDING), await replay(KEPT)];
  t.deepEqual({ ...got.trace, path: "", format: "" }, { ...expected.trace, path: "", format: "" });
  for (const what of ["objects", "operations", "findings", "hazards"] as const)
    same(t, got[what], expected[what], what);
  const file = LogFile.open(KEPT);
  t.deepEqual(file.verify(), []);
  file.close();
});

function readWith(table: PointTable): { readonly batches: readonly Batch[]; readonly tables: Tables } {
  const tables = createTables();
  const reader = new FtraceReader(table, tables, new ReadReport("test"), 256);
  return { batches: [...reader.push(Buffer.from(textOf(RECORDING), "latin1")), ...reader.end()], tables };
}

const eventsOf = ({ batches, tables }: ReturnType<typeof readWith>, table = points): KernelEvent[] =>
  batches.flatMap((batch) => Array.from({ length: batch.length }, (_, i) => eventAt(batch, i, table, tables)));

/** Returns the catalogue as another kreel could have had it. */
function otherwise(change: (operation: OperationDefinition) => OperationDefinition): PointTable {
  return new PointTable(catalogue.map(change).reverse());
}

async function writtenWith(path: string, table: PointTable): Promise<KernelEvent[]> {
  const { batches, tables } = readWith(table);
  const writer = LogWriter.create(path, ORIGIN, table, tables, { sync: "close" });
  for (const batch of batches) await writer.append(batch);
  await writer.close();
  const back = readBack(path);
  if (back.damage.length > 0) throw new Error(back.damage.join());
  return eventsOf(back);
}

const today = eventsOf(readWith(points));

test("a catalogue in another order: the same events", async (t) => {
  t.deepEqual(
    await writtenWith(
      join(folderOf(t), "a.klog"),
      otherwise((operation) => operation),
    ),
    today,
  );
});

test("an operation that the catalogue no longer has is an event of no catalogue, with its arguments as text", async (t) => {
  const table = new PointTable([
    ...catalogue,
    { ...catalogue.find(({ name }) => name === "iput")!, name: "no_longer_known" },
  ]);
  const { batches, tables } = readWith(points);
  const id = table.byEvent("no_longer_known")!.id;
  const iput = points.byEvent("iput")!.id;
  const path = join(folderOf(t), "a.klog");
  const writer = LogWriter.create(path, ORIGIN, table, tables, { sync: "close" });
  for (const batch of batches)
    await writer.append({ ...batch, point: batch.point.map((point) => (point === iput ? id : point)) });
  await writer.close();
  const events = eventsOf(readBack(path));
  t.is(events.length, today.length);
  let seen = 0;
  events.forEach((event, i) => {
    const before = today[i]!;
    if (before.operation !== "iput") return t.deepEqual(event, before);
    seen++;
    t.deepEqual([event.operation, event.phase], ["no_longer_known", "unknown"]);
    for (const [name, value] of Object.entries(before.args))
      t.regex(
        String(event.args["text"]),
        new RegExp(`\\b${name}=${typeof value === "bigint" && value > 0xffffffffn ? `0x${value.toString(16)}` : ""}`),
      );
  });
  t.true(seen > 0);
});

test("arguments that the log does not have could not be read; those that the catalogue no longer has are left out", async (t) => {
  const table = otherwise((operation) =>
    operation.args.length < 2
      ? operation
      : {
          ...operation,
          args: [...operation.args.slice(1).reverse(), { ...operation.args[1]!, name: "no_longer_there" }],
        },
  );
  const events = await writtenWith(join(folderOf(t), "a.klog"), table);
  let fewer = 0;
  events.forEach((event, i) => {
    const before = today[i]!;
    const [first, ...others] = Object.keys(before.args);
    const isChanged = before.phase === "entry" && others.length > 0;
    if (isChanged) fewer++;
    t.deepEqual(
      event,
      isChanged
        ? { ...before, args: Object.assign(Object.create(null) as object, before.args, { [first!]: null }) }
        : before,
    );
  });
  t.true(fewer > 50);
});

test("an argument that became wider keeps its value and its sign", async (t) => {
  const narrow = otherwise((operation) => ({
    ...operation,
    args: operation.args.map((arg) =>
      arg.type === "u64" || arg.type === "s64" ? { ...arg, type: arg.type === "u64" ? "u32" : "s32" } : arg,
    ),
    ...(operation.result?.type === "s64" ? { result: { ...operation.result, type: "s32" as const } } : {}),
  }));
  const fits = (value: unknown): boolean => typeof value !== "bigint" || (value >= -(1n << 31n) && value < 1n << 31n);
  const events = await writtenWith(join(folderOf(t), "a.klog"), narrow);
  events.forEach((event, i) => {
    const { args } = today[i]!;
    for (const [name, value] of Object.entries(event.args))
      if (fits(args[name])) t.deepEqual(value, args[name], `${event.operation} ${name}`);
  });
});
