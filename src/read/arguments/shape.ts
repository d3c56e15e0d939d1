/**
 * What is known of a point's arguments without any recording: their names in the source, what values they have, their
 * places.
 */
import type { ArgumentDefinition, ObjectKind } from "../../../events/definition.js";
import { points } from "../../../events/index.js";
import { parameterOf, parametersOf, sourceNameOf } from "../../../events/parameters.js";
import type { Point } from "../../../events/points.js";
import { ANY_NUMBER, ANY_POINTER, type Fit, fitOf } from "./fit.js";

/** One of the things that a probe may print, in the order of the function's parameters. */
export interface Slot {
  /** Which argument of the catalogue it is; -1 for a parameter that is none. */
  readonly k: number;
  readonly fit: Fit;
}

export class Shape {
  readonly args: readonly ArgumentDefinition[];
  /** By argument. */
  readonly fits: readonly Fit[];
  readonly parameters: readonly number[];
  readonly slots: readonly Slot[];
  /** Pointers among the function's parameters that are no argument of the catalogue, by name. */
  readonly otherPointers: readonly string[];
  readonly #index: ReadonlyMap<string, number>;
  /** Names in the source, and which argument they are; -1 for a parameter that is none. */
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

  /** Which argument the catalogue calls so; -1 for none. */
  named(name: string): number {
    return this.#index.get(name) ?? -1;
  }

  /** Which argument the source calls so: -1 for a parameter that is none, `undefined` for no name of the function's. */
  inSource(name: string): number | undefined {
    return this.#source.get(name);
  }

  #learnSource(name: string | undefined, k: number): void {
    if (name !== undefined && name !== "" && !this.#index.has(name) && !this.#source.has(name))
      this.#source.set(name, k);
  }

  /** Whether an argument is read from memory that a parameter points to. */
  #isReadThrough(arg: ArgumentDefinition, parameter: number): boolean {
    if (parameterOf(arg) >= 0) return false;
    const register = /%\w+/.exec(arg.fetch)?.[0];
    if (register !== undefined) return parameterOf({ ...arg, fetch: register }) === parameter;
    const base = /^(\w+)->/.exec(arg.fetch)?.[1] ?? "";
    return this.parameters[this.named(base)] === parameter;
  }
}

/** What an argument is: an object of a kind, or a value. */
type Sort = ObjectKind | "string" | "number";

function sortOf({ type, object }: ArgumentDefinition): Sort {
  return type === "ptr" ? (object ?? "other") : type === "string" ? "string" : "number";
}

/** By what arguments of the catalogue are called. */
const SORTS = new Map<string, Set<Sort>>();
for (const point of points.points) {
  for (const arg of point?.args ?? []) SORTS.set(arg.name, (SORTS.get(arg.name) ?? new Set()).add(sortOf(arg)));
}
/** How the kernel calls the members of its structures: `d_parent`, `i_state`, `f_op`. */
const MEMBER = /^(?:[a-z]|mnt|vm)_\w/;

/** Whether an argument can be called so: not as the catalogue calls something else, nor as a structure's member. */
export function canBeCalled(name: string, arg: ArgumentDefinition): boolean {
  if (MEMBER.test(name)) return false;
  const sort = sortOf(arg);
  return [name, ...name.split("_")].every((word) => {
    const sorts = SORTS.get(word);
    return sorts === undefined || (sort !== "other" && sorts.has(sort));
  });
}
