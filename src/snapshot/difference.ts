/** Compares two states, part by part. */
import type { PointTable } from "../../events/points.js";
import type { Tables } from "../log/tables.js";
import { labelOf } from "../reduce/identities.js";
import type { KernelObject } from "../reduce/objects.js";
import type { SavedReplay } from "../replay/replaying.js";

/** Parts of a state whose numbers are addresses. */
const ADDRESSES: ReadonlySet<string> = new Set(["address", "vmAddress", "folio", "lastHead", "codeModule"]);

export class Comparison {
  constructor(
    private readonly points: PointTable,
    /** Those of both states. */
    private readonly tables: Tables,
  ) {}

  /** The first difference: `inode 0xffff888100b08000: count: 2 / 1`; `undefined` if there is none. */
  first(a: SavedReplay, b: SavedReplay): string | undefined {
    // An object says more than the numbers that follow from it.
    return this.#lists(a.reducer.objects, b.reducer.objects, ["objects"]) ?? this.#values(a, b, []);
  }

  #values(a: unknown, b: unknown, path: readonly string[]): string | undefined {
    if (Object.is(a, b)) return undefined;
    if (typeof a !== "object" || typeof b !== "object" || a === null || b === null)
      return `${inWords(path)}: ${this.#shown(a, path)} / ${this.#shown(b, path)}`;
    if (isList(a) && isList(b)) return this.#lists(a, b, path);
    for (const key of new Set([...Object.keys(a), ...Object.keys(b)])) {
      const found = this.#values((a as Record<string, unknown>)[key], (b as Record<string, unknown>)[key], [
        ...path,
        key,
      ]);
      if (found !== undefined) return found;
    }
    return undefined;
  }

  #lists(a: ArrayLike<unknown>, b: ArrayLike<unknown>, path: readonly string[]): string | undefined {
    const length = Math.max(a.length, b.length);
    for (let k = 0; k < length; k++) {
      const [x, y] = [a[k], b[k]];
      if (isObject(x) || isObject(y)) {
        // Only one of the states has the object with the lower number.
        if (!isObject(y) || (isObject(x) && x.id < y.id)) return this.#only("the first", x as KernelObject, path);
        if (!isObject(x) || y.id < x.id) return this.#only("the second", y, path);
      }
      if (k >= a.length || k >= b.length)
        return `${inWords([...path, String(k + 1)])}: in ${k >= a.length ? "the second" : "the first"} only`;
      const found = this.#values(x, y, isObject(x) ? [labelOf(x, this.tables.addresses)] : [...path, String(k + 1)]);
      if (found !== undefined) return found;
    }
    return undefined;
  }

  #only(which: string, object: KernelObject, path: readonly string[]): string {
    return `${labelOf(object, this.tables.addresses)}, met at event ${object.met}: ${path.at(-1) === "objects" ? "lives" : inWords(path)} in ${which} only`;
  }

  #shown(value: unknown, path: readonly string[]): string {
    if (value === undefined || value === null) return "none";
    const part = path.at(-1)!;
    if (typeof value === "number") {
      if (ADDRESSES.has(part)) return this.tables.addresses.hex(value);
      if (part === "task") return this.tables.tasks.get(value).name;
      if (part === "point" || path.at(-2) === "seen") return this.points.points[value]?.event ?? String(value);
    }
    return isObject(value)
      ? labelOf(value, this.tables.addresses)
      : typeof value === "object"
        ? "some"
        : JSON.stringify(value);
  }
}

/** `last on cpu: 1: seq`. */
function inWords(path: readonly string[]): string {
  return path
    .filter((part) => part !== "reducer" && part !== "world")
    .map((part) =>
      /^[a-z]+([A-Z][a-z]*)+$/.test(part) ? part.replaceAll(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`) : part,
    )
    .join(": ");
}

function isList(value: object): value is ArrayLike<unknown> & object {
  return Array.isArray(value) || ArrayBuffer.isView(value);
}

function isObject(value: unknown): value is KernelObject {
  return typeof value === "object" && value !== null && "generation" in value && "kind" in value;
}
