/** Reads the payload of a block of events; `layout.ts` defines it. Its bytes are not trusted. */
import { inflateRawSync } from "node:zlib";
import type { ArgumentType } from "../../../events/definition.js";
import type { Batch, Loss } from "../batch.js";
import { UNKNOWN_POINT } from "../batch.js";
import { MAX_COMM, type Tables } from "../tables.js";
import { signed64, unsigned64 } from "../view.js";
import { ByteReader, DamagedError, unzigzag } from "./bytes.js";
import {
  BYTE_POINTS,
  KNOWN_ADDRESS,
  MAX_ARGS,
  MAX_EVENTS,
  NEXT_ADDRESS,
  RECENT,
  SAME_NUMBER,
  STREAMS,
  type StreamName,
  WHOLE_NUMBER,
} from "./layout.js";
import { type BlockHeader, isTime, MAX_PAYLOAD } from "./format.js";
import { ADDRESS, NUMBER, type Upcast } from "./schema.js";

const NANOSECONDS = 1_000_000_000;
/** The most digits that readers accept for the number of a task, or of its group. */
const MAX_PID_DIGITS = 10;
const MAX_TGID = 10 ** MAX_PID_DIGITS - 1;
const MAX_POINT = 0xffff;
const DASH = 0x2d;
const ZERO = 0x30;
const NINE = 0x39;

/** The front of a block: which points its events have, without their contents. */
export interface EventsHead {
  /** By local number: the point of the schema. */
  readonly points: readonly number[];
  /** By local number: the number of its events. */
  readonly counts: readonly number[];
  /** Bytes of the compressed column of points. */
  readonly column: Uint8Array;
}

export function readHead(reader: ByteReader, events: number): EventsHead {
  const different = reader.below(Math.min(events, MAX_POINT));
  const points: number[] = [];
  const counts: number[] = [];
  let all = 0;
  for (let k = 0; k < different; k++) {
    points.push(reader.below(MAX_POINT));
    const count = reader.below(events - all);
    counts.push(count);
    all += count;
  }
  if (all !== events) throw new DamagedError(`the points of ${all} events, and the block has ${events}`);
  return { points, counts, column: reader.chunk() };
}

/** Returns the local number of each event's point. */
export function pointColumn({ points, column }: EventsHead, events: number): Uint8Array | Uint16Array {
  const wide = points.length > BYTE_POINTS;
  const bytes = inflated(column, events * (wide ? 2 : 1));
  if (!wide) return bytes;
  const aligned = new Uint8Array(bytes);
  return new Uint16Array(aligned.buffer, 0, events);
}

export function inflated(bytes: Uint8Array, length: number): Uint8Array {
  if (length === 0) return new Uint8Array(0);
  let content: Buffer;
  try {
    content = inflateRawSync(bytes, { maxOutputLength: length });
  } catch (error) {
    throw new DamagedError("does not decompress", { cause: error });
  }
  if (content.length !== length) throw new DamagedError(`decompresses to ${content.length} bytes of ${length}`);
  return content;
}

export class EventsDecoder {
  readonly #addresses: number[] = [];
  readonly #lastLow: Uint32Array;
  readonly #lastHigh: Uint32Array;

  constructor(
    /** By point of the block's schema. */
    private readonly upcasts: readonly (Upcast | undefined)[],
    private readonly tables: Tables,
  ) {
    this.#lastLow = new Uint32Array(upcasts.length * MAX_ARGS);
    this.#lastHigh = new Uint32Array(upcasts.length * MAX_ARGS);
  }

