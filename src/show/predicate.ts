/**
 * Parses the question of `kreel when` into a predicate over states:
 *
 *     module kvm_amd refcnt > 3      a count or another field of an object
 *     file 0xffff…#2 stage = open
 *     inode 0xffff… is gone          it lived, and has ended
 *     inode 0xffff… lives
 *     live inode >= 100              number of live objects of a kind
 *     findings > 0
 */
import { type FieldType, isKind, KINDS, kinds } from "../../events/kinds/index.js";
import { countName, type KernelObject } from "../reduce/objects.js";
import type { World } from "../reduce/world.js";
import type { Predicate } from "../seek/when.js";
import { matches, namesOf, type ObjectSpec, parseSpec } from "./object-life.js";

/** The text is no valid question. */
export class PredicateError extends Error {}

const OPERATORS: { readonly [operator: string]: (a: number | string, b: number | string) => boolean } = {
  "=": (a, b) => a === b,
  "==": (a, b) => a === b,
  "!=": (a, b) => a !== b,
  "<": (a, b) => a < b,
  "<=": (a, b) => a <= b,
  ">": (a, b) => a > b,
  ">=": (a, b) => a >= b,
};
const ASKED: ReadonlySet<FieldType> = new Set(["stage", "observed", "amount", "tally", "text", "event"]);
/** Fields of objects that can be asked for, besides the count by its name: single values that the kernel has, too. */
const FIELDS: ReadonlySet<string> = new Set([
  "count",
  "references",
  "unprobed",
  ...KINDS.flatMap((kind) =>
    Object.entries(kinds[kind].fields).flatMap(([name, { type, remembered }]) =>
      !remembered && ASKED.has(type) ? [name] : [],
    ),
  ),
]);
const COUNTS: ReadonlySet<string> = new Set(KINDS.map(countName));
const EXAMPLE = "ask like 'module kvm_amd refcnt > 3', 'inode 0xffff… is gone', 'live file >= 100' or 'findings > 0'";

export function isOf(spec: ObjectSpec, object: KernelObject, world: World): boolean {
  return matches(spec, {
    kind: object.kind,
    address: world.addresses.hex(object.address),
    generation: object.generation,
    names: namesOf(object),
  });
}

/**
 * Parses a question.
 *
 * @throws {PredicateError} If the text is no valid question.
 */
export function parsePredicate(text: string): Predicate {
  const [, subject = "", verb = ""] = /^(.+?) (lives|is gone)$/.exec(text.trim()) ?? [];
  if (verb !== "") return lifePredicate(new Wanted(parseSpec(subject)), verb === "lives");
  const [, left = "", operator = "", right = ""] = /^(.+?)\s*(==|!=|<=|>=|=|<|>)\s*(\S+)$/.exec(text.trim()) ?? [];
  if (operator === "") throw new PredicateError(`"${text}" is no question; ${EXAMPLE}`);
  const compare = OPERATORS[operator]!;
  const value = /^-?\d+$/.test(right) ? Number(right) : right;
  if (left === "findings") return (_world, findings) => compare(findings, value);
  const [, kind = ""] = /^live (\w+)$/.exec(left) ?? [];
  if (kind !== "") return countPredicate(kind, (n) => compare(n, value));
  const [, object = "", field = ""] = /^(.+) (\w+)$/.exec(left) ?? [];
  const name = COUNTS.has(field) ? "count" : field;
  if (object === "" || !FIELDS.has(name))
    throw new PredicateError(
      `"${text}" asks for ${field === "" ? "no value" : field}; there is ${["refcnt (or i_count, f_count, …)", ...FIELDS].join(", ")}`,
    );
  const wanted = new Wanted(parseSpec(object));
  return (world) => wanted.some(world, (o) => o.death === 0 && holds(valueOf(o, name), value, compare));
}

/** An unknown value neither equals nor differs. */
function holds(
  found: number | string | undefined,
  wanted: number | string,
  compare: (a: number | string, b: number | string) => boolean,
): boolean {
  return found !== undefined && typeof found === typeof wanted && compare(found, wanted);
}

function valueOf(object: KernelObject, name: string): number | string | undefined {
  if (name === "references") return object.references.length;
  const value: unknown = Object.hasOwn(object, name) ? object[name as keyof KernelObject] : undefined;
  return typeof value === "number" || typeof value === "string" ? value : undefined;
}

function lifePredicate(wanted: Wanted, lives: boolean): Predicate {
  if (lives) return (world) => wanted.some(world, (o) => o.death === 0);
  const met = new Set<number>();
  return (world) => {
    let gone = false;
    wanted.some(world, (o) => {
      if (o.death === 0) met.add(o.id);
      else gone = true;
      return false;
    });
    // A forgotten object died after it was met.
    return gone || [...met].some((id) => !world.store.any(id));
  };
}

function countPredicate(kind: string, holdsOf: (n: number) => boolean): Predicate {
  if (!isKind(kind)) throw new PredicateError(`live ${kind}: no kind of object; there is ${KINDS.join(", ")}`);
  return (world) => {
    let n = 0;
    for (const o of world.store.live()) if (o.kind === kind && o.death === 0 && o.focus) n++;
    return holdsOf(n);
  };
}

/** The objects asked for. An object is matched once, or repeatedly while it has no name. */
class Wanted {
  readonly #known = new Map<number, boolean>();

  constructor(private readonly spec: ObjectSpec) {}

  some(world: World, test: (object: KernelObject) => boolean): boolean {
    for (const object of world.store.live())
      if ((this.#known.get(object.id) ?? this.#looked(object, world)) && test(object)) return true;
    return false;
  }

  #looked(object: KernelObject, world: World): boolean {
    const is = isOf(this.spec, object, world);
    if (is || namesOf(object).length > 0 || this.spec.name.startsWith("0x")) this.#known.set(object.id, is);
    return is;
  }
}
