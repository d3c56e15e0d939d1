/**
 * The events of one CPU of one buffer, one after the other, with their exact times, from the kernel's ring buffer: a
 * page has a time and the length of its used part; each event follows a word with its length or its kind, and the time
 * since the event before.
 */
import { PADDING, TIME_EXTEND, TIME_STAMP, type PageLayout } from "./layout.js";
import type { PageSource } from "./pages.js";

const BILLION = 1_000_000_000;
const TWO_32 = 4294967296;
/** The kernel's own bits of the commit word. */
const MISSED = 0x80000000;
const MISSED_COUNTED = 0x40000000;
const COMMIT_MASK = 0x07ffffff;
/** The least high word at which a 64-bit number is more than a double holds exactly. */
const EXACT_HIGH = 1 << 21;
/** Absolute stamps have so many bits; the others are those of the time before. */
const STAMP_BITS = 59n;
const STAMP_SECONDS = Number((1n << STAMP_BITS) / BigInt(BILLION));

/** Missed events that are not counted. */
export const UNCOUNTED = -1;

export class CpuEvents {
  /** The position of the event: `view[at, end)`, as the tracer wrote it. */
  at = 0;
  end = 0;
  /** Its time, `timeHigh * 10^9 + timeLow`. */
  timeHigh = 0;
  timeLow = 0;
  view: DataView;
  bytes: Uint8Array;
  /** Events missed before this one: a number, 0 for none, `UNCOUNTED`. The consumer resets it to 0. */
  missed = 0;
  /** Pages that make no sense, wholly or from some offset on. */
  damaged = 0;
  readonly #little: boolean;
  #next = 0;
  #dataEnd = 0;

  constructor(
    readonly cpu: number,
    /** The name of its ring buffer; empty for the top one. */
    readonly buffer: string,
    /** For ties in time, the lower is first. */
    readonly order: number,
    readonly pages: PageSource,
    private readonly layout: PageLayout,
    big: boolean,
    /** Events may be missing between any two pages: each boundary counts as a loss. */
    private readonly leaky: boolean,
  ) {
    this.#little = !big;
    this.view = pages.view;
    this.bytes = pages.bytes;
  }

