/**
 * The bpftrace program that prints the operations of the catalogue, for `bpftrace -f json`: each event one line,
 *
 *     {"type": "value", "data": [nsecs,cpu,"comm",tid,pid,"event",argument,…]}
 *
 * with the arguments of the event in the catalogue's order: addresses and numbers as decimals, strings as strings. It
 * has only operations that bpftrace can print, which needs the kernel's types (BTF) for the arguments that kprobes find
 * by them too.
 */
import {
  type ArgumentDefinition,
  type ArgumentType,
  hasReturn,
  hiddenEverywhere,
  type Kernel,
  type OperationDefinition,
} from "./definition.js";
import { operations } from "./index.js";
import { REGISTERS } from "./parameters.js";
import { recordedProbes } from "./probe-file.js";

/** First value printed: identifies the program and the layout of the lines that follow. */
export const BPFTRACE_HEAD = "kreel";
export const BPFTRACE_LAYOUT = 1;

const CASTS: { readonly [Type in Exclude<ArgumentType, "string">]: string } = {
  u8: "uint8",
  s32: "int32",
  u32: "uint32",
  x32: "uint32",
  s64: "int64",
  u64: "uint64",
  x64: "uint64",
  ptr: "uint64",
};
/** The type of a register, which is not cast: newer bpftraces warn of such a cast. */
const REGISTER = CASTS.u64;
/** Strings that lie in their structure; the others are pointed to. */
const INLINE_STRINGS = new Set(["module.name"]);

/**
 * Returns a program for the given operations, or those of them that a kernel has. bpftrace up to 0.23 refuses a program
 * with a function that the kernel does not have; later ones leave it out with `BPFTRACE_MISSING_PROBES=warn` in their
 * environment.
 */
export function bpftraceProgram(of: readonly OperationDefinition[] = recordedProbes, kernel?: Kernel): string {
  const probes = of.filter(
    (o) =>
      o.probe === "kprobe" &&
      !hiddenEverywhere(o) &&
      (kernel === undefined || (o.kernels.includes(kernel) && !o.unseen?.kernels.includes(kernel))),
  );
  return bpftraceText(probes.flatMap(bpftraceProbe));
}

/** Returns the program of these probes. */
export function bpftraceText(probes: readonly string[]): string {
  return [`BEGIN { print(("${BPFTRACE_HEAD}", ${BPFTRACE_LAYOUT})); }`, ...probes, markerProbe(), ""].join("\n");
}

/** Returns the entry of an operation and, if its return is probed, that return, a line each. */
export function bpftraceProbe(operation: OperationDefinition): string[] {
  const print = (event: string, args: readonly ArgumentDefinition[]): string =>
    `{ print((${["nsecs", "cpu", "comm", "tid", "pid", `"${event}"`, ...args.map((arg) => expression(arg, operation))].join(", ")})); }`;
  const lines = [`kprobe:${operation.symbol} ${print(operation.name, operation.args)}`];
  if (hasReturn(operation))
    lines.push(
      `kretprobe:${operation.symbol} ${print(`${operation.name}_ret`, operation.result ? [operation.result] : [])}`,
    );
  return lines;
}

/**
 * Returns the probe of writes to trace_marker. It prints the text as far as bpftrace keeps strings (64 bytes, or
 * BPFTRACE_MAX_STRLEN), and its length: bpftrace up to 0.20 reads that many bytes, later ones a byte less. Ftrace's own
 * function cannot be probed.
 */
function markerProbe(): string {
  const file = "((struct file *)arg0)->f_path.dentry->d_name.name";
  return `kprobe:vfs_write /str(${file}) == "trace_marker"/ { print((nsecs, cpu, comm, tid, pid, "${operations.tracing_mark_write.name}", str(uptr(arg1), arg2 + 1), arg2)); }`;
}

/**
 * Returns the fetch expression of a kprobe in bpftrace's language.
 * @throws {Error} for one that cannot be expressed in it
 */
function expression({ fetch, type, name }: ArgumentDefinition, operation: OperationDefinition): string {
  const [, place = "", suffix = ""] = /^(.*?)(?::(\w+))?$/.exec(fetch) ?? [];
  if (type === "string") {
    const user = suffix === "ustring";
    const at = stringAt(place, operation);
    if (at === undefined) throw new Error(`${operation.name}: no bpftrace expression for ${name}=${fetch}`);
    return at.inline ? at.expression : `str(${user ? `uptr(${at.expression})` : at.expression})`;
  }
  const cast = CASTS[type];
  const register = place === "$retval" ? "retval" : registerOf(place);
  if (register !== undefined) return cast === REGISTER ? register : `(${cast})${register}`;
  const memory = /^\+(\d+)\((%\w+)\)$/.exec(place);
  const base = memory && registerOf(memory[2]!);
  if (memory && base !== undefined) return `*(${cast}*)(${base} + ${memory[1]})`;
  const member = memberOf(place, operation);
  if (member === undefined) throw new Error(`${operation.name}: no bpftrace expression for ${name}=${fetch}`);
  return `(${cast})${member.expression}`;
}

/** Finds a string: in its structure, or through a pointer. */
function stringAt(
  place: string,
  operation: OperationDefinition,
): { readonly expression: string; readonly inline: boolean } | undefined {
  const direct = /^\+0\((%\w+)\)$/.exec(place);
  const register = direct && registerOf(direct[1]!);
  if (register) return { expression: register, inline: false };
  const twice = /^\+0\(\+(\d+)\((%\w+)\)\)$/.exec(place);
  const base = twice && registerOf(twice[2]!);
  if (twice && base) return { expression: `*(uint64*)(${base} + ${twice[1]})`, inline: false };
  const member = memberOf(place, operation);
  return member && { expression: member.expression, inline: INLINE_STRINGS.has(member.field) };
}

function registerOf(text: string): string | undefined {
  const index = REGISTERS.indexOf(text);
  return index < 0 ? undefined : `arg${index}`;
}

/**
 * Parses `inode->i_count.counter`: a parameter of the prototype, and a path through its structure. If the prototype has
 * another name for the parameter, the argument of that name gives its register (a kernel with such names refuses the
 * kprobe).
 */
function memberOf(
  place: string,
  operation: OperationDefinition,
): { readonly expression: string; readonly field: string } | undefined {
  const [, parameter, path] = /^(\w+)->([\w.]+)$/.exec(place) ?? [];
  if (parameter === undefined || path === undefined) return undefined;
  const parameters = operation.prototype
    .slice(operation.prototype.indexOf("(") + 1, operation.prototype.lastIndexOf(")"))
    .split(",");
  const named = parameters.findIndex((text) => new RegExp(`\\*${parameter}$`).test(text.trim()));
  const index =
    named >= 0 ? named : REGISTERS.indexOf(operation.args.find((arg) => arg.name === parameter)?.fetch ?? "");
  const type = /struct (\w+)/.exec(parameters[index] ?? "")?.[1];
  return type === undefined
    ? undefined
    : { expression: `((struct ${type} *)arg${index})->${path}`, field: `${type}.${path}` };
}
