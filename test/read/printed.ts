/** The events of a recording as other recorders print them. */
import { points } from "../../events/index.js";
import type { KernelEvent } from "../../src/log/event.js";
import { type Parts, reversed } from "./text.js";

const MARKER = "tracing_mark_write";

/**
 * Returns a line as perf prints it with the fields of `-F`; `comm!` is a name that is not padded, as with call chains.
 */
export function perfScript(fields: string, { comm, pid, cpu, time, name, place, args }: Parts, width = 7): string {
  const has = (field: string): boolean => fields.split(",").includes(field);
  return [
    has("comm") ? `${comm.padStart(16)} ` : has("comm!") ? `${comm} ` : "",
    has("pid") && has("tid")
      ? `${pid.padStart(width)}/${pid.padEnd(width)} `
      : has("pid") || has("tid")
        ? `${pid.padStart(width)} `
        : "",
    has("cpu") ? `[${cpu}] ` : "",
    has("misc") ? "K     " : "",
    has("tod") ? "2026-05-01 12:00:01.123456 " : "",
    has("time") ? `${time.padStart(12)}: ` : "",
    has("period") ? `${"1".padStart(10)} ` : "",
    `${(name === MARKER ? "ftrace:print" : `gmem:${name}`).padStart(40)}: `,
    !has("trace")
      ? ""
      : name === MARKER
        ? `${MARKER}: ${args}`
        : `(${reversed(place)})${args === "" ? "" : ` ${args}`}`,
    has("ip") ? ` ffffffff817c3604 ${name}+0x4 ([kernel.kallsyms])` : "",
  ].join("");
}

/** Returns a line as trace-cmd prints it: `l` and `R` are its options, `f` the flags of newer releases. */
export function traceCmdReport(dialect: string, { comm, pid, cpu, flags, time, name, place, args }: Parts): string {
  const who = dialect.includes("l")
    ? `${comm.slice(0, 8).padStart(8)}-${pid.padEnd(5)} ${String(Number(cpu)).padStart(3)}${flags.slice(0, 5)} `
    : `${comm.padStart(16)}-${pid.padEnd(5)} [${cpu}] ${dialect.includes("f") ? flags : ""} `;
  const hex = (symbol: string): string => Buffer.from(symbol).toString("hex").padEnd(16, "0").slice(0, 16);
  const [first, second] = reversed(place).split(" <- ").map(hex);
  const raw = dialect.includes("R");
  const where =
    second === undefined
      ? raw
        ? `__probe_ip=${first!}`
        : `(${first!})`
      : raw
        ? `__probe_func=${first!} __probe_ret_ip=${second}`
        : `(${first!} <- ${second})`;
  const values = raw ? args.replace(/"([^"]*)"/g, "$1") : args;
  if (name === MARKER)
    return `${who}  ${time.padStart(10)}: ${"print:".padEnd(20)} ${raw ? ` ip=${MARKER} buf=` : `${MARKER}: `}${args}`;
  return `${who}  ${time.padStart(10)}: ${`${name}:`.padEnd(20)} ${raw ? " " : ""}${where}${values === "" ? "" : ` ${values}`}`;
}

/** Returns the output of a program's `print((…))`; text is of one character a byte. */
export function tuple(...elements: readonly (string | number | bigint)[]): string {
  return `{"type": "value", "data": [${elements.map((e) => (typeof e === "string" ? JSON.stringify(e) : String(e))).join(",")}]}`;
}

/**
 * Returns events as the program of the catalogue prints them. A value that the kernel could not read is empty, or 0.
 */
export function bpftraceLines(events: readonly KernelEvent[]): string {
  const lines = events.map((e) => {
    const point = points.byEvent(e.phase === "return" ? `${e.operation}_ret` : e.operation)!;
    return tuple(
      e.time,
      e.cpu,
      e.task.comm,
      e.task.pid,
      e.task.pid,
      point.event,
      ...point.args.map((arg) => e.args[arg.name] ?? (arg.type === "string" ? "" : 0)),
    );
  });
  return lines.map((l) => `${l}\n`).join("");
}
