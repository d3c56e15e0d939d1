/** Records the references that each guest_memfd file held when its creation returned. */
import { firstWhere } from "../base/search.js";
import type { ObjectId } from "../reduce/objects.js";
import type { Column, Pages } from "./paged.js";
import { StringTable } from "./string-table.js";

export interface FileMade {
  /** `module by try_module_get`, sorted. */
  readonly holds: readonly string[];
  /** The file system of its inode if guest_memfd mounted it; else empty. */
  readonly fsName: string;
}

export class FilesMade {
  /** Rows in the order of the events. */
  readonly #event: Column;
  readonly #holds: Column;
  readonly #fs: Column;
  /** By file: the number of its file system plus one; 0 if unknown. */
  readonly #fsOfFile: Column;
  readonly #words = new StringTable();
  /** The lists of `holds` by the number of their joined text. */
  readonly #lists = new Map<number, readonly string[]>();

  constructor(pages: Pages) {
    this.#event = pages.column("f64");
    this.#holds = pages.column("u32");
    this.#fs = pages.column("u32");
    this.#fsOfFile = pages.column("u32");
  }

  /** Adds a file; a second call for the same event overwrites the first. */
  add(event: number, file: ObjectId, holds: readonly string[], fsName: string): void {
    const last = this.#event.length - 1;
    const at = last >= 0 && this.#event.get(last) === event ? last : this.#event.push(event);
    const word = this.#words.of(holds.join());
    if (!this.#lists.has(word)) this.#lists.set(word, holds);
    const fs = this.#words.of(fsName);
    this.#holds.set(at, word);
    this.#fs.set(at, fs);
    this.#fsOfFile.set(file, fs + 1);
  }

  /** Finds the file by the event at which its creation returned. */
  at(event: number): FileMade | undefined {
    const k = firstWhere(0, this.#event.length, (one) => this.#event.get(one) >= event);
    if (k >= this.#event.length || this.#event.get(k) !== event) return undefined;
    return { holds: this.#lists.get(this.#holds.get(k))!, fsName: this.#words.text(this.#fs.get(k)) };
  }

  /** Returns `undefined` if the creation of the file was not seen. */
  fsOf(file: ObjectId): string | undefined {
    const fs = this.#fsOfFile.get(file);
    return fs === 0 ? undefined : this.#words.text(fs - 1);
  }
}
