/** `replay --object`: prints the lives of the matching objects as they happen. */
import type { KernelObject, ObjectId } from "../reduce/objects.js";
import type { World } from "../reduce/world.js";
import { changeText } from "../describe/changes.js";
import type { Change, Row } from "../describe/chronicle.js";
import {
  endLine,
  lifeHeading,
  lifeLine,
  matches,
  mayMatch,
  nearest,
  namesOf,
  type Named,
  type ObjectSpec,
} from "../show/object-life.js";
import type { Style } from "../show/style.js";
import { UsageError } from "./trouble.js";

/** Most labels stored for suggestions. */
const MAX_LABELS = 10_000;

interface Life {
  object: KernelObject;
  label: string;
  first: number | null;
  gets: number;
  puts: number;
}

export class LifePrinter {
  readonly #lives = new Map<ObjectId, Life>();
  /** Rows of objects whose name is not known yet. */
  readonly #unnamed = new Map<ObjectId, { row: Row; change: Change }[]>();
  /** Labels to suggest, the latest of each object. */
  readonly #labels = new Map<ObjectId, string>();
  #heading = 0;
  #printed = false;

  constructor(
    private readonly spec: ObjectSpec,
    private readonly world: World,
    private readonly context: { readonly style: Style; print(line: string): void },
  ) {}

  row(row: Row): void {
    for (const change of row.changes) this.#change(row, change);
  }

  #change(row: Row, change: Change): void {
    const object = this.world.store.any(change.id) ?? this.#lives.get(change.id)?.object;
    if (!object) return;
    const named = this.#named(object);
    if (this.#labels.size < MAX_LABELS || this.#labels.has(change.id))
      this.#labels.set(
        change.id,
        named.names.length > 0 && named.kind !== "file" ? `${named.kind} ${named.names[0]!}` : change.label,
      );
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
    return {
      kind: object.kind,
      address: this.world.addresses.hex(object.address),
      generation: object.generation,
      names: namesOf(object),
    };
  }

  #print(row: Row, change: Change, object: KernelObject, named: Named): void {
    const { print, style } = this.context;
    const label = this.world.label(object);
    const step = change.from === null || change.to === null ? 0 : change.to - change.from;
    const life = this.#lives.get(object.id) ?? { object, label, first: change.from ?? change.to, gets: 0, puts: 0 };
    this.#lives.set(object.id, {
      object,
      label,
      first: life.first ?? change.from ?? change.to,
      gets: life.gets + Math.max(0, step),
      puts: life.puts + Math.max(0, -step),
    });
    if (this.#isMereEntry(row, change)) return;
    if (this.#heading !== object.id) {
      if (this.#printed) print("");
      print(lifeHeading(label, named, style));
      this.#heading = object.id;
      this.#printed = true;
    }
    print(lifeLine(row, change, style));
  }

  /** True for an entry whose return follows and tells the same. */
  #isMereEntry(row: Row, change: Change): boolean {
    return (
      row.phase === "entry" &&
      changeText(change) === "" &&
      this.world.points.byEvent(`${row.operation}_ret`) !== undefined
    );
  }

  /**
   * Prints the end of each life.
   *
   * @throws {UsageError} If no object matched.
   */
  end(labelOf: (id: ObjectId) => string): void {
    if (this.#lives.size === 0) {
      const near = nearest(this.spec.text, this.#labels.values());
      throw new UsageError(
        `--object ${this.spec.text}: no such object in this recording${near.length === 0 ? "" : `; there is ${near.join(", ")}`}`,
      );
    }
    this.context.print("");
    for (const [id, { object, label, first, gets, puts }] of this.#lives) {
      const now = this.world.store.any(id) ?? object;
      const holders = now.references.map((r) => (r.owner > 0 ? labelOf(r.owner) : r.by));
      this.context.print(
        `${label}: ${endLine({ id, label, kind: now.kind, birth: now.birth, death: now.death, count: now.count, holders, first, gets, puts })}`,
      );
    }
  }
}
