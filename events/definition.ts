/**
 * What one kernel operation is: its C prototype, its arguments and result, how it is probed, and which kernels have it.
 *
 * The catalogue is the only place that knows an operation's shape. The probe file, the parsers, the types that the
 * reducers see and the reference documentation all derive from it.
 */

import { ADDRESSED_KINDS, type Kind } from "./kinds/index.js";

/**
 * The kernels that recordings vouch for. `linux-6.12-patched` is 6.12 with the guest_memfd inode patch and nothing
 * else.
 */
export const KERNELS = ["linux-6.12", "linux-6.12-patched", "linux-6.18", "linux-7.2"] as const;
/** One of the kernels that recordings vouch for. */
export type Kernel = (typeof KERNELS)[number];

/** An address as events carry it: a small number, the same for the same address and no other; 0 is NULL. */
export type AddressId = number;

/** What is known by its address though no life of it is kept. */
type Unkept = "fs_context" | "mapping" | "folio" | "rcu_head" | "gmem" | "other";

/** What an address can identify. */
export type ObjectKind = Kind | Unkept;

/**
 * How a probe prints an argument: the type suffix of a `kprobe_events` argument. `ptr` is an address (printed as
 * `x64`).
 */
export type ArgumentType = "u8" | "s32" | "u32" | "x32" | "s64" | "u64" | "x64" | "ptr" | "string";

/** What a number counts or measures. */
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
  /** The fetch expression of a kprobe on x86-64, with its type where it is not the default: `%di`, `+0(%si):string`. */
  readonly fetch: string;
  /** One line: what it is, and when it was read if that matters. */
  readonly meaning: string;
  readonly unit?: Unit;
  /** The kind of object whose identity this address is. */
  readonly object?: ObjectKind;
  /** How a failure reads in this value: a negative errno, an `ERR_PTR`, a null pointer, or zero. */
  readonly failure?: "errno" | "ERR_PTR" | "NULL" | "zero";
  /** An event without it does not say what it is about, although it is neither an object's identity, nor a result. */
  readonly essential?: true;
}

/** What the engine looks up by address: the address of anything else identifies nothing. */
const LOOKED_UP: ReadonlySet<string> = new Set([...ADDRESSED_KINDS, "mapping", "folio", "rcu_head"]);

/**
 * Whether an event without this argument does not say what it is about: the identity of an object, passed in a
 * register, and what a function returned. Of what is read through a pointer, the kernel may print `(fault)`.
 */
export function isEssential({ essential, fetch, object, failure }: ArgumentDefinition): boolean {
  if (essential || failure !== undefined) return true;
  return fetch.startsWith("%") && object !== undefined && LOOKED_UP.has(object);
}

/** Says that an operation cannot be understood without this argument. */
export function essential<const Argument extends ArgumentDefinition>(argument: Argument): Argument {
  return { ...argument, essential: true };
}

/**
 * How an operation is observed: by a dynamic probe on a function, by an event that the kernel defines itself, or
 * (`marker`) as text that user space wrote to `trace_marker`.
 */
export type Probe = "kprobe" | "tracepoint" | "marker";

/** Where the kernel keeps an event of its own, and how it prints one. */
export interface TracepointFormat {
  /** The directory under `events/`, `module` in `events/module/module_load`. */
  readonly system: string;
  /** The text behind the event's name; `{refcnt}` stands for the argument of that name. */
  readonly print: string;
}

/** Kernels that have an operation which no recording of theirs holds, and the reason. */
export interface Unseen {
  readonly kernels: readonly Kernel[];
  readonly why: string;
  /** It happens there and no probe shows it (inlined); else nothing that was recorded calls it. */
  readonly hidden?: boolean;
}

/** Whether what `kreel record` probes shows an operation on a kernel whenever it happens. */
export function shownOn(operation: OperationDefinition, kernel: Kernel): boolean {
  return (
    (operation.probed || operation.recorded === true) &&
    operation.kernels.includes(kernel) &&
    !(operation.unseen?.hidden && operation.unseen.kernels.includes(kernel))
  );
}

/** Whether no recording of any kernel shows it though it happens: one that did would differ from all others. */
export function hiddenEverywhere({ unseen }: OperationDefinition): boolean {
  return unseen?.hidden === true && unseen.kernels.length === KERNELS.length;
}

/**
 * What an operation can be, in words that say what the engine makes of it: the engine knows no operation by its name.
 */
