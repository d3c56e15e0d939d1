/**
 * The definition of a kernel operation: its C prototype, its arguments and result, how it is probed, and which kernels
 * have it.
 *
 * The catalogue is the only place that knows an operation's shape. The probe file, the parsers, the types that the
 * reducers see and the reference documentation all derive from it.
 */

import { ADDRESSED_KINDS, type Kind } from "./kinds/index.js";

/** Kernels of which there are recordings. `linux-6.12-patched` is 6.12 with only the guest_memfd inode patch. */
export const KERNELS = ["linux-6.12", "linux-6.12-patched", "linux-6.18", "linux-7.2"] as const;
/** One of the kernels that recordings vouch for. */
export type Kernel = (typeof KERNELS)[number];

/** An address in events: a small number, the same for equal addresses; 0 is NULL. */
export type AddressId = number;

/** Objects known by their address, without a life of their own in the engine. */
type Unkept = "fs_context" | "mapping" | "folio" | "rcu_head" | "gmem" | "other";

/** The kinds of object that an address can identify. */
export type ObjectKind = Kind | Unkept;

/**
 * The type with which a probe prints an argument: the type suffix of a `kprobe_events` argument. `ptr` is an address
 * (printed as `x64`).
 */
export type ArgumentType = "u8" | "s32" | "u32" | "x32" | "s64" | "u64" | "x64" | "ptr" | "string";

/** The unit of a number. */
export type Unit =
  | "references"
  | "links"
  | "bytes"
  | "bytes of a structure"
  | "pages"
  | "page index"
  | "descriptor"
  | "errno"
  | "flags"
  | "magic"
  | "boolean"
  | "module state"
  | "guest physical address"
  | "slot id"
  | "count";

/**
 * An argument or a result of an operation: its name in a recording, its type, where the probe fetches it, and what it
 * means.
 */
export interface ArgumentDefinition<Name extends string = string, Type extends ArgumentType = ArgumentType> {
  /** The name in the recording, `i_count` in `i_count=1`. */
  readonly name: Name;
  readonly type: Type;
  /** The fetch expression of a kprobe on x86-64, with its type unless it is the default: `%di`, `+0(%si):string`. */
  readonly fetch: string;
  /** One line: its meaning, and when it was read if that matters. */
  readonly meaning: string;
  readonly unit?: Unit;
  /** The kind of object that this address identifies. */
  readonly object?: ObjectKind;
  /** The form of a failure in this value: a negative errno, an `ERR_PTR`, a null pointer, or zero. */
  readonly failure?: "errno" | "ERR_PTR" | "NULL" | "zero";
  /** The event is useless without it, although it is neither an object's identity nor a result. */
  readonly essential?: true;
}

/** Kinds that the engine looks up by address: any other address identifies nothing. */
const LOOKED_UP: ReadonlySet<string> = new Set([...ADDRESSED_KINDS, "mapping", "folio", "rcu_head"]);

/**
 * True if an event is useless without this argument: the identity of an object, passed in a register, and a function's
 * result. The kernel may print `(fault)` for values that it reads through a pointer.
 */
export function isEssential({ essential, fetch, object, failure }: ArgumentDefinition): boolean {
  if (essential || failure !== undefined) return true;
  return fetch.startsWith("%") && object !== undefined && LOOKED_UP.has(object);
}

/** Marks an argument without which the operation cannot be understood. */
export function essential<const Argument extends ArgumentDefinition>(argument: Argument): Argument {
  return { ...argument, essential: true };
}

/**
 * The means of observing an operation: a dynamic probe on a function, an event that the kernel defines itself, or
 * (`marker`) text that user space wrote to `trace_marker`.
 */
export type Probe = "kprobe" | "tracepoint" | "marker";

/** The place of one of the kernel's own events in tracefs, and its text. */
export interface TracepointFormat {
  /** The directory under `events/`, `module` in `events/module/module_load`. */
  readonly system: string;
  /** The text after the event's name; `{refcnt}` stands for the argument of that name. */
  readonly print: string;
}

