/** Texts that a recording has by number: each is made and carried over once, as far as there is room. */
import type { Tables } from "../../log/tables.js";
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
}

export function textsOf(database: Database, tables: Tables): Texts {
  const by = (make: (id: number) => string): TextsById => new TextsById(database, make);
  return {
    tables,
    tasks: by((id) => tables.tasks.get(id).name),
    comms: by((id) => tables.tasks.get(id).comm),
    addresses: by((id) => tables.addresses.hex(id)),
    places: by((id) => tables.places.text(id)),
  };
}
