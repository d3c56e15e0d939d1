/**
 * Writes and reads the bytes of a snapshot: numbers of seven bits a byte, and values that have a number in one process
 * only (an address, a task, a point, a text) by what they stand for. A task, a point and a text are written in full
 * where they are used first, and as a running number later, so that two processes write the same bytes.
 *
 * Values that change from object to object (events, addresses, tasks) are kept apart from those that are alike, each
 * kind in a stream of its own: that compresses best.
 */
import type { PointTable } from "../../events/points.js";
import type { AddressId, TaskId } from "../log/batch.js";
import { ByteReader, ByteWriter, DamagedError } from "../log/file/bytes.js";
import type { Tables } from "../log/tables.js";
import type { KernelObject, ObjectId } from "../reduce/objects.js";

/** Bytes of a document at most: the state in it may take thirty times as much memory. */
export const LARGEST = 16 * 1024 * 1024;
/** Written in place of a running number: the value follows in full. */
const NEW = 0;
/** Written in place of the distance to an address, to which `NEAR` is added. */
const NULL = 0;
const FAR = 1;
const NEAR = 2;
/** Bytes that no task's name reaches in any format. */
const NAME_BYTES = 4096;
const TWO_32 = 4294967296;

export class DocumentWriter extends ByteWriter {
  readonly #events = new ByteWriter(1 << 13);
  readonly #places = new ByteWriter(1 << 12);
  readonly #names = new ByteWriter(1 << 13);
  readonly #tasks = new Map<TaskId, number>();
  readonly #points = new Map<number, number>();
  readonly #texts = new Map<string, number>();
  readonly #objects = new Map<KernelObject, number>();
  #low = 0;
  #high = 0;
  #seq = 0;
  #id: ObjectId = 0;

  constructor(
    readonly points: PointTable,
    readonly tables: Tables,
    /** Objects are written with their trails. */
    readonly trails: boolean,
  ) {
    super(1 << 14);
  }

  byte(value: number): void {
    this.reserve(1);
    this.bytes[this.length++] = value;
  }

  /** Any number; whole ones of up to 51 bits are short. */
  real(value: number): void {
    if (Number.isSafeInteger(value) && Math.abs(value) < 2 ** 51 && !Object.is(value, -0))
      return this.number((value < 0 ? -value * 2 - 1 : value * 2) + 1);
    this.byte(0);
    const bytes = Buffer.alloc(8);
    bytes.writeDoubleLE(value);
    this.reserve(8);
    this.bytes.set(bytes, this.length);
    this.length += 8;
  }

  /**
   * Writes an address as its distance from the one that was written last; if their high words differ, as the difference
   * of these and the low word.
   */
  address(id: AddressId): void {
    const out = this.#places;
    if (id === 0) return out.number(NULL);
    const { addresses } = this.tables;
    const low = addresses.low(id);
    const high = addresses.high(id);
    const far = high - this.#high;
    const step = low - this.#low;
    if (far === 0) out.number((step < 0 ? -step * 2 - 1 : step * 2) + NEAR);
    else {
      out.number(FAR);
      out.signed(far);
      out.number(low);
    }
    this.#low = low;
    this.#high = high;
  }

  /** Writes an event, 0 for none, as its distance from the one that was written last. */
  seq(seq: number): void {
    if (seq === 0) return this.#events.number(0);
    const step = seq - this.#seq;
    this.#events.number((step < 0 ? -step * 2 - 1 : step * 2) + 1);
    this.#seq = seq;
  }

  /** Measures distances of events and ids from those of this object from here on. */
  about({ id, met }: Pick<KernelObject, "id" | "met">): void {
    this.#id = id;
    this.#seq = met;
  }

  /** Writes another object, 0 for none, as the distance of its id from that of the object that is written now. */
  near(id: ObjectId): void {
    const step = id - this.#id;
    this.number(id === 0 ? 0 : (step < 0 ? -step * 2 - 1 : step * 2) + 1);
  }