/** Kernels that have an operation which no recording of theirs contains, and the reason. */
export interface Unseen {
  readonly kernels: readonly Kernel[];
  readonly why: string;
  /** The operation happens there without a probe that shows it (inlined); otherwise no recorded program calls it. */
  readonly hidden?: boolean;
}

/** True if `kreel record` shows an operation on a kernel whenever it happens. */
export function shownOn(operation: OperationDefinition, kernel: Kernel): boolean {
  return (
    (operation.probed || operation.recorded === true) &&
    operation.kernels.includes(kernel) &&
    !(operation.unseen?.hidden && operation.unseen.kernels.includes(kernel))
  );
}

/** True if no kernel shows the operation though it happens: a recording that did would differ from all others. */
export function hiddenEverywhere({ unseen }: OperationDefinition): boolean {
  return unseen?.hidden === true && unseen.kernels.length === KERNELS.length;
}

/** Traits of an operation, by their effect on the engine, which knows no operation by its name. */
export const TRAITS = {
  passing: "done to any object by any caller: by itself no part of what guest_memfd does",
  everywhere: "done all the time, in every system, on every kernel",
  rare: "nothing but guest_memfd and the modules make it happen in a running system",
  "per page": "once for every page: left out of recordings of much memory",
  "per slab": "how often it happens is up to the slab allocator",
  outermost: "the first thing of a system call: nothing is open around it",
  "behind a descriptor": "its system call reserves a descriptor first",
  "within close": "what close(2) goes through between file_close_fd and the release of the file",
  "outside release": "what no file's release does: a task that does it is past one",
  "to its end": "it ends an object, and must itself be over for that",
  "descriptor number":
    "it takes or gives back the number of a descriptor: the next that is taken is the lowest that is free",
  "told untouched": "it is told though it touches nothing that is followed",
  loose: "almost everything that happens inside of it has nothing to do with guest_memfd",
  tight: "no return shows where it ends, but all that it reaches is its own",
  door: "from it on user space can reach the module, or no more: told inside what sets the module up",
} as const;
/** One of the words that say what the engine makes of an operation. */
export type Trait = keyof typeof TRAITS;

/** An entry from user space, as far as probes show it. */
export interface Entry {
  /** If one of these is around it, that one is the entry, and this a part of it. */
  readonly partOf: readonly string[];
  /** An entry only if it touches an object of guest_memfd: every process makes this call. */
  readonly ifTouched?: true;
}

/** Properties of an operation that the engine uses. */
export interface Nature {
  readonly traits?: readonly Trait[];
  readonly entry?: Entry;
  /** It only takes, gives back or hands over a reference on the object of this argument. */
  readonly holds?: string;
  /** It gives back a reference on this kind of object. */
  readonly gives?: ObjectKind;
  /** It ends an object of this kind. */
  readonly ends?: ObjectKind;
  /** A recording with probes on one of these has one on it too, and it may only lack it because of its volume. */
  readonly probedWith?: readonly string[];
}

/**
 * Context of an operation: the task that called it, or an RCU callback in whatever task the softirq or the RCU kthread
 * interrupted (which is not inside any operation of that task).
 */
export type Context = "task" | "rcu";

/** A kernel operation: prototype, arguments, result, probe, kernels, and what the engine is to make of it. */
export interface OperationDefinition<
  Name extends string = string,
  Args extends readonly ArgumentDefinition[] = readonly ArgumentDefinition[],
  Result extends ArgumentDefinition | undefined = ArgumentDefinition | undefined,
