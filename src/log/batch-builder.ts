/**
 * Fills batches. Every reader writes through one; a sealed batch has columns of its own that nothing writes to again.
 */
import type { Batch, Loss, TaskId } from "./batch.js";
import { UNKNOWN_POINT } from "./batch.js";
import { ByteInterner, NOT_INTERNED, grown } from "./bytes.js";
import type { AddressTable } from "./tables.js";

export const BATCH_EVENTS = 8192;
/** A batch is closed early when its texts weigh more: a hostile recording's are long. */
const MAX_TEXT = 4 * 1024 * 1024;
/** Distinct strings that are recognised when they come again, and their bytes; when there are more, it begins anew. */
const MAX_STRINGS = 1 << 16;
const MAX_STRING_BYTES = 1 << 22;
const MAX_ARGS = 16;

export class BatchBuilder {
  length = 0;
  #firstSeq = 1;
  #args = 0;
  #text = 0;
  /** -1 before the first event: then any clock is new. */
  #timeDigits = -1;
  #point!: Uint16Array;
  #task!: Uint32Array;
  #cpu!: Uint16Array;
  #context!: Uint8Array;
  #timeHigh!: Float64Array;
  #timeLow!: Uint32Array;
  #line!: Float64Array;
  #place!: Uint32Array;
  #argStart!: Uint32Array;
  #fault!: Uint16Array;
  #low!: Uint32Array;
  #high!: Uint32Array;
  #strings: string[] = [];
  /** Strings of the events before the one that was begun last. */
  #stringStart = 0;
  #unknown = new Map<number, { readonly name: string; readonly text: string }>();
  #losses: Loss[] = [];
  /** Strings of the whole recording by their bytes, and where each stands in the batch that is being filled. */
  #known = new ByteInterner(MAX_STRINGS, MAX_STRING_BYTES);
  #knowsAll = true;
  #indexOf = new Uint32Array(64);
  #inBatch = new Uint32Array(64);
  #batch = 1;
  /** Of the last event that was sealed. */
  #lastCpu = 0;

  constructor(
    readonly addresses: AddressTable,
    readonly capacity = BATCH_EVENTS,
  ) {
    this.#fresh();
  }

  /** Whether the batch has to be sealed before the next event. */
  get full(): boolean {
    return this.length >= this.capacity || this.#text > MAX_TEXT || this.#losses.length >= this.capacity;
  }

  get isEmpty(): boolean {
    return this.length === 0 && this.#losses.length === 0;
  }

  /** Events of all batches so far. */
  get events(): number {
    return this.#firstSeq - 1 + this.length;
  }

  /** Digits behind the point of the next events' times; they hold for a whole batch, so seal before they change. */
  get timeDigits(): number {
    return this.#timeDigits;
  }
  set timeDigits(digits: number) {
    this.#timeDigits = digits;
  }

