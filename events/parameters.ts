/** The parameters of an operation's function, by its prototype, and the kernel's own names for arguments. */
import type { ArgumentDefinition, OperationDefinition } from "./definition.js";

/** The registers of a function's parameters on x86-64, in order. */
export const REGISTERS: readonly string[] = ["%di", "%si", "%dx", "%cx", "%r8", "%r9"];

export interface Parameter {
  /** Its name in the source: `filp`. */
  readonly name: string;
  readonly isPointer: boolean;
}

const NUMBERS =
  /\b(?:int|unsigned|long|short|char|bool|enum|[us](?:8|16|32|64)|(?:size|loff|uoff|pgoff|gfn|gfp|dev|umode)_t)\b/;

/**
 * Returns the parameters in order; a type that is not a number's is taken for a pointer (`fl_owner_t`,
 * `rcu_callback_t`).
 */
export function parametersOf({ prototype }: OperationDefinition): readonly Parameter[] {
  const text = prototype.slice(prototype.indexOf("(") + 1, prototype.lastIndexOf(")")).trim();
  if (text === "" || text === "void") return [];
  return text.split(",").map((declaration) => ({
    name: /(\w+)\s*$/.exec(declaration)?.[1] ?? "",
    isPointer: declaration.includes("*") || !NUMBERS.test(declaration),
  }));
}

/**
 * Returns the index of the parameter that an argument is, as passed in a register; -1 for values read from memory, and
 * for results.
 */
export function parameterOf({ fetch }: ArgumentDefinition): number {
  return REGISTERS.indexOf(fetch.replace(/:\w+$/, ""));
}

/**
 * Returns the name that tools which probe by the kernel's types or by debug information use for an argument: its
 * parameter's name, `filp` for `file`, or that of the structure's member, `i_sb` for `sb`.
 */
export function sourceNameOf(arg: ArgumentDefinition, operation: OperationDefinition): string | undefined {
  const parameter = parameterOf(arg);
  const name =
    parameter >= 0
      ? parametersOf(operation)[parameter]?.name
      : /^\w+->(\w+)(?:\.counter)?(?::\w+)?$/.exec(arg.fetch)?.[1];
  return name === arg.name ? undefined : name;
}
