/**
 * Pairs the objects of two states by what they are, not by address: by kind and name, and nameless ones (an inode, a
 * dentry, a VM) by their holder; of several, the first with the first.
 */
import { COUNTED_KINDS, kinds } from "../../../events/kinds/index.js";
import type { ShownObject } from "../../show/state.js";

export interface StatePair {
  /** Marks as in a hunk: `-` lives only before, `+` only after, `~` lives on both sides and differs. */
  readonly mark: "=" | "-" | "+" | "~";
  readonly kind: string;
  readonly before: PairedObject | undefined;
  readonly after: PairedObject | undefined;
}

export interface PairedObject {
  readonly object: ShownObject;
  readonly facts: readonly Said[];
  readonly references: readonly Said[];
}

export interface Said {
  readonly text: string;
  /** True if the other side lacks it. */
  readonly differs: boolean;
}

/** Levels of holders searched for a name. */
const FAR = 4;
/** Kinds that a patch may rename: the name distinguishes them only if both sides have it. */
const RENAMED = new Set<string>(COUNTED_KINDS.filter((kind) => !kinds[kind].lasting));

/** `nameOf` returns an object's name without the address; empty if unknown. */
export function pairStates(
  before: readonly ShownObject[],
  after: readonly ShownObject[],
  nameOf: { readonly before: (object: ShownObject) => string; readonly after: (object: ShownObject) => string },
): StatePair[] {
  const left = rolesOf(before, nameOf.before);
  const right = rolesOf(after, nameOf.after);
  const partner = new Map<ShownObject, ShownObject>();
  const taken = new Set<ShownObject>();
  const match = (keyOf: (object: ShownObject, roles: ReadonlyMap<ShownObject, string>) => string | undefined): void => {
    const waiting = new Map<string, ShownObject[]>();
    for (const object of after) {
      const key = taken.has(object) ? undefined : keyOf(object, right);
      if (key === undefined) continue;
      const list = waiting.get(key);
      if (list) list.push(object);
      else waiting.set(key, [object]);
    }
    for (const list of waiting.values()) list.reverse();
    for (const object of before) {
      const key = partner.has(object) ? undefined : keyOf(object, left);
      const other = key === undefined ? undefined : waiting.get(key)?.pop();
      if (!other) continue;
      partner.set(object, other);
      taken.add(other);
    }
  };
  match((object, roles) => roles.get(object)!);
  match(({ kind }) => (RENAMED.has(kind) ? kind : undefined));
  return inOrder(before, after, partner);
}

/** Orders pairs as in the state after; within a kind, objects that live only before come last. */
function inOrder(
  before: readonly ShownObject[],
  after: readonly ShownObject[],
  partner: ReadonlyMap<ShownObject, ShownObject>,
): StatePair[] {
  const kinds = [...new Set([...after, ...before].map(({ kind }) => kind))];
  const of = new Map([...partner].map(([x, y]) => [y, x]));
  return kinds.flatMap((kind) => [
    ...after.filter((object) => object.kind === kind).map((object) => paired(of.get(object), object)),
    ...before
      .filter((object) => object.kind === kind && !partner.has(object))
      .map((object) => paired(object, undefined)),
  ]);
}

function paired(before: ShownObject | undefined, after: ShownObject | undefined): StatePair {
  const facts = compared(before?.facts, after?.facts);
  const references = compared(before && heldBy(before), after && heldBy(after));
  const side = (object: ShownObject | undefined, which: 0 | 1): PairedObject | undefined =>
    object && { object, facts: facts[which], references: references[which] };
  const differs = [...facts, ...references].some((said) => said.some((one) => one.differs));
  return {
    mark: !before ? "+" : !after ? "-" : differs ? "~" : "=",
    kind: (after ?? before)!.kind,
    before: side(before, 0),
    after: side(after, 1),
  };
}

function heldBy({ references, unprobed }: ShownObject): string[] {
  return [
    ...references.map(({ owner, by }) => `held by ${owner} (${by})`),
    ...(unprobed > 0 ? [`${unprobed} taken by untraced callers`] : []),
  ];
}

function compared(
  before: readonly string[] | undefined,
  after: readonly string[] | undefined,
): readonly [Said[], Said[]] {
  return [said(before, after), said(after, before)];
}

/** An object without a counterpart differs as a whole, not in its facts. */
function said(mine: readonly string[] | undefined, others: readonly string[] | undefined): Said[] {
  const left = new Map<string, number>();
  for (const text of others ?? []) left.set(essence(text), (left.get(essence(text)) ?? 0) + 1);
  return (mine ?? []).map((text) => {
    const count = left.get(essence(text)) ?? 0;
    left.set(essence(text), count - 1);
    return { text, differs: others !== undefined && count < 1 };
  });
}

/** Removes addresses and numbers that differ in every run. */
function essence(text: string): string {
  return text
    .replace(/ ?0x[0-9a-f]+(#\d+)?/g, "")
    .replace(/\bevent \d+/g, "event")
    .replace(/-\d+\b/g, "");
}

function rolesOf(objects: readonly ShownObject[], nameOf: (object: ShownObject) => string): Map<ShownObject, string> {
  const byId = new Map(objects.map((object) => [object.id, object]));
  const roles = new Map<ShownObject, string>();
  const roleOf = (object: ShownObject, far: number): string => {
    const known = roles.get(object);
    if (known !== undefined) return known;
    const name = nameOf(object);
    // Set first, so that objects that hold each other end the recursion.
    roles.set(object, `${object.kind} ${name}`);
    if (name !== "" || far === 0) return roles.get(object)!;
    const holders = object.references.map(({ owner, ownerId }) => {
      const holder = byId.get(ownerId);
      return holder ? roleOf(holder, far - 1) : essence(owner);
    });
    roles.set(object, `${object.kind} of ${holders.sort()[0] ?? ""}`);
    return roles.get(object)!;
  };
  for (const object of objects) roleOf(object, FAR);
  return roles;
}