  task(id: TaskId): void {
    if (!this.#first(this.#tasks, id, this.#names)) return;
    const { tasks } = this.tables;
    this.chunk(tasks.bytesOf(id));
    this.number(tasks.tgid(id) + 1);
  }

  point(id: number): void {
    if (this.#first(this.#points, id)) this.text(this.points.points[id]?.event ?? "");
  }

  /** Writes a text that may come again. */
  word(text: string): void {
    if (this.#first(this.#texts, text)) this.text(text);
  }

  /** Names an object, which `write` writes if it was not named before. */
  object(object: KernelObject, write: () => void): void {
    const known = this.#objects.get(object);
    this.number(known ?? NEW);
    if (known === undefined) write();
  }

  /** Gives an object that was written a number, by which it is named from here on. */
  named(object: KernelObject): void {
    this.#objects.set(object, this.#objects.size + 1);
  }

  /** The bytes of all streams. */
  document(): Uint8Array {
    const whole = new ByteWriter(this.length + this.#events.length + this.#places.length + this.#names.length + 32);
    for (const stream of [this, this.#events, this.#places, this.#names]) whole.chunk(stream.written);
    return whole.written;
  }

  #first<T>(written: Map<T, number>, value: T, out: ByteWriter = this): boolean {
    const known = written.get(value);
    out.number(known ?? NEW);
    if (known === undefined) written.set(value, written.size + 1);
    return known === undefined;
  }
}

/** Its methods throw a `DamagedError` for bytes that no writer wrote. */
export class DocumentReader extends ByteReader {
  readonly #events: ByteReader;
  readonly #places: ByteReader;
  readonly #names: ByteReader;
  readonly #tasks: TaskId[] = [];
  readonly #points: number[] = [];
  readonly #texts: string[] = [];
  readonly #objects: KernelObject[] = [];
  #low = 0;
  #high = 0;
  #seq = 0;
  #id: ObjectId = 0;

  /** `whole` is at the beginning of a document that goes on to the end. */
  constructor(
    whole: ByteReader,
    readonly points: PointTable,
    readonly tables: Tables,
  ) {
    const own = whole.inner();
    super(own.bytes, own.at, own.end);
    this.#events = whole.inner();
    this.#places = whole.inner();
    this.#names = whole.inner();
  }

  /** Values that the bytes not yet read can have at most. */
  get left(): number {
    return [this, this.#events, this.#places, this.#names].reduce((sum, { at, end }) => sum + end - at, 0);
  }

  byte(): number {
    return this.take(1)[0]!;
  }

  real(): number {
    const head = this.number();
    if (head > 0) return head % 2 === 1 ? (head - 1) / 2 : -head / 2;
    const bytes = this.take(8);
    return Buffer.from(bytes.buffer, bytes.byteOffset, 8).readDoubleLE();
  }

  address(): AddressId {
    const from = this.#places;
    const head = from.number();
    if (head === NULL) return 0;
    if (head === FAR) {
      this.#high += from.signed();
      this.#low = from.below(TWO_32 - 1);
    } else this.#low += head % 2 === 1 ? -(head - 1) / 2 : (head - NEAR) / 2;
    if (this.#low < 0 || this.#low >= TWO_32 || this.#high < 0 || this.#high >= TWO_32)
      throw new DamagedError("an address of more than 64 bits");
    return this.tables.addresses.intern(this.#low, this.#high);
  }

  seq(): number {
    const head = this.#events.number();
    if (head === 0) return 0;
    this.#seq += head % 2 === 1 ? (head - 1) / 2 : -head / 2;
    if (!Number.isSafeInteger(this.#seq)) throw new DamagedError("an event of no number");
    return this.#seq;
  }

  about({ id, met }: Pick<KernelObject, "id" | "met">): void {
    this.#id = id;
    this.#seq = met;
  }

  near(): ObjectId {
    const head = this.number();
    return head === 0 ? 0 : this.#id + (head % 2 === 1 ? (head - 1) / 2 : -head / 2);
  }

  task(): TaskId {
    const known = this.#known(this.#names, this.#tasks);
    if (known !== undefined) return known;
    const name = this.take(this.below(NAME_BYTES));
    const tgid = this.number() - 1;
    return added(this.#tasks, this.tables.tasks.internBytes(name, 0, name.length, tgid < 0 ? undefined : tgid));
  }

  point(): number {
    const known = this.#known(this, this.#points);
    if (known !== undefined) return known;
    const point = this.points.byEvent(this.text());
    if (!point) throw new DamagedError("an event that the catalogue does not have");
    return added(this.#points, point.id);
  }

  word(): string {
    return this.#known(this, this.#texts) ?? added(this.#texts, this.text());
  }

  object(read: () => KernelObject): KernelObject {
    return this.#known(this, this.#objects) ?? read();
  }

  named(object: KernelObject): void {
    this.#objects.push(object);
  }

  /** Reads the running number of a value that was read before; `undefined` if a new value follows in full. */
  #known<T>(from: ByteReader, values: readonly T[]): T | undefined {
    const number = from.below(values.length);
    return number === NEW ? undefined : values[number - 1];
  }
}

function added<T>(values: T[], value: T): T {
  values.push(value);
  return value;
}