  /**
   * Decodes a block.
   * @throws {DamagedError} for bytes that no writer wrote
   */
  decode(header: BlockHeader, payload: Uint8Array): Batch {
    const { events: length } = header;
    if (length > MAX_EVENTS) throw new DamagedError(`${length} events in a block`);
    const reader = new ByteReader(payload);
    const head = readHead(reader, length);
    const local = pointColumn(head, length);
    const restLength = reader.below(MAX_PAYLOAD);
    const rest = new ByteReader(inflated(payload.subarray(reader.at), restLength));
    const streams = Object.fromEntries(STREAMS.map((name) => [name, rest.inner()])) as Record<StreamName, ByteReader>;
    const stored = head.points;
    if (stored.some((point) => point !== UNKNOWN_POINT && !this.upcasts[point]))
      throw new DamagedError("an event that the schema does not have");
    for (let i = 0; i < length; i++)
      if (local[i]! >= stored.length) throw new DamagedError("an event that the block does not name");

    const texts = readTexts(streams.texts);
    const unknown = readUnknown(streams.unknown, length, texts);
    const times = readTimes(streams.times, length);
    const placed = readPlaces(streams.places, local, stored.length, this.#readPlaceNames(streams.placeNames));
    const fault = readMasks(streams.faults, length);
    const { point, argStart, low, high } = this.#readArguments(local, stored, fault, streams, texts, unknown);
    return {
      firstSeq: header.firstSeq,
      length,
      point,
      task: readRuns(streams.tasks, new Uint32Array(length), this.#readTasks(streams.taskNames)),
      cpu: readRuns(streams.cpus, new Uint16Array(length)),
      context: readRuns(streams.contexts, new Uint8Array(length)),
      timeHigh: times.high,
      timeLow: times.low,
      line: readSteps(streams.lines, length),
      place: placed,
      argStart,
      low,
      high,
      fault,
      strings: texts,
      unknown,
      losses: readLosses(streams.losses, length),
      timeDigits: times.digits,
    };
  }

  #readTasks(reader: ByteReader): number[] {
    const tasks: number[] = [];
    while (!reader.isAtEnd) {
      const name = reader.chunk();
      if (!isTask(name)) throw new DamagedError("a task without a number");
      const tgid = reader.below(MAX_TGID + 1) - 1;
      tasks.push(this.tables.tasks.internBytes(name, 0, name.length, tgid < 0 ? undefined : tgid));
    }
    return tasks;
  }

  #readPlaceNames(reader: ByteReader): number[] {
    const places: number[] = [];
    while (!reader.isAtEnd) {
      const name = reader.chunk();
      places.push(this.tables.places.internBytes(name, 0, name.length));
    }
    return places;
  }

  #readAddresses(reader: ByteReader): readonly number[] {
    const addresses = this.#addresses;
    addresses.length = 0;
    let low = 0;
    let high = 0;
    while (!reader.isAtEnd) {
      low = (low + unzigzag(reader.u32())) >>> 0;
      high = (high + unzigzag(reader.u32())) >>> 0;
      addresses.push(this.tables.addresses.intern(low, high));
    }
    return addresses;
  }

  #readArguments(
    local: Uint8Array | Uint16Array,
    stored: readonly number[],
    fault: Uint16Array,
    streams: Record<StreamName, ByteReader>,
    texts: readonly string[],
    unknown: Map<number, { name: string; text: string }>,
  ): Pick<Batch, "point" | "argStart" | "low" | "high"> {
    const upcasts = stored.map((id) => this.upcasts[id]);
    const sizes = Uint8Array.from(upcasts, (upcast) => upcast?.point?.args.length ?? 0);
    const length = local.length;
    const point = new Uint16Array(length);
    const argStart = new Uint32Array(length);
    let all = 0;
    for (let i = 0; i < length; i++) {
      argStart[i] = all;
      all += sizes[local[i]!]!;
    }
    const values = new Values(
      streams,
      this.#readAddresses(streams.addressWords),
      texts.length,
      this.#lastLow.fill(0),
      this.#lastHigh.fill(0),
    );
    const low = new Uint32Array(all);
    const high = new Uint32Array(all);
    for (let i = 0; i < length; i++) {
      const upcast = upcasts[local[i]!];
      // Bits for arguments that an event does not have are ignored.
      fault[i]! &= upcast ? (1 << upcast.storage.length) - 1 : 0;
      if (!upcast) {
        if (!unknown.has(i)) throw new DamagedError("an event without a name");
        continue;
      }
      const { storage } = upcast;
      const slot = stored[local[i]!]! * MAX_ARGS;
      if (!upcast.same) {
        const text = this.#recast(upcast, slot, values, i, { fault, low, high, base: argStart[i]! }, texts);
        if (upcast.point) point[i] = upcast.point.id;
        else unknown.set(i, { name: upcast.stored.event, text });
        continue;
      }
      point[i] = upcast.point!.id;
      const base = argStart[i]!;
      const mask = fault[i]!;
      for (let k = 0; k < storage.length; k++) {
        if (mask !== 0 && (mask & (1 << k)) !== 0) continue;
        values.read(storage[k]!, slot + k);
        low[base + k] = values.low;
        high[base + k] = values.high;
      }
    }
    return { point, argStart, low, high };
  }

  /**
   * Converts an event that the catalogue defines otherwise now; one that it no longer has gets its arguments as text.
   */
  #recast(
    { stored, point, storage, target, widened, missing }: Upcast,
    slot: number,
    values: Values,
    i: number,
    to: { fault: Uint16Array; low: Uint32Array; high: Uint32Array; base: number },
    texts: readonly string[],
  ): string {
    const mask = to.fault[i]!;
    let now = missing;
    let text = "";
    for (let k = 0; k < storage.length; k++) {
      const faulted = (mask & (1 << k)) !== 0;
      if (!faulted) values.read(storage[k]!, slot + k);
      const at = target[k]!;
      if (at < 0) {
        if (!point)
          text += `${text === "" ? "" : " "}${stored.args[k]!.name}=${faulted ? "(fault)" : this.#valueText(stored.args[k]!.type, values, texts)}`;
      } else if (faulted) now |= 1 << at;
      else {
        to.low[to.base + at] = values.low;
        to.high[to.base + at] = (widened & (1 << k)) !== 0 ? values.low >> 31 : values.high;
      }
    }
    to.fault[i] = now;
    return text;
  }

  #valueText(type: ArgumentType, { low, high }: Values, texts: readonly string[]): string {
    if (type === "string") return `"${texts[low]!}"`;
    if (type === "ptr") return this.tables.addresses.hex(low);
    return type === "x32" || type === "x64"
      ? `0x${unsigned64(low, high).toString(16)}`
      : String(type === "s32" || type === "s64" ? signed64(low, high) : unsigned64(low, high));
  }
}

