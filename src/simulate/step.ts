/**
 * The steps of a simulated kernel, as data: the event that a probe would show, the condition to wait for, the effects,
 * and the ways to fail. Kernel functions are generators that yield steps and go on with the result, a number, of each;
 * a step is atomic, and between two steps any other task may run.
 */
import type { ArgumentDefinition } from "../../events/definition.js";
import type { Operation, OperationName } from "../../events/index.js";
import type { Cell, ListCell } from "./memory.js";
import type { AnyStruct, StructKind } from "./structs.js";

/** An address inside a structure: the RCU head or the mapping of an inode. */
export interface Embedded {
  readonly of: AnyStruct;
  /** In bytes from the structure's own address. */
  readonly offset: number;
}

/** A count as it is when the event happens, not when the call was prepared. */
export interface Reading {
  readonly reads: Cell;
}

/** The number that a cell holds at the time of the event. */
export function reading(cell: Cell): Reading {
  return { reads: cell };
}

/**
 * Stands for an address: a structure, a place in one, NULL, an error (a negative number), or something that the
 * model knows by number only (a page, a table of functions).
 */
export type Address = AnyStruct | Embedded | number | null;
export type Value = Address | Reading | string;

type Given<Arg extends ArgumentDefinition> = Arg["type"] extends "ptr"
  ? Address
  : Arg["type"] extends "string"
    ? string
    : number | Reading;
/**
 * The arguments of an operation by name, as a simulated kernel gives them. Numbers of 64 bits are exact where a double
 * is.
 */
export type Arguments<Name extends OperationName> = {
  readonly [Arg in Operation<Name>["args"][number] as Arg["name"]]: Given<Arg>;
};

/** A condition on one cell. A step whose guard does not hold is blocked until it does. */
export interface Guard {
  readonly cell: Cell;
  readonly is: "=" | ">=" | "<=";
  readonly value: number;
}

/** Places in a list: the first, and the one after the last. */
interface Places {
  readonly from: number;
  readonly below: number;
}

export type Effect =
  | { readonly type: "set"; readonly cell: Cell; readonly value: number }
  /** `unless`: not when the cell holds this. */
  | { readonly type: "add"; readonly cell: Cell; readonly value: number; readonly unless: number | undefined }
  | { readonly type: "list"; readonly list: ListCell; readonly value: readonly number[] }
  | { readonly type: "append"; readonly list: ListCell; readonly values: readonly number[] }
  /** Takes out the first record of `size` numbers that begins with `value`. */
  | { readonly type: "drop"; readonly list: ListCell; readonly value: number; readonly size: number }
  /** Results in the number that was at `index` before. */
  | { readonly type: "put"; readonly list: ListCell; readonly index: number; readonly value: number }
  /** Puts `value` at the lowest free place in [from, below); results in its index, or -1 if none is free. */
  | ({ readonly type: "claim"; readonly list: ListCell; readonly value: number } & Places)
  /** Adds a range of pages, or takes it out; results in how many that changed, and keeps their sum in `count`. */
  | {
      readonly type: "cover" | "uncover";
      readonly list: ListCell;
      readonly first: number;
      readonly end: number;
      readonly count: Cell;
    }
  /** Changes nothing; results in 1 if a page is in one of the ranges, else in 0. */
  | { readonly type: "look"; readonly list: ListCell; readonly value: number }
  | { readonly type: "create"; readonly kind: StructKind }
  | { readonly type: "spawn"; readonly program: number; readonly task: number };

/** An operation that can fail here. `Machine.fault` chooses which of the errors, if any. */
export interface Fault {
  /** The call that fails, in the kernel's words: `kzalloc(gmem)`. */
  readonly site: string;
  /** The errors, negative; the first is the usual one. */
  readonly errnos: readonly number[];
  /** It is an allocation, which fault injection counts (`/proc/thread-self/fail-nth`). */
  readonly allocation: boolean;
}

/**
 * One step of a kernel function, which is atomic: the event that a probe would show, the condition to wait for, the
 * effects, the ways to fail. Absent parts have no effect.
 */
export interface Step {
  /** The operation of the catalogue; locks and the like are operations that the standard probes leave out. */
  readonly operation: OperationName | undefined;
  /** `entry` and `return` are what probes can show; `inner` is between them. */
  readonly phase: "entry" | "return" | "inner";
  readonly args: Readonly<Record<string, Value>> | undefined;
  readonly result: Address | undefined;
  readonly guard: Guard | undefined;
  readonly effects: readonly Effect[];
  readonly fault: Fault | undefined;
  /** Time that the task sleeps before it goes on, in ms of the scheduler's clock; 0: none. */
  readonly sleep: number;
  /** Names the step, in words or C, in messages about the position of a run. */
  readonly words: string;
}