  /** Begins an event; its arguments are pushed next, as many as its point has. */
  begin(
    point: number,
    task: TaskId,
    cpu: number,
    context: number,
    timeHigh: number,
    timeLow: number,
    line: number,
    place = 0,
  ): void {
    const index = this.length++;
    this.#point[index] = point;
    this.#task[index] = task;
    this.#cpu[index] = cpu;
    this.#context[index] = context;
    this.#timeHigh[index] = timeHigh;
    this.#timeLow[index] = timeLow;
    this.#line[index] = line;
    this.#place[index] = place;
    this.#argStart[index] = this.#args;
    this.#fault[index] = 0;
    this.#stringStart = this.#strings.length;
    if (this.#args + MAX_ARGS > this.#low.length) this.#growArgs();
  }

  /** An event of a sealed batch of the same log, on CPU `cpu`; `args`: the arguments of its point. */
  copy(from: Batch, index: number, cpu: number, args: readonly { readonly type: string }[] = []): void {
    this.begin(
      from.point[index]!,
      from.task[index]!,
      cpu,
      from.context[index]!,
      from.timeHigh[index]!,
      from.timeLow[index]!,
      from.line[index]!,
      from.place[index]!,
    );
    const base = from.argStart[index]!;
    args.forEach(({ type }, k) => {
      if ((from.fault[index]! & (1 << k)) !== 0) this.pushFault();
      else if (type === "string") this.pushString(from.strings[from.low[base + k]!]!);
      else this.pushNumber(from.low[base + k]!, from.high[base + k]!);
    });
    const unknown = from.unknown.get(index);
    if (unknown) this.unknown(unknown.name, unknown.text);
  }

  /** Takes back the event that was begun last, with its arguments. */
  abandon(): void {
    this.#args = this.#argStart[--this.length]!;
  }

  /** Takes back the arguments of the event that was begun last: they are pushed anew. */
  again(): void {
    const index = this.length - 1;
    this.#args = this.#argStart[index]!;
    this.#fault[index] = 0;
  }

  /** Words of argument `k` of the event that was begun last, as the columns have them. */
  lowOf(k: number): number {
    return this.#low[this.#argStart[this.length - 1]! + k]!;
  }

  highOf(k: number): number {
    return this.#high[this.#argStart[this.length - 1]! + k]!;
  }

  isFault(k: number): boolean {
    return (this.#fault[this.length - 1]! & (1 << k)) !== 0;
  }

  setNumber(k: number, low: number, high: number): void {
    const at = this.#argStart[this.length - 1]! + k;
    this.#low[at] = low;
    this.#high[at] = high;
  }

  /**
   * For who knows the task of an event only when the rest of its line is read: a task that no event is of is not
   * counted.
   */
  setTask(task: TaskId): void {
    this.#task[this.length - 1] = task;
  }

  setPlace(place: number): void {
    this.#place[this.length - 1] = place;
  }

  pushNumber(low: number, high: number): void {
    const k = this.#args++;
    this.#low[k] = low;
    this.#high[k] = high;
  }

  pushAddress(low: number, high: number): void {
    const k = this.#args++;
    this.#low[k] = this.addresses.intern(low, high);
    this.#high[k] = 0;
  }

  pushString(text: string): void {
    this.#pushIndex(this.#strings.length);
    this.#strings.push(text);
    this.#text += text.length;
  }

  /** A string by its bytes: decoded once for the recording, stored once in the batch. */
  pushStringBytes(bytes: Uint8Array, start: number, end: number): void {
    const id = this.#known.intern(bytes, start, end);
    if (id === NOT_INTERNED) this.#knowsAll = false;
    if (id === NOT_INTERNED)
      return this.pushString(Buffer.from(bytes.buffer, bytes.byteOffset + start, end - start).toString("utf8"));
    if (id >= this.#inBatch.length) {
      this.#inBatch = grown(this.#inBatch, new Uint32Array(id * 2));
      this.#indexOf = grown(this.#indexOf, new Uint32Array(id * 2));
    }
    if (this.#inBatch[id] === this.#batch) {
      this.#pushIndex(this.#indexOf[id]!);
    } else {
      this.#inBatch[id] = this.#batch;
      this.#indexOf[id] = this.#strings.length;
      this.pushString(this.#known.text(id));
    }
  }

  /** An argument that could not be read, or is not there. */
  pushFault(): void {
    const index = this.length - 1;
    this.#fault[index]! |= 1 << (this.#args - this.#argStart[index]!);
    this.#pushIndex(0);
  }

  /**
   * Adds to the string that was pushed last with `pushString`: text that goes on in the next line. Lost once the event
   * is sealed.
   */
  extendString(text: string): void {
    if (this.length === 0) return;
    this.#strings[this.#strings.length - 1] += text;
    this.#text += text.length;
  }

  /** Says what the event that was begun last is, when it is none of the catalogue's. */
  unknown(name: string, text: string): void {
    this.#point[this.length - 1] = UNKNOWN_POINT;
    this.#unknown.set(this.length - 1, { name, text });
    this.#text += name.length + text.length;
  }

  /** Events missing on `cpu` before the next event; 0 when only known that there were some. */
  loss(cpu: number, count: number, line: number): void {
    this.#losses.push({ index: this.length, cpu, count, line });
  }

  /** The recording breaks off behind the last event, and begins anew: whatever happened between is not known. */
  breakOff(): void {
    if (this.events > 0) this.loss(this.length > 0 ? this.#cpu[this.length - 1]! : this.#lastCpu, 0, 0);
  }

  /**
   * Hands over all but the event that was begun last, which may still change; `args`: the arguments of its point.
   * Nothing where there is no more than that event.
   */
  sealButLast(args: readonly { readonly type: string }[]): Batch | undefined {
    const last = this.length - 1;
    if (last < 0 || (last === 0 && this.#losses.length === 0)) return undefined;
    const own = this.#stringStart;
    const all = this.seal();
    this.#firstSeq--;
    this.copy(all, last, all.cpu[last]!, args);
    return {
      ...all,
      length: last,
      point: all.point.subarray(0, last),
      task: all.task.subarray(0, last),
      cpu: all.cpu.subarray(0, last),
      context: all.context.subarray(0, last),
      timeHigh: all.timeHigh.subarray(0, last),
      timeLow: all.timeLow.subarray(0, last),
      line: all.line.subarray(0, last),
      place: all.place.subarray(0, last),
      argStart: all.argStart.subarray(0, last),
      low: all.low.subarray(0, all.argStart[last]),
      high: all.high.subarray(0, all.argStart[last]),
      fault: all.fault.subarray(0, last),
      strings: all.strings.slice(0, own),
      unknown: new Map([...all.unknown].filter(([index]) => index < last)),
    };
  }

  /** Hands the batch over. One that is nearly empty gets copies, and the columns are filled again from the start. */
  seal(): Batch {
    const n = this.length;
    const copied = n < this.capacity / 4;
    const batch: Batch = {
      firstSeq: this.#firstSeq,
      length: n,
      point: part(this.#point, n, copied),
      task: part(this.#task, n, copied),
      cpu: part(this.#cpu, n, copied),
      context: part(this.#context, n, copied),
      timeHigh: part(this.#timeHigh, n, copied),
      timeLow: part(this.#timeLow, n, copied),
      line: part(this.#line, n, copied),
      place: part(this.#place, n, copied),
      argStart: part(this.#argStart, n, copied),
      low: part(this.#low, this.#args, copied),
      high: part(this.#high, this.#args, copied),
      fault: part(this.#fault, n, copied),
      strings: this.#strings,
      unknown: this.#unknown,
      losses: this.#losses,
      timeDigits: Math.max(0, this.#timeDigits),
    };
    this.#firstSeq += n;
    if (n > 0) this.#lastCpu = this.#cpu[n - 1]!;
    this.#batch++;
    if (!this.#knowsAll) this.#known = new ByteInterner(MAX_STRINGS, MAX_STRING_BYTES);
    this.#knowsAll = true;
    if (copied) this.#clear();
    else this.#fresh();
    return batch;
  }

  #pushIndex(index: number): void {
    const k = this.#args++;
    this.#low[k] = index;
    this.#high[k] = 0;
  }

  #clear(): void {
    this.length = 0;
    this.#args = 0;
    this.#text = 0;
    this.#strings = [];
    this.#unknown = new Map();
    this.#losses = [];
  }

  #fresh(): void {
    const n = this.capacity;
    this.#clear();
    this.#point = new Uint16Array(n);
    this.#task = new Uint32Array(n);
    this.#cpu = new Uint16Array(n);
    this.#context = new Uint8Array(n);
    this.#timeHigh = new Float64Array(n);
    this.#timeLow = new Uint32Array(n);
    this.#line = new Float64Array(n);
    this.#place = new Uint32Array(n);
    this.#argStart = new Uint32Array(n);
    this.#fault = new Uint16Array(n);
    this.#low = new Uint32Array(n * 2 + MAX_ARGS);
    this.#high = new Uint32Array(n * 2 + MAX_ARGS);
  }

  #growArgs(): void {
    this.#low = grown(this.#low, new Uint32Array(this.#low.length * 2));
    this.#high = grown(this.#high, new Uint32Array(this.#high.length * 2));
  }
}

function part<
  Column extends { slice(start: number, end: number): Column; subarray(start: number, end: number): Column },
>(column: Column, length: number, copied: boolean): Column {
  return copied ? column.slice(0, length) : column.subarray(0, length);
}
