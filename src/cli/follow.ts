/** `replay --object`: prints the lives of the objects that were asked for, while they happen. */
import type { KernelObject, ObjectId } from "../reduce/objects.js";
import type { World } from "../reduce/world.js";
import type { Change, Row } from "../show/chronicle.js";
import { endLine, lifeHeading, lifeLines, matches, mayMatch, nearest, namesOf, type Named, type ObjectSpec } from "../show/object-life.js";
import type { Style } from "../show/style.js";
import { UsageError } from "./trouble.js";

/** Labels that are remembered to suggest from. */
const MAX_LABELS = 10_000;

interface Life {
  object: KernelObject;
  label: string;
  gets: number;
  puts: number;
}

export class Follower {
  readonly #lives = new Map<ObjectId, Life>();
  /** Rows of objects whose name is not known yet. */
  readonly #unnamed = new Map<ObjectId, { row: Row; change: Change }[]>();
  readonly #labels = new Set<string>();
  #heading = 0;
  #printed = false;

  constructor(
    private readonly spec: ObjectSpec,
    private readonly world: World,
    private readonly context: { readonly style: Style; readonly width: number; print(line: string): void },
  ) {}

  row(row: Row): void {
    for (const change of row.changes) this.#change(row, change);
  }

  #change(row: Row, change: Change): void {
    const object = this.world.store.any(change.id) ?? this.#lives.get(change.id)?.object;
    if (this.#labels.size < MAX_LABELS) this.#labels.add(change.label);
    if (!object) return;
    const named = this.#named(object);
    if (matches(this.spec, named)) {
      for (const early of this.#unnamed.get(object.id) ?? []) this.#print(early.row, early.change, object, named);
      this.#unnamed.delete(object.id);
      this.#print(row, change, object, named);
    } else if (mayMatch(this.spec, named)) {
      const kept = this.#unnamed.get(object.id);
      if (kept) kept.push({ row, change });
      else this.#unnamed.set(object.id, [{ row, change }]);
    } else this.#unnamed.delete(object.id);
  }

  #named(object: KernelObject): Named {
    return { kind: object.kind, address: this.world.addresses.hex(object.address), generation: object.generation, names: namesOf(object) };
  }

  #print(row: Row, change: Change, object: KernelObject, named: Named): void {
    const { print, style, width } = this.context;
    const label = this.world.label(object);
    const life = this.#lives.get(object.id) ?? { object, label, gets: 0, puts: 0 };
    this.#lives.set(object.id, { object, label, gets: life.gets + change.taken.length, puts: life.puts + change.given.length });
    if (this.#heading !== object.id) {
      if (this.#printed) print("");
      print(lifeHeading(label, named, style));
      this.#heading = object.id;
      this.#printed = true;
    }
    for (const line of lifeLines(row, change, width, style)) print(line);
  }

  /** How each life ended. Throws for a name that nothing had. */
  end(labelOf: (id: ObjectId) => string): void {
    if (this.#lives.size === 0) {
      const near = nearest(this.spec.text, this.#labels);
      throw new UsageError(`--object ${this.spec.text}: no such object in this recording${near.length === 0 ? "" : `; there is ${near.join(", ")}`}`);
    }
    this.context.print("");
    for (const [id, { object, label, gets, puts }] of this.#lives) {
      const now = this.world.store.any(id) ?? object;
      const holders = now.references.map((r) => (r.owner > 0 ? labelOf(r.owner) : r.by));
      this.context.print(`${label}: ${endLine({ id, label, kind: now.kind, birth: now.birth, death: now.death, count: now.count, holders, gets, puts })}`);
    }
  }
}
