/**
 * The parameters of an operation's function, by its prototype, and the names by which the kernel itself knows an
 * argument.
 */
import type { ArgumentDefinition, OperationDefinition } from "./definition.js";

/** Where a function finds its parameters on x86-64, in order. */
export const REGISTERS: readonly string[] = ["%di", "%si", "%dx", "%cx", "%r8", "%r9"];

export interface Parameter {
  /** As the source calls it: `filp`. */
  readonly name: string;
  readonly isPointer: boolean;
}

const NUMBERS =
  /\b(?:int|unsigned|long|short|char|bool|enum|[us](?:8|16|32|64)|(?:size|loff|uoff|pgoff|gfn|gfp|dev|umode)_t)\b/;

/** In order; what is no number by its type is taken for a pointer (`fl_owner_t`, `rcu_callback_t`). */
export function parametersOf({ prototype }: OperationDefinition): readonly Parameter[] {
  const text = prototype.slice(prototype.indexOf("(") + 1, prototype.lastIndexOf(")")).trim();
  if (text === "" || text === "void") return [];
  return text.split(",").map((declaration) => ({
    name: /(\w+)\s*$/.exec(declaration)?.[1] ?? "",
    isPointer: declaration.includes("*") || !NUMBERS.test(declaration),
  }));
}

/**
 * Which parameter an argument is, as passed in a register, from 0; -1 for what is read from memory, and for results.
 */
export function parameterOf({ fetch }: ArgumentDefinition): number {
  return REGISTERS.indexOf(fetch.replace(/:\w+$/, ""));
}

/**
 * What else probes by the kernel's types or by debug information call an argument: its parameter's name, `filp` for
 * `file`, or that of the structure's member, `i_sb` for `sb`.
 */
export function sourceNameOf(arg: ArgumentDefinition, operation: OperationDefinition): string | undefined {
  const parameter = parameterOf(arg);
  const name =
    parameter >= 0
      ? parametersOf(operation)[parameter]?.name
      : /^\w+->(\w+)(?:\.counter)?(?::\w+)?$/.exec(arg.fetch)?.[1];
  return name === arg.name ? undefined : name;
}