/** Reads the values of arguments, one after the other. */
class Values {
  /** The value that was read last: both words of a number, or the number of an address or a string. */
  low = 0;
  high = 0;
  readonly #recent = new Uint32Array(RECENT);
  #appeared = 0;

  constructor(
    private readonly streams: {
      readonly addresses: ByteReader;
      readonly numbers: ByteReader;
      readonly strings: ByteReader;
    },
    private readonly addresses: readonly number[],
    private readonly texts: number,
    private readonly lastLow: Uint32Array,
    private readonly lastHigh: Uint32Array,
  ) {}

  read(storage: number, slot: number): void {
    if (storage === ADDRESS) this.#address();
    else if (storage === NUMBER) this.#number(slot);
    else this.#string(slot);
  }

  #number(slot: number): void {
    const { numbers } = this.streams;
    const code = numbers.u32();
    if (code === WHOLE_NUMBER) {
      this.lastLow[slot] = numbers.u32();
      this.lastHigh[slot] = numbers.u32();
    } else if (code !== SAME_NUMBER) this.lastLow[slot] = this.lastLow[slot]! + unzigzag(code - 1);
    this.low = this.lastLow[slot]!;
    this.high = this.lastHigh[slot]!;
  }

  #address(): void {
    const code = this.streams.addresses.u32();
    this.high = 0;
    if (code === 0) {
      this.low = 0;
      return;
    }
    const recent = this.#recent;
    let at = RECENT - 1;
    let id: number;
    if (code <= RECENT) {
      at = code - 1;
      id = recent[at]!;
    } else {
      const local = code === NEXT_ADDRESS ? this.#appeared++ : this.#appeared - 1 - (code - KNOWN_ADDRESS);
      if (local < 0 || local >= this.addresses.length)
        throw new DamagedError("an address that the block does not have");
      id = this.addresses[local]!;
    }
    for (; at > 0; at--) recent[at] = recent[at - 1]!;
    recent[0] = id;
    this.low = id;
  }

  #string(slot: number): void {
    const code = this.streams.strings.u32();
    if (code !== 0) this.lastLow[slot] = code;
    this.high = 0;
    this.low = this.lastLow[slot]! - 1;
    if (this.low < 0 || this.low >= this.texts) throw new DamagedError("a string that the block does not have");
  }
}

/** True if the bytes end as a task's do, `comm-pid`. */
function isTask(bytes: Uint8Array): boolean {
  let digits = bytes.length;
  while (digits > 0 && bytes[digits - 1]! >= ZERO && bytes[digits - 1]! <= NINE) digits--;
  return (
    digits < bytes.length &&
    bytes.length - digits <= MAX_PID_DIGITS &&
    digits <= MAX_COMM + 1 &&
    bytes[digits - 1] === DASH
  );
}

