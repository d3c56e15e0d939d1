/** The dynamic events that would record a recording again: the probes of what it shows, and what they leave out. */
import type { OperationDefinition } from "../../events/definition.js";
import { catalogue, points } from "../../events/index.js";
import { probeFile } from "../../events/probe-file.js";
import type { Recorded } from "../read/report.js";

/** The probes that record again what a recording shows. */
export interface ProbesOf {
  /** `kprobe_events`, one line each. */
  readonly text: string;
  /** The kernel's own events that the recording shows, as directories under `events/`. */
  readonly tracepoints: readonly string[];
  /** Events that are none of the catalogue's, by name. */
  readonly unknown: readonly string[];
}

/** Reads the recording to its end. An operation of which an entry or a return is there gets the probes of both. */
export async function probesOf(recording: Recorded): Promise<ProbesOf> {
  const seen = new Uint8Array(points.points.length);
  for await (const batch of recording.batches()) for (let i = 0; i < batch.length; i++) seen[batch.point[i]!] = 1;
  const shown = new Set<OperationDefinition>();
  for (const point of points.points) if (point && seen[point.id] === 1) shown.add(point.operation);
  // In the catalogue's order: two recordings of the same operations give the same lines.
  const operations = catalogue.filter((o) => shown.has(o));
  return {
    text: probeFile(operations),
    tracepoints: operations.flatMap((o) => (o.tracepoint ? [`${o.tracepoint.system}/${o.name}`] : [])),
    unknown: [...recording.report.unknownByName.keys()],
  };
}