/** A kernel function in progress: it yields steps, is sent the result of each, and returns as the C function does. */
export type Op<R> = Generator<Step, R, number>;

const NOTHING: readonly Effect[] = Object.freeze([]);

/** The call of an operation: its entry event. Results in 0. */
export function enter<Name extends OperationName>(operation: Name, args: Arguments<Name>): Step {
  return {
    operation,
    phase: "entry",
    args: args as Readonly<Record<string, Value>>,
    result: undefined,
    guard: undefined,
    effects: NOTHING,
    fault: undefined,
    sleep: 0,
    words: operation,
  };
}

/** The return of an operation: its return event, if it has one. Results in 0. */
export function leave(operation: OperationName, result: Address): Step {
  return {
    operation,
    phase: "return",
    args: undefined,
    result,
    guard: undefined,
    effects: NOTHING,
    fault: undefined,
    sleep: 0,
    words: operation,
  };
}

/** The same function without the events of its probes, for a file that recordings leave out. */
export function* unprobed<R>(op: Op<R>): Op<R> {
  for (let next = op.next(0); ; ) {
    if (next.done) return next.value;
    next = op.next(next.value.phase === "inner" ? yield next.value : 0);
  }
}

function inner(
  words: string,
  effects: readonly Effect[],
  guard?: Guard,
  fault?: Fault,
  operation?: OperationName,
  sleep = 0,
): Step {
  return { operation, phase: "inner", args: undefined, result: undefined, guard, effects, fault, sleep, words };
}

/** Adds to a counter atomically; results in its new value. */
export function add(cell: Cell, value: number, words: string): Step {
  return inner(words, [{ type: "add", cell, value, unless: undefined }]);
}

/** Adds to a counter unless it is 0; results in its new value, 0 if it was left alone. */
export function addUnlessZero(cell: Cell, value: number, words: string): Step {
  return inner(words, [{ type: "add", cell, value, unless: 0 }]);
}

/** Stores one value, or several at once. */
export function store(words: string, ...values: readonly (readonly [Cell, number])[]): Step {
  return inner(
    words,
    values.map(([cell, value]) => ({ type: "set", cell, value })),
  );
}

/** A step that makes a list hold these numbers. */
export function storeList(list: ListCell, value: readonly number[], words: string): Step {
  return inner(words, [{ type: "list", list, value }]);
}

/** Several effects at once; results in the result of the first. */
export function change(words: string, ...effects: readonly Effect[]): Step {
  return inner(words, effects);
}

/** Allocates a structure; results in its pointer, or 0 if the allocation fails. */
export function allocate(kind: StructKind, site: string): Step {
  return inner(site, [{ type: "create", kind }], undefined, { site, errnos: ENOMEM_ONLY, allocation: true });
}

/** Allocates a structure where failure is out of the question (at boot, or in a thread that cannot do without). */
export function create(kind: StructKind, words: string): Step {
  return inner(words, [{ type: "create", kind }]);
}

const ENOMEM_ONLY = Object.freeze([-12]);

/** An allocation of which only the failure matters; results in 0 or -ENOMEM. */
export function allocation(site: string): Step {
  return inner(site, NOTHING, undefined, { site, errnos: ENOMEM_ONLY, allocation: true });
}

/** A call that can fail for reasons outside the model; results in 0 or one of the errors. */
export function mayFail(site: string, ...errnos: readonly number[]): Step {
  return inner(site, NOTHING, undefined, { site, errnos, allocation: false });
}

/** Waits for a condition and takes effect, in one atomic step: a lock, a grace period, the end of a thread. */
export function when(
  operation: OperationName | undefined,
  words: string,
  guard: Guard,
  ...effects: readonly Effect[]
): Step {
  return inner(words, effects, guard, undefined, operation);
}

/** Sleeps: tasks that can run do so first. */
export function sleep(ms: number, words: string): Step {
  return inner(words, NOTHING, undefined, undefined, undefined, ms);
}

/** Starts a task with this task_struct that runs `Machine.programs[program]`. Results in the task's number. */
export function spawn(program: number, task: number, words: string): Step {
  return inner(words, [{ type: "spawn", program, task }]);
}
