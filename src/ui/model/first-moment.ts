/** Chooses the moment at which a recording opens: at the first finding, else when most objects live. */
import type { Survey } from "../protocol.js";

export function firstMoment({
  events,
  findings,
  lanes: { length, from, to },
}: Pick<Survey, "events" | "findings" | "lanes">): number {
  const first = findings.find(({ severity }) => severity === "error") ?? findings[0];
  if (first) return first.event;
  const edges: { readonly event: number; readonly by: 1 | -1 }[] = [];
  for (let k = 0; k < length; k++) {
    edges.push({ event: from[k]!, by: 1 });
    if (to[k] !== 0) edges.push({ event: to[k]!, by: -1 });
  }
  // An object that ends at an event is dead after it.
  edges.sort((a, b) => a.event - b.event || a.by - b.by);
  let [alive, most, at] = [0, 0, events];
  for (const { event, by } of edges) {
    alive += by;
    if (alive > most) [most, at] = [alive, event];
  }
  return at;
}
