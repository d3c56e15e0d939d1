/**
 * What one recording shows and the other never does, and what their heads, their kernels and the system around them say
 * of it.
 */
import {
  catalogue,
  type Kernel,
  KERNELS,
  type OperationDefinition,
  operationsWith,
  points,
} from "../../events/index.js";
import { type Head, headOf, series } from "../read/head.js";
import type { History } from "./history.js";
import type { Reason, Side } from "./types.js";

export interface Candidate {
  readonly operation: OperationDefinition;
  /** The side that never shows it. */
  readonly missing: Side;
  /** Only its returns, or only its entries: the rest both show. */
  readonly part: "whole" | "returns" | "entries";
  /** Events of these the other side has. */
  readonly points: readonly number[];
  /** It is among what is compared. */
  readonly isCompared: boolean;
}

/** The side that shows what `missing` never does. */
export const other = (missing: Side): Side => (missing === "before" ? "after" : "before");

export function candidatesOf(histories: Readonly<Record<Side, History>>): Candidate[] {
  const found: Candidate[] = [];
  for (const operation of catalogue) {
    const entry = points.byEvent(operation.name)!.id;
    const back = operation.result ? points.byEvent(`${operation.name}_ret`)!.id : entry;
    for (const missing of ["before", "after"] as const) {
      const [there, here] = [histories[other(missing)], histories[missing].surface.events];
      const only = [...new Set([entry, back])].filter((id) => there.surface.events[id]! > 0 && here[id] === 0);
      if (only.length === 0) continue;
      const part = here[entry]! > 0 ? "returns" : here[back]! > 0 ? "entries" : "whole";
      found.push({ operation, missing, part, points: only, isCompared: there.occurrences.has(operation.name) });
    }
  }
  return found;
}

/**
 * Arguments that one side can never read and the other can, of events that both show: by point, bit k is argument k.
 */
export function unreadable(histories: Readonly<Record<Side, History>>, missing: Side): Map<number, number> {
  const [there, here] = [histories[other(missing)].surface, histories[missing].surface];
  const found = new Map<number, number>();
  for (const point of points.points) {
    if (!point || point.operation.probe === "marker" || here.events[point.id] === 0) continue;
    const bits = there.readable[point.id]! & ~here.readable[point.id]! & ((1 << point.args.length) - 1);
    if (bits !== 0) found.set(point.id, bits);
  }
  return found;
}

/** Where other tasks are recorded and never do it, it is not probed. */
const EVERYWHERE = operationsWith("everywhere");
/** So many events of tasks other than the workload's are a system around it. */
const SYSTEM = 20;

export type Verdict =
  | { readonly is: "different" }
  | { readonly is: "hidden"; readonly reason: Reason; readonly detail: string };
export const DIFFERENT: Verdict = { is: "different" };
export const hidden = (reason: Reason, detail = ""): Verdict => ({ is: "hidden", reason, detail });

/** What one side says of itself. */
export class Witness {
  readonly head: Head;
  /** Of the known kernels, those that it can be of; none where it is plainly of another. */
  readonly #kernels: readonly Kernel[];

  constructor(private readonly history: History) {
    this.head = headOf(history.replay.recording.report.environment);
    this.#kernels = kernelsOf(history, this.head);
  }

  /** The head says that the kernel refused it. */
  refused({ points: ids }: Candidate): boolean {
    return ids.every((id) => this.head.refused.has(points.points[id]!.event));
  }

  /** What can be said before anything is compared; `undefined`: nothing. */
  judge(candidate: Candidate, there: Witness): Verdict | undefined {
    const { operation, part } = candidate;
    if (operation.probe === "marker") return hidden("markers");
    if (part !== "whole") return hidden(part);
    if (this.#wasSet(candidate, there)) return DIFFERENT;
    const known = this.#kernels;
    if (known.length > 0) {
      // What no known kernel has, these need not lack: they are known by what they show, unless they say who they are.
      if (
        known.every((kernel) => !happensOn(operation, kernel)) &&
        (operation.kernels.length > 0 || this.head.release !== undefined)
      )
        return DIFFERENT;
      if (known.every((kernel) => isHidden(operation, kernel))) return hidden("inlined", known.join(" and "));
    }
    if (EVERYWHERE.has(operation.name) && this.history.surface.others >= SYSTEM) return hidden("unprobed");
    return undefined;
  }

  /** Kernels that it can be of, and that do it unseen. */
  hiding({ operation }: Candidate): Kernel[] {
    return this.#kernels.filter((kernel) => isHidden(operation, kernel));
  }

  /** Both were recorded with one list of probes, and the kernel took this one. */
  #wasSet(candidate: Candidate, there: Witness): boolean {
    const listed = ({ probes, refused }: Head): number | undefined =>
      probes === undefined ? undefined : probes + refused.size;
    if (listed(this.head) === undefined || listed(this.head) !== listed(there.head)) return false;
    return (
      candidate.points.every((id) => !this.head.refused.has(points.points[id]!.event)) &&
      (candidate.operation.module === undefined || this.head.kvmWasThere)
    );
  }
}

/** It happens on a kernel and no probe shows it. */
function isHidden({ unseen }: OperationDefinition, kernel: Kernel): boolean {
  return unseen?.hidden === true && unseen.kernels.includes(kernel);
}

/** A kernel has it, and its recordings show it or would if they could. */
function happensOn(operation: OperationDefinition, kernel: Kernel): boolean {
  return (
    operation.kernels.includes(kernel) && (!operation.unseen?.kernels.includes(kernel) || isHidden(operation, kernel))
  );
}

function kernelsOf({ surface, occurrences }: History, { release, machine }: Head): Kernel[] {
  if (machine !== undefined && machine !== "x86_64") return [];
  const named =
    release === undefined ? KERNELS : KERNELS.filter((kernel) => /\d+\.\d+/.exec(kernel)![0] === series(release));
  const shown = points.points
    .filter((point) => point !== undefined && surface.events[point.id]! > 0)
    .map((point) => point!.operation);
  // What its recordings never hold may happen around the workload, not in it.
  return named.filter((kernel) =>
    shown.every(
      (operation) =>
        operation.kernels.includes(kernel) &&
        (!operation.unseen?.kernels.includes(kernel) || !occurrences.has(operation.name)),
    ),
  );
}
