/** Records the operation that showed each object first, and the objects touched by operations without arguments. */
import type { CallNode } from "../reduce/call-tree.js";
import type { ObjectId } from "../reduce/objects.js";
import type { Column, Pages } from "./paged.js";
import { StringTable } from "./string-table.js";

/** Most objects recorded per operation without arguments: a module is loaded only a few times. */
const MOST = 1000;
const NOTHING: ReadonlyMap<ObjectId, number> = new Map();

export class Makers {
  /** By object: the event of the call, and the number of its operation plus one. */
  readonly #event: Column;
  readonly #operation: Column;
  readonly #words = new StringTable();
  readonly #nameless = new Map<string, Map<ObjectId, number>>();

  constructor(pages: Pages) {
    this.#event = pages.column("f64");
    this.#operation = pages.column("u32");
  }

  /** Calls come in any order. */
  touched(id: ObjectId, { seq, operation, args }: CallNode): void {
    if (args.length === 0) this.#about(id, seq, operation);
    const known = this.#event.get(id);
    if (known !== 0 && known <= seq) return;
    this.#event.set(id, seq);
    this.#operation.set(id, this.#words.of(operation) + 1);
  }

  /** By object: the first event of an operation without arguments that touches it. */
  aboutBy(operation: string): ReadonlyMap<ObjectId, number> {
    return this.#nameless.get(operation) ?? NOTHING;
  }

  /** The objects that the operation was the first to show. */
  *madeBy(operation: string): Generator<ObjectId> {
    const word = this.#words.of(operation) + 1;
    let id = 0;
    for (const found of this.#operation) {
      if (found === word) yield id;
      id++;
    }
  }

  #about(id: ObjectId, seq: number, operation: string): void {
    const about = this.#nameless.get(operation) ?? new Map<ObjectId, number>();
    this.#nameless.set(operation, about);
    if (about.size < MOST) about.set(id, Math.min(seq, about.get(id) ?? Infinity));
  }
}
