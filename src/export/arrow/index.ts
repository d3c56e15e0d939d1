/**
 * Events as an Apache Arrow IPC stream: a row an event, a column for each property that all events have and for each
 * argument of the catalogue, for pandas (`pyarrow.ipc.open_stream`), Polars (`read_ipc_stream`) and DuckDB.
 *
 * Written by hand, without the package `apache-arrow`: the format is needed for integers and text in two messages only,
 * and the package is thirteen megabytes, as much as all the rest of kreel, for users who only replay as well. The tests
 * read every stream with that package.
 *
 * Columns, all of which can be null: `seq`, `time_ns` (int64; of a counter, its ticks), `cpu`, `comm`, `pid`, `tgid`,
 * `context`, `line`, `place`, `operation`, `phase`, `inside` (the outermost operation around it), and the arguments and
 * results by name: addresses and 64-bit values uint64, or int64 if any operation has it signed, smaller ones as they
 * are, text UTF-8. The column `text` also has the printed text of events that are not in the catalogue.
 *
 * A stream: only a batch of events and the calls in progress are held.
 */
import type { ArgumentType } from "../../../events/definition.js";
import { points } from "../../../events/index.js";
import type { Point } from "../../../events/points.js";
import { type Batch, UNKNOWN_POINT } from "../../log/batch.js";
import type { AddressTable, Tables } from "../../log/tables.js";
import { exactTime } from "../../log/time.js";
import { CONTEXTS } from "../../read/ndjson/format.js";
import type { Recorded } from "../../read/report.js";
import type { Stack } from "../../reduce/calls.js";
import { Reducer } from "../../reduce/reducer.js";
import { MutableStore } from "../../reduce/store.js";
import { type Column, IntegerColumn, TextColumn } from "./columns.js";
import { batchMessage, endOfStream, schemaMessage } from "./message.js";

/** Yields the stream in pieces. Reads the recording to its end; the caller that opened it closes it. */
export async function* arrowStream(recording: Recorded): AsyncGenerator<Uint8Array> {
  const { tables, origin, report } = recording;
  const rows = new Rows(tables);
  const reducer = new Reducer(new MutableStore(), points, tables);
  let first = 1;
  const note = (seq: number, stack: Stack, own: number): void => {
    const outermost = stack.depth > 0 ? stack.at(stack.depth - 1) : undefined;
    if (outermost && outermost.seq !== own) rows.inside.set(seq - first, outermost.operation.name);
  };
  reducer.world.observer = {
    entered: (e, stack, frame) => note(e.seq, stack, frame?.seq ?? 0),
    returned: (e, stack) => note(e.seq, stack, 0),
  };
  let begun = false;
  // Written with the first batch, because the clock is known from the first events on.
  const schema = (): Uint8Array =>
    schemaMessage(rows.columns, {
      "kreel.version": "1",
      "kreel.recording": origin.path,
      "kreel.format": origin.format,
      "kreel.clock": report.clock?.kind ?? "seconds",
    });
  for await (const batch of recording.batches()) {
    if (!begun) yield schema();
    begun = true;
    first = batch.firstSeq;
    rows.begin(batch.length);
    reducer.reduce(batch);
    if (batch.length === 0) continue;
    rows.fill(batch);
    yield batchMessage(rows.columns, batch.length);
  }
  if (!begun) yield schema();
  yield endOfStream();
}