export const TRAITS = {
  passing: "done to anything by anybody: by itself no part of what guest_memfd does",
  everywhere: "done all the time, in every system, on every kernel",
  rare: "nothing but guest_memfd and the modules make it happen in a running system",
  "per page": "once for every page: left out of recordings of much memory",
  "per slab": "how often it happens is up to the slab allocator",
  outermost: "the first thing of a system call: nothing is open around it",
  "behind a descriptor": "its system call reserves a descriptor first",
  "within close": "what close(2) goes through between file_close_fd and the release of the file",
  "outside release": "what no file's release does: a task that does it is past one",
  "to its end": "it ends an object, and must have come to its own end for that",
  "descriptor number":
    "it takes or gives back the number of a descriptor: the next that is taken is the lowest that is free",
  "told untouched": "it is told though it touches nothing that is followed",
  loose: "almost everything that happens inside of it has nothing to do with guest_memfd",
  tight: "no return shows where it ends, but all that it reaches is its own",
  door: "from it on user space can reach the module, or no more: told inside what sets the module up",
} as const;
/** One of the words that say what the engine makes of an operation. */
export type Trait = keyof typeof TRAITS;

/** An entry from user space, as far as probes show them. */
export interface Entry {
  /** Around it, these are the entry, and it is a part of them. */
  readonly partOf: readonly string[];
  /** Only where it touches what guest_memfd is made of: every process does it. */
  readonly ifTouched?: true;
}

/** What the engine asks of an operation. */
export interface Nature {
  readonly traits?: readonly Trait[];
  readonly entry?: Entry;
  /** It takes, gives back or hands over a reference on the object of this argument, and does nothing else. */
  readonly holds?: string;
  /** It is how a reference on this kind of object is given back. */
  readonly gives?: ObjectKind;
  /** It ends an object of this kind. */
  readonly ends?: ObjectKind;
  /** Whoever probes one of these probes it too, and only volume ever keeps a probe out of a recording. */
  readonly probedWith?: readonly string[];
}

/**
 * Where an operation's code runs: in the task that called it, or as an RCU callback in whatever task the softirq or the
 * RCU kthread interrupted (so that it happens inside nothing of that task).
 */
export type Context = "task" | "rcu";

/** A kernel operation: prototype, arguments, result, probe, kernels, and what the engine is to make of it. */
export interface OperationDefinition<
  Name extends string = string,
  Args extends readonly ArgumentDefinition[] = readonly ArgumentDefinition[],
  Result extends ArgumentDefinition | undefined = ArgumentDefinition | undefined,
> extends Nature {
  /** The event's name in a recording; the return event is this with `_ret` behind it. */
  readonly name: Name;
  /** The kernel symbol that is probed. */
  readonly symbol: string;
  /** The module that holds the symbol; absent for vmlinux. */
  readonly module?: "kvm";
  readonly prototype: string;
  /** Source file of the definition, as of the newest kernel that has it. */
  readonly source: string;
  readonly summary: string;
  readonly args: Args;
  /** What the function returns, when its return is probed. */
  readonly result: Result;
  /** Its return is probed although it returns nothing. */
  readonly returns?: true;
  readonly probe: Probe;
  /** Present exactly where `probe` is `tracepoint`. */
  readonly tracepoint?: TracepointFormat;
  /** Whether the standard set of events has it. What is not probed is in no recording yet. */
  readonly probed: boolean;
  readonly context: Context;
  /** Kernels whose recordings can hold this operation. A symbol that is inlined away in a release is absent there. */
  readonly kernels: readonly Kernel[];
  readonly unseen?: Unseen;
  /**
   * `kreel record` probes it; the standard set does not, which the first recordings were made with: it was not known
   * then, or only newer kernels have it.
   */
  readonly recorded?: true;
  /**
   * Symbols with the same parameters that `kreel record` probes, the first that it can, where a kernel refuses
   * `symbol`.
   */
  readonly substitutes?: readonly string[];
  /**
   * What it may call, directly or through code that has no probe, for operations whose return is not probed. A call
   * tree nests by pairs of entry and return; where there is no return, these say how far the operation reaches. Absent:
   * nothing that follows is taken to be inside it.
   */
  readonly calls?: readonly string[];
  /** Facts that a reader of a recording stumbles over. */
  readonly notes?: string;
}

/** Whether the end of an operation is an event of its own. */
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

/** Defines one operation; what is left out has the default that most operations share. */
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

/** An address that identifies an object, in register or at an offset. */
export function pointer<const Name extends string>(
  name: Name,
  object: ObjectKind,
  fetch: string,
  meaning: string,
): ArgumentDefinition<Name, "ptr"> {
  return { name, type: "ptr", fetch, meaning, object };
}

/** A number, flags, or a string; the fetch expression carries the type that the recording prints. */
export function value<const Name extends string, const Type extends Exclude<ArgumentType, "ptr">>(
  name: Name,
  type: Type,
  fetch: string,
  meaning: string,
  unit?: Unit,
): ArgumentDefinition<Name, Type> {
  return unit === undefined ? { name, type, fetch, meaning } : { name, type, fetch, meaning, unit };
}

/** A function that returns a pointer, or an error in its place. */
export function returnsPointer<const Name extends string>(
  name: Name,
  object: ObjectKind,
  failure: "ERR_PTR" | "NULL",
  meaning: string,
): ArgumentDefinition<Name, "ptr"> {
  return { name, type: "ptr", fetch: "$retval:x64", meaning, object, failure };
}

/** A function that returns a number, with how it reports failure. */
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