  /** Goes to the next event; `false` when there is none. */
  next(): boolean {
    for (;;) {
      const p = this.#next;
      if (p + 4 > this.#dataEnd) {
        if (p < this.#dataEnd) this.#damage();
        if (!this.#page()) return false;
        continue;
      }
      const { view } = this;
      const little = this.#little;
      const word = view.getUint32(p, little);
      const kind = little ? word & 31 : word >>> 27;
      const delta = little ? word >>> 5 : word & COMMIT_MASK;
      if (kind > 0 && kind < PADDING) {
        this.#advance(delta);
        const end = p + 4 + kind * 4;
        if (end > this.#dataEnd) {
          this.#damage();
          continue;
        }
        this.at = p + 4;
        this.end = end;
        this.#next = end;
        return true;
      }
      if (p + 8 > this.#dataEnd) {
        // Only padding may end with its first word.
        if (kind !== PADDING) this.#damage();
        this.#next = this.#dataEnd;
        continue;
      }
      const array = view.getUint32(p + 4, little);
      if (kind === 0) {
        this.#advance(delta);
        if (array < 4 || array > this.#dataEnd - p - 4) {
          this.#damage();
          continue;
        }
        this.at = p + 8;
        this.end = p + 4 + array;
        this.#next = p + 4 + ((array + 3) & ~3);
        return true;
      }
      if (kind === PADDING) {
        // Without a time it is the rest of the page; with one, an event that was discarded.
        if (delta === 0 || array > this.#dataEnd - p - 4) this.#next = this.#dataEnd;
        else {
          this.#advance(delta);
          this.#next = p + 4 + Math.max(4, array);
        }
        continue;
      }
      const low = (delta | (array << 27)) >>> 0;
      const high = array >>> 5;
      if (kind === TIME_EXTEND) this.#add(high, low);
      else if (kind === TIME_STAMP) this.#stamp(high, low);
      this.#next = p + 8;
    }
  }

  #page(): boolean {
    const { pages, layout } = this;
    while (pages.next()) {
      this.view = pages.view;
      this.bytes = pages.bytes;
      if (this.leaky && this.#dataEnd > 0) this.#miss(UNCOUNTED);
      const { view } = this;
      const little = this.#little;
      const start = pages.at;
      const data = start + layout.dataAt;
      const room = pages.length - layout.dataAt;
      if (room < 0) {
        this.#damage();
        continue;
      }
      this.#setTime(
        view.getUint32(start + layout.timeAt + (little ? 4 : 0), little),
        view.getUint32(start + layout.timeAt + (little ? 0 : 4), little),
      );
      // The lower half of an 8-byte long has all the bits.
      const commit = view.getUint32(start + layout.commitAt + (layout.commitSize === 8 && !little ? 4 : 0), little);
      const used = commit & COMMIT_MASK;
      if ((commit & MISSED) !== 0)
        this.#miss((commit & MISSED_COUNTED) === 0 ? UNCOUNTED : this.#missedCount(data + used, data + room));
      this.#next = data;
      this.#dataEnd = data + Math.min(used, room);
      if (used > room) this.#damage(true);
      return true;
    }
    if (this.leaky) this.#miss(UNCOUNTED);
    if (pages.trouble !== undefined) this.#miss(UNCOUNTED);
    this.#next = this.#dataEnd = 0;
    return false;
  }

  /** Reads the count after the events: a long, which a double holds exactly for any real count. */
  #missedCount(at: number, end: number): number {
    const { commitSize } = this.layout;
    if (at + commitSize > end) return UNCOUNTED;
    const little = this.#little;
    const low = this.view.getUint32(at + (commitSize === 8 && !little ? 4 : 0), little);
    const high = commitSize === 8 ? this.view.getUint32(at + (little ? 4 : 0), little) : 0;
    const count = high * TWO_32 + low;
    return high < EXACT_HIGH && count > 0 ? count : UNCOUNTED;
  }

  #miss(count: number): void {
    this.missed = this.missed < 0 || count < 0 ? UNCOUNTED : this.missed + count;
  }

  /** Gives up the rest of the page (`keep`: its events remain, but it is cut off). */
  #damage(keep = false): void {
    this.damaged++;
    this.#miss(UNCOUNTED);
    if (!keep) this.#next = this.#dataEnd;
  }

  /** Advances the time by less than a second. */
  #advance(delta: number): void {
    const low = this.timeLow + delta;
    if (low < BILLION) this.timeLow = low;
    else {
      this.timeLow = low - BILLION;
      this.timeHigh++;
    }
  }

  #add(high: number, low: number): void {
    if (high >= EXACT_HIGH) return this.#set(this.#exact() + ((BigInt(high) << 32n) | BigInt(low)));
    const step = high * TWO_32 + low;
    this.timeHigh += Math.floor(step / BILLION);
    this.#advance(step % BILLION);
  }

  #stamp(high: number, low: number): void {
    if (this.timeHigh < STAMP_SECONDS) return this.#setTime(high, low);
    const before = this.#exact();
    const stamp = ((before >> STAMP_BITS) << STAMP_BITS) | (BigInt(high) << 32n) | BigInt(low);
    this.#set(stamp < before ? stamp + (1n << STAMP_BITS) : stamp);
  }

  #setTime(high: number, low: number): void {
    if (high >= EXACT_HIGH) return this.#set((BigInt(high) << 32n) | BigInt(low));
    const time = high * TWO_32 + low;
    this.timeLow = time % BILLION;
    this.timeHigh = (time - this.timeLow) / BILLION;
  }

  #exact(): bigint {
    return BigInt(this.timeHigh) * BigInt(BILLION) + BigInt(this.timeLow);
  }

  #set(time: bigint): void {
    const exact = BigInt.asUintN(64, time);
    this.timeHigh = Number(exact / BigInt(BILLION));
    this.timeLow = Number(exact % BigInt(BILLION));
  }
}
