/** Writes a batch as the payload of a block; `layout.ts` defines it. */
import { deflateRawSync } from "node:zlib";
import type { PointTable } from "../../../events/points.js";
import type { Batch, Loss } from "../batch.js";
import { UNKNOWN_POINT } from "../batch.js";
import type { Tables } from "../tables.js";
import { ByteWriter, zigzag } from "./bytes.js";
import { ADDRESS, NUMBER, storageOf } from "./schema.js";
import {
  BYTE_POINTS,
  KNOWN_ADDRESS,
  MAX_ARGS,
  MAX_EVENTS,
  MAX_STEP,
  NEXT_ADDRESS,
  RECENT,
  SAME_NUMBER,
  STREAMS,
  type StreamName,
  WHOLE_NUMBER,
} from "./layout.js";
import { MAX_PAYLOAD } from "./format.js";

/** Repetitive data compresses well at any level, and the first costs least. */
const LEVEL = 1;
const NANOSECONDS = 1_000_000_000;
const STEPS_MAX = 2 ** 51;
const ABSENT = 0xffffffff;
/** An argument's code, followed by both words. */
const MAX_ARG_BYTES = 15;

/** Local numbers for things that have a number in the log's tables, given in order of appearance. */
class LocalNumbers {
  /** By local number: the number in the log's table. */
  readonly order: number[] = [];
  #local = new Uint32Array(256).fill(ABSENT);

  /** Returns the local number, or `ABSENT`. */
  find(id: number): number {
    return id < this.#local.length ? this.#local[id]! : ABSENT;
  }

