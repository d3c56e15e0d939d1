/** The state of a program in user space. */
import type { Kernel } from "../kernels/kernel.js";
import { change, create, store, type Op } from "../simulate/step.js";
import type { Struct } from "../simulate/structs.js";

export type User = Struct<"user">;

/** The value of `user.over` after execve(2); otherwise it is the signal that ended the program, or 0. */
export const REPLACED = -1;

/** The outcome of a line: a result, and the text to print after it. */
export interface Outcome {
  readonly result: number;
  /** The result is -1, and yet no system call failed: errno is 0. */
  readonly unset?: true;
  readonly extra?: string;
}

/** The outcome of an operation whose object does not exist. */
export const UNSET: Outcome = { result: -1, unset: true };

export function userOf(kernel: Kernel): User {
  return kernel.user(kernel.get(kernel.current.user));
}

/** Returns a child's copy, with no threads and children running. */
export function* copyOf(kernel: Kernel, user: User): Op<User> {
  const copy = kernel.user(yield create("user", "copy_page_range(dst_vma, src_vma)"));
  yield change(
    "copy_page_range(dst_vma, src_vma)",
    { type: "list", list: copy.variables, value: kernel.list(user.variables) },
    { type: "list", list: copy.mappings, value: kernel.list(user.mappings) },
    { type: "list", list: copy.threads, value: kernel.list(user.threads) },
  );
  return copy;
}

/** Kills the process with a signal without handler: it takes no further line. */
export function* kill(user: User, signal: number): Op<void> {
  yield store("do_group_exit(signal)", [user.over, signal]);
}

// Numbers of a record of each.

const VARIABLE = 2;
const MAPPING = 3;

/** The descriptor that a name stands for, or -1. */
export function variable(kernel: Kernel, user: User, name: string): number {
  const variables = kernel.list(user.variables);
  const number = kernel.words.number(name);
  for (let k = 0; k < variables.length; k += VARIABLE) if (variables[k] === number) return variables[k + 1]!;
  return -1;
}

/** Gives a descriptor a name and returns it; an error is returned as it is, and the name keeps its descriptor. */
export function* assign(kernel: Kernel, user: User, name: string, fd: number): Op<number> {
  if (fd < 0) return fd;
  const number = kernel.words.number(name);
  yield change(
    `${name} = ${fd}`,
    { type: "drop", list: user.variables, value: number, size: VARIABLE },
    { type: "append", list: user.variables, values: [number, fd] },
  );
  return fd;
}

/** A mapping: its address, and its length in pages. */
export interface Mapping {
  readonly address: number;
  readonly pages: number;
}

/** The mapping that was given this name last, of those not yet unmapped. */
export function mapping(kernel: Kernel, user: User, name: string): Mapping | undefined {
  const mappings = kernel.list(user.mappings);
  const number = kernel.words.number(name);
  for (let k = mappings.length - MAPPING; k >= 0; k -= MAPPING)
    if (mappings[k + 1] === number) return { address: mappings[k]!, pages: mappings[k + 2]! };
  return undefined;
}

export function* nameMapping(kernel: Kernel, user: User, name: string, { address, pages }: Mapping): Op<void> {
  yield change(`${name} = mmap(2)`, {
    type: "append",
    list: user.mappings,
    values: [address, kernel.words.number(name), pages],
  });
}

export function* forgetMapping(user: User, { address }: Mapping): Op<void> {
  yield change("munmap(2)", { type: "drop", list: user.mappings, value: address, size: MAPPING });
}
