/** Recordings whose arguments are renamed, numbered, left out or wrapped, as by other probes and mailers. */
import { points } from "../../../events/index.js";
import type { Point } from "../../../events/points.js";
import type { KernelEvent } from "../../../src/log/event.js";
import type { ReadReport } from "../../../src/read/report.js";
import { recording } from "../helpers.js";
import { type Parts, partsOf } from "../text.js";

/** Together, they have an event of every point that any recording has. */
export const RECORDINGS = [
  "mistakes/init-error-leaks-mount/s19-init-fails",
  "again/linux-7.2/s10-fallocate-punch",
  "linux-7.3/wide/s04-bind-unbind",
  "again/linux-6.18/s11-mmap-touch",
].map((name) => `${name}.trace.gz`);

/** An argument as it is printed. */
export interface Argument {
  readonly name: string;
  readonly value: string;
}

export const original = (name: string): Parts[] => partsOf(recording(name));

/** Changes the arguments of every event of a probe. */
export function edited(
  parts: readonly Parts[],
  edit: (args: readonly Argument[], point: Point) => readonly Argument[],
): Parts[] {
  return parts.map((part) => {
    const point = points.byEvent(part.name);
    if (point?.operation.probe !== "kprobe") return part;
    const args = [...part.args.matchAll(/(\w+)=("[^"]*"|\S+)/g)].map(
      ([, name, value]): Argument => ({
        name: name!,
        value: value!,
      }),
    );
    return {
      ...part,
      args: edit(args, point)
        .map(({ name, value }) => `${name}=${value}`)
        .join(" "),
    };
  });
}

export const renamed =
  (k: number, to: string) =>
  (args: readonly Argument[]): Argument[] =>
    args.map((arg, j) => (j === k ? { ...arg, name: to } : arg));
export const numbered = (args: readonly Argument[]): Argument[] =>
  args.map(({ value }, k) => ({ name: `arg${k + 1}`, value }));
export const without =
  (k: number) =>
  (args: readonly Argument[]): Argument[] =>
    args.filter((_, j) => j !== k);

/**
 * Returns the output of a probe that does not know its result's type: the register. An int leaves the upper half of it
 * unchanged.
 */
export function bare({ value }: Argument, { type }: Point["args"][number]): string {
  const number = BigInt(value);
  return `0x${BigInt.asUintN(type === "s32" ? 32 : 64, number).toString(16)}`;
}

export function ftraceLine({ comm, pid, cpu, flags, time, name, place, args }: Parts): string {
  return `${comm.padStart(16)}-${pid.padEnd(7)} [${cpu}] ${flags} ${time.padStart(12)}: ${name}: ${place === "" ? "" : `(${place})`}${args === "" || place === "" ? args : ` ${args}`}`;
}

export const text = (lines: readonly string[]): Buffer =>
  Buffer.from(lines.map((line) => `${line}\n`).join(""), "latin1");

export const eventName = ({ operation, phase }: KernelEvent): string =>
  phase === "return" ? `${operation}_ret` : operation;

/**
 * Throws if a value belongs to another argument than before. Returns by event and argument how often it is absent now
 * and was not before.
 */
export function compare(events: readonly KernelEvent[], before: readonly KernelEvent[]): Map<string, number> {
  if (events.length !== before.length) throw new Error(`${events.length} events, and there were ${before.length}`);
  const absent = new Map<string, number>();
  events.forEach((event, i) => {
    const was = before[i]!;
    if (event.seq !== was.seq || eventName(event) !== eventName(was) || event.time !== was.time)
      throw new Error(`another event: ${eventName(event)}`);
    for (const [name, value] of Object.entries(event.args)) {
      if (value === was.args[name]) continue;
      if (value !== null)
        throw new Error(`${eventName(event)} ${event.seq}: ${name} is ${value}, and was ${was.args[name]}`);
      const key = `${eventName(event)} ${name}`;
      absent.set(key, (absent.get(key) ?? 0) + 1);
    }
  });
  return absent;
}

/** Returns the report's counts in the form of `compare`. */
export function lacking(report: ReadReport): Map<string, number> {
  return new Map(
    Object.entries(report.arguments.saved().lacking).flatMap(([event, of]) =>
      Object.entries(of).map(([name, times]): [string, number] => [`${event} ${name}`, times]),
    ),
  );
}
