/**
 * The memory of a simulated kernel: numbered cells, each a number or a list of numbers. Nothing else holds state, and
 * only the effects of steps write to it, so a moment can be left and returned to, and a hash tells two moments apart.
 */

/** The number of a cell that holds a number. 0 is no cell. */
export type Cell = number & { readonly cell: true };
/** The number of a cell that holds a list of numbers. */
export type ListCell = number & { readonly list: true };

const EMPTY: readonly number[] = Object.freeze([]);

export class Memory {
  #numbers = new Float64Array(1024);
  readonly #lists: (readonly number[])[] = [];
  /** Lists that were not handed out since their last copy may be changed in place; to readers a list never changes. */
  readonly #owned: boolean[] = [];
  /** Count of numbers at the front of an owned list that were taken off but not yet removed. */
  readonly #shifted: number[] = [];
  /** The next free number cell and list cell are cells themselves: what is undone is given back. */
  #top = 1;
  #listTop = 1;
  /** The undo journal: the cell (negative for a list) of each write, and the old value. */
  readonly #undoCell: number[] = [];
  readonly #undoValue: (number | readonly number[])[] = [];
  #journal = false;

  /** Keeps what is overwritten from here on, for `undo`. */
  keepHistory(): void {
    for (let cell = 1; cell < this.#listTop; cell++) this.#settle(cell);
    this.#journal = true;
  }

  get(cell: Cell): number {
    return this.#numbers[cell]!;
  }

  list(cell: ListCell): readonly number[] {
    this.#settle(cell);
    this.#owned[cell] = false;
    return this.#lists[cell] ?? EMPTY;
  }

  /** A number of a list; 0 past its end. */
  item(cell: ListCell, index: number): number {
    return this.#lists[cell]?.[(this.#shifted[cell] ?? 0) + index] ?? 0;
  }

  set(cell: Cell, value: number): void {
    if (this.#journal) {
      this.#undoCell.push(cell);
      this.#undoValue.push(this.#numbers[cell]!);
    }
    this.#numbers[cell] = value;
  }

  setList(cell: ListCell, value: readonly number[]): void {
    if (this.#journal) {
      this.#undoCell.push(-cell);
      this.#undoValue.push(this.#lists[cell] ?? EMPTY);
    }
    this.#lists[cell] = value;
    this.#owned[cell] = false;
    this.#shifted[cell] = 0;
  }

  /** A list to be changed at once, in place: a copy if the old one may be read again. */
  own(cell: ListCell): number[] {
    this.#settle(cell);
    if (this.#owned[cell] && !this.#journal) return this.#lists[cell] as number[];
    const copy = [...(this.#lists[cell] ?? EMPTY)];
    this.setList(cell, copy);
    this.#owned[cell] = true;
    return copy;
  }

  /** Takes numbers off the front. A queue may be long: the rest move up when it is next handed out, not each time. */
  shift(cell: ListCell, count: number): void {
    if (this.#owned[cell] && !this.#journal) this.#shifted[cell] = (this.#shifted[cell] ?? 0) + count;
    else this.own(cell).splice(0, count);
  }

  #settle(cell: number): void {
    const shifted = this.#shifted[cell];
    if (!shifted) return;
    (this.#lists[cell] as number[]).splice(0, shifted);
    this.#shifted[cell] = 0;
  }

  /**
   * Room for so many numbers and lists, all 0 and empty: the first cell of each. Nothing is ever reused: see
   * `structs.ts`.
   */
  allocate(numbers: number, lists: number): { readonly cell: number; readonly list: number } {
    const cell = this.#top;
    const list = this.#listTop;
    this.#top += numbers;
    this.#listTop += lists;
    if (this.#top > this.#numbers.length) {
      const bigger = new Float64Array(Math.max(this.#numbers.length * 2, this.#top));
      bigger.set(this.#numbers);
      this.#numbers = bigger;
    }
    return { cell, list };
  }

  /** A moment for `undo` to return to. */
  mark(): Mark {
    return { entries: this.#undoCell.length, top: this.#top, listTop: this.#listTop };
  }

  /** Drops the undo journal so far: moments that were taken can no longer be returned to. */
  forget(): void {
    this.#undoCell.length = 0;
    this.#undoValue.length = 0;
  }

  undo(mark: Mark): void {
    while (this.#undoCell.length > mark.entries) {
      const cell = this.#undoCell.pop()!;
      const value = this.#undoValue.pop()!;
      if (typeof value === "number") this.#numbers[cell] = value;
      else this.#lists[-cell] = value;
    }
    this.#numbers.fill(0, mark.top, this.#top);
    this.#lists.length = Math.min(this.#lists.length, mark.listTop);
    this.#top = mark.top;
    this.#listTop = mark.listTop;
  }

  /** A hash of all cells: two memories with equal hashes are taken to be equal. */
  hash(): string {
    let a = 0x811c9dc5;
    let b = 0x9747b28c;
    const mix = (value: number): void => {
      a = Math.imul(a ^ (value | 0), 0x01000193);
      a ^= a >>> 13;
      b = Math.imul(b + (value | 0), 0x85ebca6b);
      b ^= b >>> 16;
      const high = Math.floor(value / 4294967296);
      if (high !== 0) b = Math.imul(b ^ high, 0xc2b2ae35);
    };
    for (let cell = 1; cell < this.#top; cell++) mix(this.#numbers[cell]!);
    for (let cell = 1; cell < this.#listTop; cell++) {
      this.#settle(cell);
      const list = this.#lists[cell] ?? EMPTY;
      mix(list.length);
      for (const value of list) mix(value);
    }
    return `${(a >>> 0).toString(36)}.${(b >>> 0).toString(36)}`;
  }
}

export interface Mark {
  readonly entries: number;
  readonly top: number;
  readonly listTop: number;
}
