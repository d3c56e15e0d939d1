/** The messages of an Arrow IPC stream: a schema, record batches, and the end. Metadata version V5. */
import { type Column, LITTLE_ENDIAN } from "./columns.js";
import { flatbuffer, i16, i32, i64, type Slot, string, structs, type Table, table, tables, u8 } from "./flatbuffer.js";

const V5 = 4;
/** Tags in the union of messages, and in the union of types. */
const SCHEMA = 1;
const RECORD_BATCH = 3;
const INT = 2;
const UTF8 = 5;
const ALIGNMENT = 8;

export function schemaMessage(
  columns: ReadonlyMap<string, Column>,
  metadata: Readonly<Record<string, string>>,
): Buffer {
  const fields = [...columns].map(([name, column]) => field(name, column));
  const pairs = Object.entries(metadata).map(([key, value]): Table => [string(key), string(value)]);
  return message(SCHEMA, table(i16(LITTLE_ENDIAN ? 0 : 1), tables(fields), tables(pairs)), 0);
}

/** Returns a record batch with its buffers. */
export function batchMessage(columns: ReadonlyMap<string, Column>, rows: number): Buffer {
  const nodes: number[] = [];
  const places: number[] = [];
  const parts: Uint8Array[] = [];
  let size = 0;
  for (const column of columns.values()) {
    const { nulls, buffers } = column.take();
    nodes.push(rows, nulls);
    for (const buffer of buffers) {
      const padding = -buffer.length & (ALIGNMENT - 1);
      places.push(size, buffer.length);
      parts.push(buffer, new Uint8Array(padding));
      size += buffer.length + padding;
    }
  }
  return Buffer.concat([
    message(RECORD_BATCH, table(i64(rows), structs(nodes, 2), structs(places, 2)), size),
    ...parts,
  ]);
}

export function endOfStream(): Buffer {
  return Buffer.of(0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0);
}

function field(name: string, { bits, signed }: Column): Table {
  const [type, definition]: [number, Slot] = bits === 0 ? [UTF8, table()] : [INT, table(i32(bits), u8(signed ? 1 : 0))];
  // Some readers refuse a field without a list of children.
  return [string(name), u8(1), u8(type), definition, undefined, tables([])];
}

function message(kind: number, header: Slot, bodyLength: number): Buffer {
  const metadata = flatbuffer([i16(V5), u8(kind), header, i64(bodyLength)]);
  const head = Buffer.alloc(8);
  head.writeUInt32LE(0xffffffff, 0);
  head.writeInt32LE(metadata.length, 4);
  return Buffer.concat([head, metadata]);
}