> extends Nature {
  /** The event's name in a recording; the return event has this name with `_ret` appended. */
  readonly name: Name;
  /** The kernel symbol that is probed. */
  readonly symbol: string;
  /** The module that holds the symbol; absent for vmlinux. */
  readonly module?: "kvm";
  readonly prototype: string;
  /** Source file of the definition, in the newest kernel that has it. */
  readonly source: string;
  readonly summary: string;
  readonly args: Args;
  /** The function's result, if its return is probed. */
  readonly result: Result;
  /** Its return is probed although it returns void. */
  readonly returns?: true;
  readonly probe: Probe;
  /** Present if and only if `probe` is `tracepoint`. */
  readonly tracepoint?: TracepointFormat;
  /** True if the standard set of events has it. No recording has the others yet. */
  readonly probed: boolean;
  readonly context: Context;
  /** Kernels whose recordings can contain this operation. Absent where the compiler inlines the symbol. */
  readonly kernels: readonly Kernel[];
  readonly unseen?: Unseen;
  /**
   * `kreel record` probes it, and the standard set of the first recordings does not: it was not known then, or only
   * newer kernels have it.
   */
  readonly recorded?: true;
  /** Symbols with the same parameters for kernels that refuse `symbol`: `kreel record` probes the first that it can. */
  readonly substitutes?: readonly string[];
  /**
   * Operations that it may call, directly or through code that has no probe, for operations whose return is not probed.
   * A call tree nests by pairs of entry and return; without a return, these tell how far the operation reaches. Absent:
   * no event that follows is taken to be inside it.
   */
  readonly calls?: readonly string[];
  /** Facts that surprise the reader of a recording. */
  readonly notes?: string;
}

/** True if the end of an operation is an event of its own. */
export function hasReturn({ result, returns }: OperationDefinition): boolean {
  return result !== undefined || returns === true;
}

const ALL = KERNELS;

interface Spec<
  Name extends string,
  Args extends readonly ArgumentDefinition[],
  Result extends ArgumentDefinition | undefined,
> extends Nature {
  readonly name: Name;
  readonly symbol?: string;
  readonly module?: "kvm";
  readonly prototype: string;
  readonly source: string;
  readonly summary: string;
  readonly args?: Args;
  readonly result?: Result;
  readonly returns?: true;
  readonly probe?: Probe;
  readonly tracepoint?: TracepointFormat;
  readonly probed?: boolean;
  readonly context?: Context;
  readonly kernels?: readonly Kernel[];
  readonly unseen?: Unseen;
  readonly recorded?: true;
  readonly substitutes?: readonly string[];
  readonly calls?: readonly string[];
  readonly notes?: string;
}

/** Defines one operation, with defaults that most operations share. */
export function operation<
  const Name extends string,
  const Args extends readonly ArgumentDefinition[] = readonly [],
  const Result extends ArgumentDefinition | undefined = undefined,
>(spec: Spec<Name, Args, Result>): OperationDefinition<Name, Args, Result> {
  return Object.freeze({
    symbol: spec.name,
    args: [] as unknown as Args,
    result: undefined as Result,
    probe: "kprobe" as const,
    probed: true,
    context: "task" as const,
    kernels: ALL,
    ...spec,
  }) as OperationDefinition<Name, Args, Result>;
}

/** Defines an address that identifies an object, in a register or at an offset. */
export function pointer<const Name extends string>(
  name: Name,
  object: ObjectKind,
  fetch: string,
  meaning: string,
): ArgumentDefinition<Name, "ptr"> {
  return { name, type: "ptr", fetch, meaning, object };
}

/** Defines a number, flags, or a string; the fetch expression has the type that the recording prints. */
export function value<const Name extends string, const Type extends Exclude<ArgumentType, "ptr">>(
  name: Name,
  type: Type,
  fetch: string,
  meaning: string,
  unit?: Unit,
): ArgumentDefinition<Name, Type> {
  return unit === undefined ? { name, type, fetch, meaning } : { name, type, fetch, meaning, unit };
}

/** Defines the result of a function that returns a pointer, or an error in its place. */
export function returnsPointer<const Name extends string>(
  name: Name,
  object: ObjectKind,
  failure: "ERR_PTR" | "NULL",
  meaning: string,
): ArgumentDefinition<Name, "ptr"> {
  return { name, type: "ptr", fetch: "$retval:x64", meaning, object, failure };
}

/** Defines the result of a function that returns a number, and how it reports failure. */
export function returnsNumber<const Name extends string, const Type extends "u8" | "s32" | "s64">(
  name: Name,
  type: Type,
  failure: "errno" | "zero",
  meaning: string,
  unit?: Unit,
): ArgumentDefinition<Name, Type> {
  return unit === undefined
    ? { name, type, fetch: `$retval:${type}`, meaning, failure }
    : { name, type, fetch: `$retval:${type}`, meaning, unit, failure };
}
