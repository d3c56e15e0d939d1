/** The measurements, as text. */
import { cpus } from "node:os";
import type { Sample } from "./measure.js";

export interface Row {
  readonly section: string;
  readonly what: string;
  readonly unit: "lines" | "events" | "bytes" | "states" | "";
  readonly sample: Sample;
  /** CPU time divided by that of the physical limit; absent if the two do not compare. */
  readonly timesLimit?: number;
}

export interface Machine {
  readonly cpu: string;
  readonly cores: number;
  readonly node: string;
}

export function machine(): Machine {
  const all = cpus();
  return { cpu: all[0]?.model ?? "unknown", cores: all.length, node: process.version };
}

const HEAD = ["", "count", "CPU s", "wall s", "per CPU-second", "x limit", "max RSS"];

export function format(rows: readonly Row[], of: Machine, notes: readonly string[]): string {
  const lines = [HEAD, ...rows.map(cells)];
  const widths = HEAD.map((_, k) => Math.max(...lines.map((line) => line[k]!.length)));
  const text = lines.map((line) =>
    line
      .map((cell, k) => (k === 0 ? cell.padEnd(widths[k]!) : cell.padStart(widths[k]!)))
      .join("  ")
      .trimEnd(),
  );
  const sections = rows.map((row) => row.section);
  const body = rows.flatMap((_, k) => [...(sections[k] === sections[k - 1] ? [] : ["", sections[k]!]), text[k + 1]!]);
  return `${[`${of.cpu}, ${of.cores} cores, Node ${of.node}`, "", text[0], ...body, "", ...notes].join("\n")}\n`;
}

function cells({ what, unit, sample, timesLimit }: Row): string[] {
  const { count, cpu, wall, maxRss } = sample;
  return [
    `  ${what}`,
    unit === "" ? "" : `${short(count)} ${unit}`,
    cpu.toFixed(3),
    wall.toFixed(3),
    unit === "" ? "" : short(count / cpu),
    timesLimit === undefined ? "" : timesLimit < 10 ? timesLimit.toFixed(2) : timesLimit.toFixed(0),
    maxRss === undefined ? "" : `${Math.round(maxRss / (1 << 20))} MiB`,
  ];
}

function short(n: number): string {
  if (!Number.isFinite(n)) return "-";
  if (n >= 1e9) return `${(n / 1e9).toFixed(2)} G`;
  if (n >= 1e6) return `${(n / 1e6).toFixed(2)} M`;
  return n >= 1e4 ? `${(n / 1e3).toFixed(1)} k` : String(Math.round(n));
}
