/** Texts that a recording has by number: each is made and copied to SQLite once, as far as there is room. */
import { points } from "../../../events/index.js";
import type { Tables } from "../../log/tables.js";
import { CONTEXTS } from "../../read/ndjson/format.js";
import type { Database, KeptText, Statement } from "../sqlite/database.js";

export class TextsById {
  readonly #kept: (KeptText | undefined)[] = [];

  constructor(
    private readonly database: Database,
    private readonly make: (id: number) => string,
  ) {}

  put(row: Statement, at: number, id: number): void {
    const known = this.#kept[id];
    if (known) return row.kept(at, known);
    const text = this.make(id);
    const kept = this.database.keep(text);
    if (!kept) return row.once(at, text);
    this.#kept[id] = kept;
    row.kept(at, kept);
  }
}

export interface Texts {
  readonly tables: Tables;
  /** By task: `comm-pid`, and the name alone. */
  readonly tasks: TextsById;
  readonly comms: TextsById;
  readonly addresses: TextsById;
  readonly places: TextsById;
  /** By point: the operation, and its phase. */
  readonly names: TextsById;
  readonly kinds: TextsById;
  /** By the bits of `Batch.context`. */
  readonly contexts: TextsById;
}

export function textsOf(database: Database, tables: Tables): Texts {
  const by = (make: (id: number) => string): TextsById => new TextsById(database, make);
  return {
    tables,
    tasks: by((id) => tables.tasks.get(id).name),
    comms: by((id) => tables.tasks.get(id).comm),
    addresses: by((id) => tables.addresses.hex(id)),
    places: by((id) => tables.places.text(id)),
    names: by((id) => points.points[id]?.operation.name ?? ""),
    kinds: by((id) => points.points[id]?.phase ?? "unknown"),
    contexts: by((id) => CONTEXTS[id]!),
  };
}