  add(id: number): number {
    if (id >= this.#local.length) {
      const local = new Uint32Array(Math.max(id + 1, this.#local.length * 2)).fill(ABSENT);
      local.set(this.#local);
      this.#local = local;
    }
    this.#local[id] = this.order.length;
    return this.order.push(id) - 1;
  }

  of(id: number): number {
    const local = this.find(id);
    return local === ABSENT ? this.add(id) : local;
  }

  clear(): void {
    for (const id of this.order) this.#local[id] = ABSENT;
    this.order.length = 0;
  }
}

export class EventsEncoder {
  readonly #streams = Object.fromEntries(STREAMS.map((name) => [name, new ByteWriter()])) as Record<
    StreamName,
    ByteWriter
  >;
  readonly #head = new ByteWriter();
  readonly #rest = new ByteWriter(1 << 16);
  /** By point: the storage of its arguments. */
  readonly #storage: readonly Uint8Array[];
  readonly #lastLow: Uint32Array;
  readonly #lastHigh: Uint32Array;
  readonly #tasks = new LocalNumbers();
  readonly #places = new LocalNumbers();
  readonly #addresses = new LocalNumbers();
  readonly #points = new LocalNumbers();
  readonly #texts = new Map<string, number>();

  constructor(
    points: PointTable,
    private readonly tables: Tables,
  ) {
    this.#storage = points.points.map((point) => Uint8Array.from(point?.args ?? [], ({ type }) => storageOf(type)));
    this.#lastLow = new Uint32Array(points.points.length * MAX_ARGS);
    this.#lastHigh = new Uint32Array(points.points.length * MAX_ARGS);
  }

  /**
   * Returns the payload, and the points of its events.
   * @throws {RangeError} for a batch that no block can hold
   */
  encode(batch: Batch): { readonly payload: Buffer; readonly points: readonly number[] } {
    if (batch.length > MAX_EVENTS) throw new RangeError(`a block holds ${MAX_EVENTS} events at most`);
    this.#clear();
    const streams = this.#streams;
    const point = this.#pointColumn(batch);
    writeRuns(streams.tasks, batch.task, batch.length, this.#tasks);
    writeRuns(streams.cpus, batch.cpu, batch.length);
    writeRuns(streams.contexts, batch.context, batch.length);
    writeTimes(streams.times, batch);
    writeSteps(streams.lines, batch.line, batch.length);
    this.#writePlaces(batch);
    writeMasks(streams.faults, batch.fault, batch.length);
    this.#writeArguments(batch);
    this.#writeUnknown(batch);
    for (const loss of batch.losses) writeLoss(streams.losses, loss);
    this.#writeDictionaries();
    return { payload: this.#payload(point), points: [...this.#points.order] };
  }

  #payload(point: Uint8Array): Buffer {
    const head = this.#head;
    const rest = this.#rest;
    for (const name of STREAMS) rest.chunk(this.#streams[name].written);
    if (rest.length > MAX_PAYLOAD) throw new RangeError("the texts of this batch are more than a block holds");
    head.chunk(deflateRawSync(point, { level: LEVEL }));
    head.number(rest.length);
    return Buffer.concat([head.written, deflateRawSync(rest.written, { level: LEVEL })]);
  }

  #clear(): void {
    for (const name of STREAMS) this.#streams[name].clear();
    this.#head.clear();
    this.#rest.clear();
    for (const numbers of [this.#tasks, this.#places, this.#addresses, this.#points]) numbers.clear();
    this.#texts.clear();
    this.#lastLow.fill(0);
    this.#lastHigh.fill(0);
  }

  #pointColumn({ point, length }: Batch): Uint8Array {
    const numbers = this.#points;
    const counts: number[] = [];
    const wide = new Uint16Array(length);
    for (let i = 0; i < length; i++) {
      const local = numbers.of(point[i]!);
      wide[i] = local;
      counts[local] = (counts[local] ?? 0) + 1;
    }
    const head = this.#head;
    head.number(counts.length);
    numbers.order.forEach((id, local) => {
      head.number(id);
      head.number(counts[local]!);
    });
    return counts.length <= BYTE_POINTS ? Uint8Array.from(wide) : new Uint8Array(wide.buffer);
  }

  #writePlaces({ point, place, length }: Batch): void {
    const out = this.#streams.places;
    out.reserve(length * 10);
    const places = this.#places;
    places.of(0);
    const latest = new Uint32Array(this.#storage.length);
    let passed = 0;
    for (let i = 0; i < length; i++) {
      if (latest[point[i]!] === place[i]) passed++;
      else {
        out.u32(passed);
        out.u32(places.of(place[i]!));
        latest[point[i]!] = place[i]!;
        passed = 0;
      }
    }
  }

  #writeArguments(batch: Batch): void {
    const { point, argStart, low, fault, length } = batch;
    const { addresses, numbers, strings } = this.#streams;
    const room = (low.length + MAX_ARGS) * MAX_ARG_BYTES;
    addresses.reserve(room);
    numbers.reserve(room);
    strings.reserve(room);
    const recent = new Uint32Array(RECENT).fill(ABSENT);
    for (let i = 0; i < length; i++) {
      const storage = this.#storage[point[i]!]!;
      const base = argStart[i]!;
      const mask = fault[i]!;
      for (let k = 0; k < storage.length; k++) {
        if (mask !== 0 && (mask & (1 << k)) !== 0) continue;
        const kind = storage[k]!;
        if (kind === NUMBER) this.#number(numbers, point[i]! * MAX_ARGS + k, low[base + k]!, batch.high[base + k]!);
        else if (kind === ADDRESS) this.#address(addresses, low[base + k]!, recent);
        else this.#string(strings, point[i]! * MAX_ARGS + k, batch.strings[low[base + k]!]!);
      }
    }
  }

  #number(out: ByteWriter, slot: number, low: number, high: number): void {
    const step = zigzag(low - this.#lastLow[slot]!);
    if (high !== this.#lastHigh[slot] || step > MAX_STEP) {
      out.u32(WHOLE_NUMBER);
      out.u32(low);
      out.u32(high);
    } else out.u32(step === 0 ? SAME_NUMBER : step + 1);
    this.#lastLow[slot] = low;
    this.#lastHigh[slot] = high;
  }

  #address(out: ByteWriter, id: number, recent: Uint32Array): void {
    if (id === 0) return out.u32(0);
    let at = 0;
    while (at < RECENT && recent[at] !== id) at++;
    if (at < RECENT) out.u32(at + 1);
    else {
      const local = this.#addresses.find(id);
      if (local === ABSENT) {
        this.#addresses.add(id);
        out.u32(NEXT_ADDRESS);
      } else out.u32(KNOWN_ADDRESS + this.#addresses.order.length - 1 - local);
      at = RECENT - 1;
    }
    for (; at > 0; at--) recent[at] = recent[at - 1]!;
    recent[0] = id;
  }

  #string(out: ByteWriter, slot: number, text: string): void {
    const local = this.#text(text);
    out.u32(local + 1 === this.#lastLow[slot] ? 0 : local + 1);
    this.#lastLow[slot] = local + 1;
  }

  #text(text: string): number {
    let local = this.#texts.get(text);
    if (local === undefined) {
      local = this.#texts.size;
      this.#texts.set(text, local);
    }
    return local;
  }

  #writeUnknown({ point, length, unknown }: Batch): void {
    if (unknown.size === 0) return;
    const out = this.#streams.unknown;
    let passed = 0;
    for (let i = 0; i < length; i++) {
      const event = point[i] === UNKNOWN_POINT ? unknown.get(i) : undefined;
      if (!event) {
        passed++;
        continue;
      }
      out.number(passed);
      out.number(this.#text(event.name));
      out.number(this.#text(event.text));
      passed = 0;
    }
  }

  #writeDictionaries(): void {
    const { taskNames, placeNames, addressWords, texts } = this.#streams;
    const { tasks, places, addresses } = this.tables;
    for (const id of this.#tasks.order) {
      taskNames.chunk(tasks.bytesOf(id));
      taskNames.number(tasks.tgid(id) + 1);
    }
    for (const id of this.#places.order) placeNames.chunk(places.bytesOf(id));
    let low = 0;
    let high = 0;
    addressWords.reserve(this.#addresses.order.length * 10);
    for (const id of this.#addresses.order) {
      addressWords.u32(zigzag(addresses.low(id) - low));
      addressWords.u32(zigzag(addresses.high(id) - high));
      low = addresses.low(id);
      high = addresses.high(id);
    }
    for (const text of this.#texts.keys()) texts.text(text);
  }
}

/** Writes runs: their length, and the value or number that they share. */
function writeRuns(
  out: ByteWriter,
  column: Uint8Array | Uint16Array | Uint32Array,
  length: number,
  numbers?: LocalNumbers,
): void {
  for (let i = 0; i < length; ) {
    const value = column[i]!;
    let end = i + 1;
    while (end < length && column[end] === value) end++;
    out.number(end - i);
    out.number(numbers ? numbers.of(value) : value);
    i = end;
  }
}

function writeSteps(out: ByteWriter, column: Float64Array, length: number): void {
  let before = 0;
  for (let i = 0; i < length; ) {
    const step = column[i]! - before;
    let end = i + 1;
    while (end < length && column[end]! - column[end - 1]! === step) end++;
    out.number(end - i);
    out.signed(step);
    before = column[end - 1]!;
    i = end;
  }
}

function writeMasks(out: ByteWriter, column: Uint16Array, length: number): void {
  let passed = 0;
  for (let i = 0; i < length; i++) {
    if (column[i] === 0) {
      passed++;
      continue;
    }
    out.number(passed);
    out.number(column[i]!);
    passed = 0;
  }
}

function writeTimes(out: ByteWriter, { timeHigh, timeLow, timeDigits, length }: Batch): void {
  const unit = unitOf(timeHigh, timeLow, timeDigits, length);
  out.number(timeDigits);
  out.number(unit);
  out.reserve(length * 18);
  let high = 0;
  let low = 0;
  for (let i = 0; i < length; i++) {
    if (unit === 0) {
      out.number(timeHigh[i]!);
      out.number(timeLow[i]!);
      continue;
    }
    const step = ((timeHigh[i]! - high) * NANOSECONDS + (timeLow[i]! - low)) / unit;
    if (step >= 0 && step < 0x40000000) out.u32(step * 2);
    else out.signed(step);
    high = timeHigh[i]!;
    low = timeLow[i]!;
  }
}

/**
 * Returns the nanoseconds that all times are multiples of, as far as their digits say; 0 if a difference would not be
 * exact.
 */
function unitOf(timeHigh: Float64Array, timeLow: Uint32Array, digits: number, length: number): number {
  const unit = digits === 0 ? 1 : 10 ** (9 - digits);
  let high = 0;
  for (let i = 0; i < length; i++) {
    if (Math.abs(timeHigh[i]! - high) * NANOSECONDS > STEPS_MAX) return 0;
    if (timeLow[i]! % unit !== 0) return unitOf(timeHigh, timeLow, 9, length);
    high = timeHigh[i]!;
  }
  return unit;
}

function writeLoss(out: ByteWriter, { index, cpu, count, line }: Loss): void {
  for (const value of [index, cpu, count, line]) out.number(value);
}
