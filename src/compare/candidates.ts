/**
 * Finds operations that one recording shows and the other never does, and judges them by the heads, the kernels and the
 * system around the workload.
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
  /** The side without them. */
  readonly missing: Side;
  /** `returns` or `entries` if only those are missing, else `whole`. */
  readonly part: "whole" | "returns" | "entries";
  /** The event points that the other side has and this one lacks. */
  readonly points: readonly number[];
  /** True if the operation occurs among the compared calls. */
  readonly isCompared: boolean;
}

/** The opposite side. */
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
 * Finds arguments of events on both sides that one side can never read and the other can: by point, bit k is argument
 * k.
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

/**
 * Operations that every system performs all the time: a recording with other tasks but none of these did not probe
 * them.
 */
const EVERYWHERE = operationsWith("everywhere");
/** With this many events of tasks outside the workload, the recording covers the system around it. */
const SYSTEM = 20;

export type Verdict =
  | { readonly is: "different" }
  | { readonly is: "hidden"; readonly reason: Reason; readonly detail: string };
export const DIFFERENT: Verdict = { is: "different" };
export const hidden = (reason: Reason, detail = ""): Verdict => ({ is: "hidden", reason, detail });

/** The evidence of one side about itself. */
export class Witness {
  readonly head: Head;
  /** The known kernels that this recording may come from; empty if it is plainly of another. */
  readonly #kernels: readonly Kernel[];

  constructor(private readonly history: History) {
    this.head = headOf(history.replay.recording.report.environment);
    this.#kernels = kernelsOf(history, this.head);
  }

  /** True if the head says that the kernel refused the probes of the candidate. */
  refused({ points: ids }: Candidate): boolean {
    return ids.every((id) => this.head.refused.has(points.points[id]!.event));
  }

  /** Gives the verdict that holds before anything is compared, or `undefined` if there is none yet. */
  judge(candidate: Candidate, there: Witness): Verdict | undefined {
    const { operation, part } = candidate;
    if (operation.probe === "marker") return hidden("markers");
    if (part !== "whole") return hidden(part);
    if (this.#wasSet(candidate, there)) return DIFFERENT;
    const known = this.#kernels;
    if (known.length > 0) {
      // An operation that no known kernel has need not be absent here: kernels are identified by what they show, unless
      // the head names the release.
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

  /** Returns the kernels that it may come from and that perform the operation without showing it. */
  hiding({ operation }: Candidate): Kernel[] {
    return this.#kernels.filter((kernel) => isHidden(operation, kernel));
  }

  /** True if both sides were recorded with one list of probes and this kernel accepted the probe. */
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

/** True if the operation happens on the kernel and no probe shows it. */
function isHidden({ unseen }: OperationDefinition, kernel: Kernel): boolean {
  return unseen?.hidden === true && unseen.kernels.includes(kernel);
}

/** True if the kernel has the operation and its recordings show it, or would if they could. */
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
  // Operations that recordings of a kernel never hold may happen around the workload, but not in it.
  return named.filter((kernel) =>
    shown.every(
      (operation) =>
        operation.kernels.includes(kernel) &&
        (!operation.unseen?.kernels.includes(kernel) || !occurrences.has(operation.name)),
    ),
  );
}
