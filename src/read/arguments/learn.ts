/**
 * Identifies the arguments of an event that have other names than in the catalogue, only if there is no doubt:
 *
 * - the only argument of a return is the result, whatever its name; of several, the one called `ret` or the like;
 * - an argument with a name of the kernel's source (`filp`, `i_sb`) is that one;
 * - `arg1=`, `arg2=`, …, the kernel's numbers for arguments without a name, are in the catalogue's order if there are
 *   as many, or if pointers among them fit only one position each, whichever others were left out;
 * - the only one that can be a pointer is the only pointer of the catalogue that is missing, if that is passed in a
 *   register, no other pointer parameter could be it as well, and it is in its position; likewise the only string.
 *
 * Other numbers are never identified: the possible values of two numbers are the same.
 */
import { fits, mayBe } from "./fit.js";
import { POINTER } from "./offer.js";
import { canBeCalled, type Shape, type Slot } from "./shape.js";

/** An argument of an event. */
export interface Printed {
  readonly name: string;
  /** Bits of an `Offer`: the kinds of all values of this name so far. */
  readonly seen: number;
  /** The argument of the catalogue that it is known to be; -1 for none. */
  readonly k: number;
  /** It is not known yet, so it can be learned. */
  readonly isNew: boolean;
}

export interface Learned {
  /** Index of the event's argument. */
  readonly at: number;
  readonly k: number;
}

const RESULTS: ReadonlySet<string> = new Set(["ret", "retval", "result", "rv", "rc"]);
const NUMBERED = /^arg[1-9]\d?$/;

export function isNumbered(name: string): boolean {
  return NUMBERED.test(name);
}

/**
 * Returns newly identified arguments, which are valid only together. `missing`, by argument of the catalogue: the event
 * has none of that name.
 */
export function learn(shape: Shape, event: readonly Printed[], missing: readonly boolean[]): readonly Learned[] {
  if (shape.point.phase === "return") return result(shape, event);
  const bySource = event.flatMap(({ name, seen, isNew }, at) => {
    const k = isNew ? (shape.inSource(name) ?? -1) : -1;
    return k >= 0 && missing[k] && fits(seen, shape.fits[k]!) ? [{ at, k }] : [];
  });
  if (bySource.length > 0) return bySource.slice(0, 1);
  for (const rule of [inCatalogueOrder, inOrder, onlyPointer, onlyString, onlyNumber]) {
    const learned = rule(shape, event, missing);
    if (learned.length > 0) return learned;
  }
  return [];
}

function result(shape: Shape, event: readonly Printed[]): readonly Learned[] {
  const called = event.flatMap(({ name }, at) => (event.length === 1 || RESULTS.has(name) ? [at] : []));
  const [at] = called;
  if (called.length !== 1 || at === undefined) return [];
  const { name, seen, isNew } = event[at]!;
  const arg = shape.args[0]!;
  const isParameter =
    shape.inSource(name) !== undefined || (arg.type === "ptr" && !isNumbered(name) && !canBeCalled(name, arg));
  return isNew && !isParameter && fits(seen, shape.fits[0]!) ? [{ at, k: 0 }] : [];
}

/**
 * Matches as many arguments as the catalogue has: `arg2=` in the second position, and so on, or the name of that
 * position.
 */
function inCatalogueOrder(
  { args, fits: wanted, parameters, otherPointers }: Shape,
  event: readonly Printed[],
  missing: readonly boolean[],
): readonly Learned[] {
  if (event.length !== args.length) return [];
  if (args.length === 1 && otherPointers.length > 0 && parameters[0] !== 0) return [];
  const numbered = event.flatMap(({ name, isNew }, at) => (isNew && name === `arg${at + 1}` ? [{ at, k: at }] : []));
  const all = event.every(
    ({ k, seen }, at) =>
      k === at || (numbered.some((one) => one.at === at) && missing[at]! && mayBe(seen, wanted[at]!)),
  );
  return all && numbered.some(({ at }) => fits(event[at]!.seen, wanted[at]!)) ? numbered : [];
}

