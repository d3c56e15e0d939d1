/**
 * Reconstructs what happened before the recording begins: lines of the scenario that were carried out already, and
 * modules loaded before the scenario, with their references.
 */
import { points } from "../../events/index.js";
import type { Line, Scenario } from "../scenario/types.js";
import type { Prehistory } from "../workload/boot.js";
import type { Evidence } from "./evidence.js";

/** No program begins with more descriptors. */
const MAX_DESCRIPTORS = 256;

export interface Beginning {
  readonly before: Prehistory;
  /** The part of the scenario that the recording can show. */
  readonly scenario: Scenario;
}

export function beginningOf(scenario: Scenario, evidence: Evidence): Beginning {
  const marks = marksOf(evidence);
  const firstMark = marks.find((text) => text.startsWith("op: "))?.slice(4);
  const at =
    firstMark === undefined
      ? 0
      : Math.max(
          0,
          scenario.lines.findIndex((line) => line.thread === undefined && line.marker === firstMark),
        );
  const lines: Line[] = scenario.lines.slice(0, at);
  // A load that fails with EEXIST shows that the module was loaded before.
  const loaded = new Set<string>();
  for (const line of scenario.lines.slice(at)) {
    if (line.operation.type !== "load" || loaded.has(line.operation.module)) continue;
    loaded.add(line.operation.module);
    if (marks.find((text) => text.startsWith(`ret: ${line.text} = `))?.endsWith("EEXIST"))
      lines.push({ ...line, marker: line.text });
  }
  const descriptors = lines.length > 0 ? undefined : openDescriptors(evidence);
  return {
    before: {
      lines,
      references: lines.length > 0 ? firstCounts(evidence) : new Map(),
      ...(descriptors === undefined ? {} : { descriptors }),
    },
    scenario: at === 0 ? scenario : { ...scenario, lines: scenario.lines.slice(at) },
  };
}

function marksOf({ streams }: Evidence): string[] {
  const marks: string[] = [];
  for (const { events } of streams) {
    for (const { batch, index } of events) {
      if (points.points[batch.point[index]!]?.operation.probe === "marker")
        marks.push((batch.strings[batch.low[batch.argStart[index]!]!] ?? "").trimEnd());
    }
  }
  return marks;
}

/**
 * Derives the number of descriptors that the program began with: the first VM's follows directly after that of
 * `/dev/kvm`, which takes the lowest free one.
 */
function openDescriptors({ streams }: Evidence): number | undefined {
  for (const { events, must } of streams) {
    const at = events.findIndex(
      ({ batch, index }, k) => must[k] && points.points[batch.point[index]!]!.operation.name === "fd_install",
    );
    if (at < 0) continue;
    const { batch, index } = events[at]!;
    const descriptors = (batch.low[batch.argStart[index]!]! | 0) - 1;
    return descriptors >= 0 && descriptors < MAX_DESCRIPTORS ? descriptors : undefined;
  }
  return undefined;
}

/** By module: the first count that a probe printed. */
function firstCounts({ streams }: Evidence): Map<string, number> {
  const counts = new Map<string, { readonly seq: number; readonly count: number }>();
  for (const { events } of streams) {
    for (const { batch, index } of events) {
      const point = points.points[batch.point[index]!]!;
      if (point.phase !== "entry" || point.args[0]?.object !== "module" || point.args[2]?.unit !== "references")
        continue;
      const at = batch.argStart[index]!;
      if (batch.low[at] === 0 || batch.fault[index] !== 0) continue;
      const name = batch.strings[batch.low[at + 1]!]!;
      const seq = batch.firstSeq + index;
      if (seq < (counts.get(name)?.seq ?? Infinity)) counts.set(name, { seq, count: batch.low[at + 2]! | 0 });
    }
  }
  return new Map([...counts].map(([name, { count }]) => [name, count]));
}
