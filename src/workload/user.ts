/** What a program keeps in user space. */
import type { Kernel } from "../kernels/kernel.js";
import { change, create, store, type Op } from "../simulate/step.js";
import type { Struct } from "../simulate/structs.js";

export type User = Struct<"user">;

/** What `over` says of a program that another has replaced; else the signal that ended it. */
export const REPLACED = -1;

/** What a line comes to: a result, and what is printed behind it. */
export interface Outcome {
  readonly result: number;
  /** The result is -1, and yet no system call failed: errno is 0. */
  readonly unset?: true;
  readonly extra?: string;
}

/** There was nothing to do it to. */
export const UNSET: Outcome = { result: -1, unset: true };

export function userOf(kernel: Kernel): User {
  return kernel.user(kernel.get(kernel.current.user));
}

/** What a child has of it: a copy, in which nobody else runs. */
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

/** A signal that nobody handles: the process takes no further line. */
export function* kill(user: User, signal: number): Op<void> {
  yield store("do_group_exit(signal)", [user.over, signal]);
}

// Names: the numbers that are kept of each.

const VARIABLE = 2;
const MAPPING = 3;

/** The descriptor that a name stands for, or -1. */
export function variable(kernel: Kernel, user: User, name: string): number {
  const variables = kernel.list(user.variables);
  const number = kernel.words.number(name);
  for (let k = 0; k < variables.length; k += VARIABLE) if (variables[k] === number) return variables[k + 1]!;
  return -1;
}

/** Comes to the descriptor, or to the error in its place, of which the name does not change. */
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

/** Where something is mapped, and how much. */
export interface Mapping {
  readonly address: number;
  readonly pages: number;
}

/** The mapping that was given this name last, of those that are left. */
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