/** Matches numbered arguments of which some were left out: pointers that fit only one position. */
function inOrder(
  { args, fits: wanted, parameters, slots }: Shape,
  event: readonly Printed[],
  missing: readonly boolean[],
): readonly Learned[] {
  if (!event.every(({ name, k, isNew }, at) => k >= 0 || (isNew && name === `arg${at + 1}`))) return [];
  const canBe = ({ seen, k }: Printed, slot: Slot): boolean =>
    k >= 0 ? slot.k === k : mayBe(seen, slot.fit) && (slot.k < 0 || missing[slot.k]!);
  const first = placed(event, slots, canBe);
  const last = placed([...event].reverse(), [...slots].reverse(), canBe)?.reverse();
  if (!first || !last) return [];
  return event.flatMap(({ k: known, seen }, at) => {
    const slot = first[at]!;
    const { k } = slot;
    return known < 0 &&
      slot === last[at] &&
      k >= 0 &&
      args[k]!.type === "ptr" &&
      parameters[k]! >= 0 &&
      fits(seen, wanted[k]!)
      ? [{ at, k }]
      : [];
  });
}

/** Places each at its first possible position; `undefined` if one has none. */
function placed(
  event: readonly Printed[],
  slots: readonly Slot[],
  canBe: (printed: Printed, slot: Slot) => boolean,
): Slot[] | undefined {
  const places: Slot[] = [];
  let next = 0;
  for (const printed of event) {
    while (next < slots.length && !canBe(printed, slots[next]!)) next++;
    if (next === slots.length) return undefined;
    places.push(slots[next++]!);
  }
  return places;
}

function onlyPointer(shape: Shape, event: readonly Printed[], missing: readonly boolean[]): readonly Learned[] {
  const { args, parameters, otherPointers } = shape;
  const k = only(args.flatMap(({ type }, j) => (type === "ptr" && missing[j] ? [j] : [])));
  const at = onlyOneFor(shape, event, k);
  if (at < 0 || parameters[k]! < 0) return [];
  const { seen } = event[at]!;
  // A zero can be a number as well.
  if (
    (seen & POINTER) === 0 &&
    shape.slots.some((slot) => slot.k !== k && (slot.k < 0 || missing[slot.k]!) && mayBe(seen, slot.fit))
  )
    return [];
  const isUnmistakable = otherPointers.every((name) => event.some((printed) => printed.name === name));
  // All others have their names and positions.
  const isLast =
    args.length > 1 &&
    event.length === args.length &&
    event.every((printed, j) => j === at || printed.k === j) &&
    at === k;
  return isUnmistakable || isLast ? [{ at, k }] : [];
}

function onlyString(shape: Shape, event: readonly Printed[], missing: readonly boolean[]): readonly Learned[] {
  const k = only(shape.args.flatMap(({ type }, j) => (type === "string" && missing[j] ? [j] : [])));
  const at = onlyOneFor(shape, event, k);
  return at < 0 ? [] : [{ at, k }];
}

/** Matches the only argument of a function that takes one number, to a probe that prints one. */
function onlyNumber(shape: Shape, event: readonly Printed[], missing: readonly boolean[]): readonly Learned[] {
  const [slot] = shape.slots;
  const isAlone =
    shape.slots.length === 1 && slot!.k === 0 && shape.args[0]!.type !== "ptr" && event.length === 1 && missing[0];
  return isAlone && onlyOneFor(shape, event, 0) === 0 ? [{ at: 0, k: 0 }] : [];
}

/**
 * Returns the index of the only argument that can be `k`, if its position among those that are known is right;
 * otherwise -1.
 */
function onlyOneFor(shape: Shape, event: readonly Printed[], k: number): number {
  if (k < 0) return -1;
  const { args, fits: wanted } = shape;
  const isCandidate = ({ name, seen, isNew }: Printed): boolean =>
    isNew &&
    fits(seen, wanted[k]!) &&
    shape.inSource(name) === undefined &&
    (isNumbered(name) || canBeCalled(name, args[k]!));
  const at = only(event.flatMap((printed, j) => (isCandidate(printed) ? [j] : [])));
  return at >= 0 && event.every((printed, j) => printed.k < 0 || j < at === printed.k < k) ? at : -1;
}

function only(of: readonly number[]): number {
  return of.length === 1 ? of[0]! : -1;
}