class Rows {
  readonly #seq = new IntegerColumn(64, true);
  readonly #time = new IntegerColumn(64, true);
  readonly #cpu = new IntegerColumn(16, false);
  readonly #comm = new TextColumn();
  readonly #pid = new IntegerColumn(64, true);
  readonly #tgid = new IntegerColumn(64, true);
  readonly #context = new TextColumn();
  readonly #line = new IntegerColumn(64, true);
  readonly #place = new TextColumn();
  readonly #operation = new TextColumn();
  readonly #phase = new TextColumn();
  readonly inside = new TextColumn();
  readonly #arguments = argumentColumns();
  /** By point: the column of each argument. */
  readonly #ofPoint: (readonly (IntegerColumn | TextColumn)[])[] = points.points.map((point: Point | undefined) =>
    (point?.args ?? []).map(({ name }) => this.#arguments.get(name)!),
  );
  /** In the order of the schema. */
  readonly columns: ReadonlyMap<string, Column> = new Map<string, Column>([
    ["seq", this.#seq],
    ["time_ns", this.#time],
    ["cpu", this.#cpu],
    ["comm", this.#comm],
    ["pid", this.#pid],
    ["tgid", this.#tgid],
    ["context", this.#context],
    ["line", this.#line],
    ["place", this.#place],
    ["operation", this.#operation],
    ["phase", this.#phase],
    ["inside", this.inside],
    ...this.#arguments,
  ]);

  constructor(private readonly tables: Tables) {}

  begin(rows: number): void {
    for (const column of this.columns.values()) column.reset(rows);
  }

  fill(batch: Batch): void {
    for (let i = 0; i < batch.length; i++) this.#row(batch, i);
  }

  #row(batch: Batch, i: number): void {
    const { comm, pid, tgid } = this.tables.tasks.get(batch.task[i]!);
    this.#seq.setNumber(i, batch.firstSeq + i);
    const time = exactTime(batch.timeHigh[i]!, batch.timeLow[i]!);
    this.#time.set(i, Number(time & 0xffffffffn), Number((time >> 32n) & 0xffffffffn));
    this.#cpu.setNumber(i, batch.cpu[i]!);
    this.#comm.set(i, comm);
    this.#pid.setNumber(i, pid);
    if (tgid !== undefined) this.#tgid.setNumber(i, tgid);
    this.#context.set(i, CONTEXTS[batch.context[i]! & 15]!);
    if (batch.line[i]! > 0) this.#line.setNumber(i, batch.line[i]!);
    if (batch.place[i]! !== 0) this.#place.set(i, this.tables.places.text(batch.place[i]!));
    const id = batch.point[i]!;
    const point = points.points[id];
    if (id === UNKNOWN_POINT || !point) {
      const unknown = batch.unknown.get(i);
      this.#operation.set(i, unknown?.name ?? "");
      this.#phase.set(i, "unknown");
      (this.#arguments.get("text") as TextColumn).set(i, unknown?.text ?? "");
      return;
    }
    this.#operation.set(i, point.operation.name);
    this.#phase.set(i, point.phase);
    this.#args(batch, i, point);
  }

  #args(batch: Batch, i: number, { id, args }: Point): void {
    const { addresses } = this.tables;
    const columns = this.#ofPoint[id]!;
    const base = batch.argStart[i]!;
    for (let k = 0; k < args.length; k++) {
      if ((batch.fault[i]! & (1 << k)) !== 0) continue;
      const column = columns[k]!;
      const low = batch.low[base + k]!;
      if (column instanceof TextColumn) column.set(i, batch.strings[low]!);
      else column.set(i, ...wordsOf(args[k]!.type, low, batch.high[base + k]!, addresses));
    }
  }
}

/** Returns a value in the width of its type: of a 32-bit value, the upper word is meaningless. */
function wordsOf(
  type: ArgumentType,
  low: number,
  high: number,
  addresses: AddressTable,
): readonly [low: number, high: number] {
  switch (type) {
    case "ptr":
      return [addresses.low(low), addresses.high(low)];
    case "u64":
    case "x64":
    case "s64":
      return [low, high];
    case "s32":
      return [low, low >> 31];
    default:
      return [low, 0];
  }
}

/** Returns a column for each name of an argument or a result, of the widest type under that name. */
function argumentColumns(): Map<string, IntegerColumn | TextColumn> {
  const types = new Map<string, ArgumentType[]>();
  for (const point of points.points)
    for (const { name, type } of point?.args ?? []) types.set(name, [...(types.get(name) ?? []), type]);
  return new Map([...types].map(([name, all]) => [name, columnOf(name, all)]));
}

function columnOf(name: string, types: readonly ArgumentType[]): IntegerColumn | TextColumn {
  if (types.every((type) => type === "string")) return new TextColumn();
  if (types.includes("string"))
    throw new Error(`the argument ${name} is a string in one operation and a number in another`);
  const signed = types.some((type) => type === "s32" || type === "s64");
  const bits = types.map((type) => (type === "u8" ? 8 : type === "s32" || type === "u32" || type === "x32" ? 32 : 64));
  const mixed = new Set(types).size > 1;
  return new IntegerColumn(mixed ? 64 : bits[0]!, signed);
}
