/** Tests every stream with the package `apache-arrow` against the recording. */
import { type Table, tableFromIPC } from "apache-arrow";
import test from "ava";
import fc from "fast-check";
import { points } from "../../events/index.js";
import { arrowStream } from "../../src/export/arrow/index.js";
import { eventsOf } from "../../src/replay/events.js";
import { eventAt, type KernelEvent } from "../../src/log/event.js";
import { CONTEXTS } from "../../src/read/ndjson/format.js";
import { openRecording } from "../../src/read/recording.js";
import type { Recorded } from "../../src/read/report.js";
import { recordings } from "../read/helpers.js";
import { type MadeRecording, madeRecordings } from "./logs.js";

const RUNS = Number(process.env["KREEL_TEST_RUNS"] ?? 150);
const SAMPLE = 25;

type Cell = bigint | number | string | null;
type Row = Readonly<Record<string, Cell>>;

async function stream(recording: Recorded): Promise<Buffer> {
  const pieces: Uint8Array[] = [];
  for await (const piece of arrowStream(recording)) pieces.push(piece);
  return Buffer.concat(pieces);
}

/** Returns the rows in plain values, without the cells that are null. */
function rowsOf(table: Table): Row[] {
  const columns = table.schema.fields.map(({ name }) => [name, table.getChild(name)!] as const);
  return Array.from({ length: table.numRows }, (_, i) => {
    const row: Record<string, Cell> = {};
    for (const [name, column] of columns) {
      const value = column.get(i) as Cell;
      if (value !== null) row[name] = value;
    }
    return row;
  });
}

const TYPES = new Map(tableTypes());

/** Yields the type of each column, as documented: 64 bits if operations disagree, signed if any is. */
function* tableTypes(): Generator<[string, string]> {
  const all = new Map<string, Set<string>>();
  for (const point of points.points)
    for (const { name, type } of point?.args ?? []) all.set(name, (all.get(name) ?? new Set()).add(type));
  for (const [name, types] of all) {
    const signed = types.has("s32") || types.has("s64") ? "Int" : "Uint";
    if (types.has("string")) yield [name, "Utf8"];
    else if (types.size > 1) yield [name, `${signed}64`];
    else yield [name, `${signed}${types.has("u8") ? 8 : [...types].some((t) => t.endsWith("32")) ? 32 : 64}`];
  }
}

/** Returns an argument as its column has it: cut to its width, signed if the column is. */
function cell(name: string, value: bigint | number | string): Cell {
  if (typeof value === "string") return value;
  const [, sign, bits] = /^(Int|Uint)(\d+)$/.exec(TYPES.get(name)!)!;
  const n = sign === "Int" ? BigInt.asIntN(Number(bits), BigInt(value)) : BigInt.asUintN(Number(bits), BigInt(value));
  return bits === "64" ? n : Number(n);
}

function expected(event: KernelEvent, context: number, inside: string | undefined): Row {
  const { seq, time, cpu, task, line, place, operation, phase, args } = event;
  return {
    seq: BigInt(seq),
    time_ns: BigInt.asIntN(64, time),
    cpu,
    comm: task.comm,
    pid: BigInt(task.pid),
    ...(task.tgid === undefined ? {} : { tgid: BigInt(task.tgid) }),
    context: CONTEXTS[context]!,
    ...(line === 0 ? {} : { line: BigInt(line) }),
    ...(place === "" ? {} : { place }),
    operation,
    phase,
    ...(inside === undefined ? {} : { inside }),
    ...Object.fromEntries(
      Object.entries(args).flatMap(([name, value]) => (value === null ? [] : [[name, cell(name, value)] as const])),
    ),
  };
}

const ordered = (row: Row): [string, Cell][] => Object.entries(row).sort(([a], [b]) => (a < b ? -1 : 1));

for (const path of [
  ...recordings().filter((_, k) => k % SAMPLE === 0),
  "fixtures/recordings/trace-dat/linux-7.2-s04-bind-unbind.v7.dat.gz",
]) {
  test(`${path}: every event is a row, with what it happened inside of`, async (t) => {
    const table = tableFromIPC(await stream(await openRecording(path)));
    const rows = rowsOf(table);
    let k = 0;
    for await (const event of eventsOf(path)) {
      const row = rows[k++]!;
      const { inside, ...plain } = event;
      const context = CONTEXTS.indexOf(String(row["context"]));
      const wanted = ordered(expected(plain, context, inside[0]?.operation));
      const got = ordered(row);
      if (
        got.length !== wanted.length ||
        got.some(([name, value], n) => wanted[n]![0] !== name || wanted[n]![1] !== value)
      )
        t.deepEqual(got, wanted);
    }
    t.is(rows.length, k);
    t.true(k > 0);
    t.is(table.schema.metadata.get("kreel.recording"), path);
  });
}

test("the types of the columns are those that are promised", async (t) => {
  const [path] = recordings();
  const { schema } = tableFromIPC(await stream(await openRecording(path!)));
  const types = Object.fromEntries(schema.fields.map(({ name, type }) => [name, String(type)]));
  t.like(types, {
    seq: "Int64",
    time_ns: "Int64",
    cpu: "Uint16",
    comm: "Utf8",
    pid: "Int64",
    operation: "Utf8",
    phase: "Utf8",
    inside: "Utf8",
    inode: "Uint64",
    kvm: "Uint64",
    i_count: "Int32",
    size: "Uint64",
    fd: "Int32",
    ok: "Uint8",
    name: "Utf8",
    err: "Int64",
  });
  for (const [name, type] of TYPES) t.is(types[name], type, name);
  t.is(new Set(schema.fields.map((f) => f.name)).size, schema.fields.length);
});

test("any log at all reads back: names, values, faults, unknown events, no events", async (t) => {
  await fc.assert(
    fc.asyncProperty(madeRecordings, async (recording: MadeRecording) => {
      const rows = rowsOf(tableFromIPC(await stream(recording)));
      const events = recording.kept.flatMap((batch) =>
        Array.from(
          { length: batch.length },
          (_, i) => [eventAt(batch, i, points, recording.tables), batch.context[i]!] as const,
        ),
      );
      t.is(rows.length, events.length);
      for (const [k, [event, context]] of events.entries()) {
        const inside = rows[k]!["inside"] as string | undefined;
        t.deepEqual(ordered(rows[k]!), ordered(expected({ ...event, args: well(event.args) }, context, inside)));
      }
    }),
    { numRuns: RUNS },
  );
  t.pass();
});

/** Converts strings to those that UTF-8 can encode. */
function well(args: KernelEvent["args"]): KernelEvent["args"] {
  return Object.fromEntries(
    Object.entries(args).map(([name, value]) => [
      name,
      typeof value === "string" ? Buffer.from(value).toString() : value,
    ]),
  );
}
