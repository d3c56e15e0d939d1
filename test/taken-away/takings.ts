/** The parts that can be taken from a recording, by kind. */
import { points } from "../../events/index.js";
import type { Read } from "../support/recordings.js";
import { pointsOf, type Taking } from "./take.js";

export const HEALTHY_FOLDERS = [
  "linux-6.12",
  "linux-6.12-patched",
  "linux-6.18",
  "linux-7.2",
  "linux-7.3",
  "again",
  "random",
  "mistakes/healthy",
  "churn",
  "recorded",
] as const;
export const BROKEN_FOLDERS = ["broken", "mistakes", "race"] as const;

export type TakingKind =
  | "argument"
  | "return"
  | "point"
  | "operation"
  | "probes"
  | "task"
  | "cpu"
  | "slice"
  | "slice-remarked"
  | "nothing";

/** Takings of a kind: all if they are few, else `count` that `random` draws. */
export function* takings(kind: TakingKind, read: Read, random: () => number, count: number): Generator<Taking> {
  const events = read.batches.reduce((n, b) => n + b.length, 0);
  const below = (n: number): number => Math.floor(random() * n);
  switch (kind) {
    case "nothing":
      yield { what: "nothing" };
      break;
    case "argument":
      for (const point of pointsOf(read)) {
        for (let k = 0; k < point.args.length; k++)
          yield { what: `${point.event}.${point.args[k]!.name}`, arguments: new Map([[point.id, 1 << k]]) };
        if (point.args.length > 1)
          yield { what: `${point.event}.*`, arguments: new Map([[point.id, (1 << point.args.length) - 1]]) };
      }
      break;
    case "return": {
      const returns: number[] = [];
      for (const batch of read.batches)
        for (let i = 0; i < batch.length; i++)
          if (points.points[batch.point[i]!]?.phase === "return") returns.push(batch.firstSeq + i);
      for (const seq of drawn(returns, count, below))
        yield { what: `the return at ${seq}`, gone: (batch, i) => batch.firstSeq + i === seq };
      break;
    }
    case "point":
      for (const { id, event } of pointsOf(read)) yield { what: event, gone: (batch, i) => batch.point[i] === id };
      break;
    case "operation":
      for (const point of pointsOf(read))
        if (point.phase === "entry")
          yield {
            what: point.operation.name,
            gone: (batch, i) => points.points[batch.point[i]!]?.operation === point.operation,
          };
      break;
    case "probes": {
      const seen = pointsOf(read);
      for (let n = 0; n < count; n++) {
        const share = 0.05 + random() * 0.65;
        const hidden = new Set(seen.filter(() => random() < share).map(({ id }) => id));
        yield {
          what: [...hidden].map((id) => points.points[id]!.event).join(" "),
          gone: (batch, i) => hidden.has(batch.point[i]!),
        };
      }
      break;
    }
    case "task": {
      const tasks = new Set<number>();
      for (const batch of read.batches) for (const task of batch.task.subarray(0, batch.length)) tasks.add(task);
      for (const task of tasks)
        yield { what: `task ${read.tables.tasks.get(task).name}`, gone: (batch, i) => batch.task[i] === task };
      for (const task of tasks)
        yield { what: `all but task ${read.tables.tasks.get(task).name}`, gone: (batch, i) => batch.task[i] !== task };
      break;
    }
    case "cpu": {
      const cpus = new Set<number>();
      for (const batch of read.batches) for (const cpu of batch.cpu.subarray(0, batch.length)) cpus.add(cpu);
      if (cpus.size > 1) for (const cpu of cpus) yield { what: `CPU ${cpu}`, gone: (batch, i) => batch.cpu[i] === cpu };
      break;
    }
    case "slice":
    case "slice-remarked":
      for (let n = 0; n < count; n++) {
        const from = 1 + below(events);
        const length = 1 + below([3, 10, 40, 200, 1000][below(5)]!);
        yield {
          what: `events ${from} to ${from + length - 1}`,
          remarked: kind === "slice-remarked",
          gone: (batch, i) => batch.firstSeq + i >= from && batch.firstSeq + i < from + length,
        };
      }
      break;
  }
}

/** All values, or `count` of them, in their order. */
function drawn<T>(all: readonly T[], count: number, below: (n: number) => number): T[] {
  if (all.length <= count) return [...all];
  const picked = new Set<number>();
  while (picked.size < count) picked.add(below(all.length));
  return [...picked].sort((a, b) => a - b).map((at) => all[at]!);
}