function readRuns<Column extends Uint8Array | Uint16Array | Uint32Array>(
  reader: ByteReader,
  column: Column,
  values?: readonly number[],
): Column {
  const most = values ? values.length - 1 : 256 ** column.BYTES_PER_ELEMENT - 1;
  for (let i = 0; i < column.length; ) {
    const run = reader.below(column.length - i);
    const value = reader.below(most);
    if (run === 0) throw new DamagedError("a run of nothing");
    column.fill(values ? values[value]! : value, i, i + run);
    i += run;
  }
  return column;
}

function readSteps(reader: ByteReader, length: number): Float64Array {
  const column = new Float64Array(length);
  let value = 0;
  for (let i = 0; i < length; ) {
    const run = reader.below(length - i);
    const step = reader.signed();
    if (run === 0) throw new DamagedError("a run of nothing");
    for (const end = i + run; i < end; i++) column[i] = value += step;
    // A run is monotonic, so the lines within it lie between its ends.
    if (!Number.isSafeInteger(value) || value < 0) throw new DamagedError("a line that no file has");
  }
  return column;
}

function readTimes(
  reader: ByteReader,
  length: number,
): { readonly high: Float64Array; readonly low: Uint32Array; readonly digits: number } {
  const digits = reader.below(9);
  const unit = reader.below(NANOSECONDS);
  const high = new Float64Array(length);
  const low = new Uint32Array(length);
  let seconds = 0;
  let rest = 0;
  for (let i = 0; i < length; i++) {
    if (unit === 0) {
      seconds = reader.number();
      rest = reader.below(NANOSECONDS - 1);
    } else {
      rest += reader.signed() * unit;
      if (!Number.isSafeInteger(rest)) throw new DamagedError("a time that is not exact");
      if (rest >= NANOSECONDS || rest < 0) {
        const over = Math.floor(rest / NANOSECONDS);
        seconds += over;
        rest -= over * NANOSECONDS;
      }
    }
    if (!isTime(seconds, rest)) throw new DamagedError("a time that is none");
    high[i] = seconds;
    low[i] = rest;
  }
  return { high, low, digits };
}

function readPlaces(
  reader: ByteReader,
  local: Uint8Array | Uint16Array,
  points: number,
  places: readonly number[],
): Uint32Array {
  const column = new Uint32Array(local.length);
  const latest = new Uint32Array(points);
  let next = reader.isAtEnd ? local.length : reader.number();
  for (let i = 0; i < local.length; i++) {
    if (i === next) {
      const place = reader.below(places.length - 1);
      latest[local[i]!] = places[place]!;
      next = reader.isAtEnd ? local.length : i + 1 + reader.number();
    }
    column[i] = latest[local[i]!]!;
  }
  return column;
}

function readMasks(reader: ByteReader, length: number): Uint16Array {
  const column = new Uint16Array(length);
  for (let i = 0; !reader.isAtEnd; i++) {
    i += reader.below(length - i - 1);
    column[i] = reader.below(0xffff);
  }
  return column;
}

function readTexts(reader: ByteReader): string[] {
  const texts: string[] = [];
  while (!reader.isAtEnd) texts.push(reader.text());
  return texts;
}

function readUnknown(
  reader: ByteReader,
  length: number,
  texts: readonly string[],
): Map<number, { readonly name: string; readonly text: string }> {
  const unknown = new Map<number, { readonly name: string; readonly text: string }>();
  for (let i = 0; !reader.isAtEnd; i++) {
    i += reader.below(length - i - 1);
    unknown.set(i, { name: texts[reader.below(texts.length - 1)]!, text: texts[reader.below(texts.length - 1)]! });
  }
  return unknown;
}

function readLosses(reader: ByteReader, length: number): Loss[] {
  const losses: Loss[] = [];
  while (!reader.isAtEnd) {
    const loss = {
      index: reader.below(length),
      cpu: reader.below(0xffff),
      count: reader.number(),
      line: reader.number(),
    };
    if (loss.index < (losses.at(-1)?.index ?? 0)) throw new DamagedError("losses that are not in order");
    losses.push(loss);
  }
  return losses;
}
