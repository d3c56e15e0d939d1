/**
 * The facts about a point's arguments that do not depend on a recording: their names in the source, their possible
 * values, their positions.
 */
import type { ArgumentDefinition, ObjectKind } from "../../../events/definition.js";
import { points } from "../../../events/index.js";
import { parameterOf, parametersOf, sourceNameOf } from "../../../events/parameters.js";
import type { Point } from "../../../events/points.js";
import { ANY_NUMBER, ANY_POINTER, type Fit, fitOf } from "./fit.js";

/** A value that a probe may print, in the order of the function's parameters. */
export interface Slot {
  /** Its argument of the catalogue; -1 for a parameter that is none. */
  readonly k: number;
  readonly fit: Fit;
}

export class Shape {
  readonly args: readonly ArgumentDefinition[];
  /** By argument. */
  readonly fits: readonly Fit[];
  readonly parameters: readonly number[];
  readonly slots: readonly Slot[];
  /** Names of pointer parameters of the function that are no argument of the catalogue. */
  readonly otherPointers: readonly string[];
  readonly #index: ReadonlyMap<string, number>;
  /** Names in the source, with their arguments; -1 for a parameter that is none. */
  readonly #source = new Map<string, number>();

  constructor(readonly point: Point) {
    const { args, operation } = point;
    this.args = args;
    this.fits = args.map(fitOf);
    this.parameters = args.map(parameterOf);
    this.#index = new Map(args.map(({ name }, k) => [name, k]));
    if (point.phase === "entry") args.forEach((arg, k) => this.#learnSource(sourceNameOf(arg, operation), k));
    const parameters = parametersOf(operation);
    for (const { name } of parameters) this.#learnSource(name, -1);
    const isOther = (_: unknown, j: number): boolean => !this.parameters.includes(j);
    this.otherPointers = parameters.filter(isOther).flatMap(({ name, isPointer }) => (isPointer ? [name] : []));
    this.slots = parameters.flatMap(({ isPointer }, j) => {
      const k = this.parameters.indexOf(j);
      const own: Slot = { k, fit: k >= 0 ? this.fits[k]! : isPointer ? ANY_POINTER : ANY_NUMBER };
      return [
        own,
        ...args.flatMap((arg, read) => (this.#isReadThrough(arg, j) ? [{ k: read, fit: this.fits[read]! }] : [])),
      ];
    });
  }

  /** Returns the argument with this name in the catalogue; -1 for none. */
  named(name: string): number {
    return this.#index.get(name) ?? -1;
  }

  /**
   * Returns the argument with this name in the source: -1 for a parameter that is none, `undefined` for a name that the
   * function does not have.
   */
  inSource(name: string): number | undefined {
    return this.#source.get(name);
  }

  #learnSource(name: string | undefined, k: number): void {
    if (name !== undefined && name !== "" && !this.#index.has(name) && !this.#source.has(name))
      this.#source.set(name, k);
  }

  /** True if an argument is read from memory that a parameter points to. */
  #isReadThrough(arg: ArgumentDefinition, parameter: number): boolean {
    if (parameterOf(arg) >= 0) return false;
    const register = /%\w+/.exec(arg.fetch)?.[0];
    if (register !== undefined) return parameterOf({ ...arg, fetch: register }) === parameter;
    const base = /^(\w+)->/.exec(arg.fetch)?.[1] ?? "";
    return this.parameters[this.named(base)] === parameter;
  }
}

/** The sort of an argument: an object of a kind, or a value. */
type Sort = ObjectKind | "string" | "number";

function sortOf({ type, object }: ArgumentDefinition): Sort {
  return type === "ptr" ? (object ?? "other") : type === "string" ? "string" : "number";
}

/** By name, the sorts of the catalogue's arguments. */
const SORTS = new Map<string, Set<Sort>>();
for (const point of points.points) {
  for (const arg of point?.args ?? []) SORTS.set(arg.name, (SORTS.get(arg.name) ?? new Set()).add(sortOf(arg)));
}
/** Names of the kernel's structure members: `d_parent`, `i_state`, `f_op`. */
const MEMBER = /^(?:[a-z]|mnt|vm)_\w/;

/**
 * True if an argument can have this name: it is neither the catalogue's name for another sort, nor a structure's
 * member.
 */
export function canBeCalled(name: string, arg: ArgumentDefinition): boolean {
  if (MEMBER.test(name)) return false;
  const sort = sortOf(arg);
  return [name, ...name.split("_")].every((word) => {
    const sorts = SORTS.get(word);
    return sorts === undefined || (sort !== "other" && sorts.has(sort));
  });
}
