/** Finds the next or previous moment of interest. */
import { firstWhere } from "../../base/search.js";
import type { Side } from "./store.js";

/** The next entry of an outermost operation; `undefined` if there is none, or no survey yet. */
export function nextOperation(of: Side, direction: 1 | -1): number | undefined {
  const survey = of.survey.peek();
  if (!survey) return undefined;
  const now = of.event.peek();
  const { from } = survey.calls;
  let best: number | undefined;
  for (const { depth, start, end } of survey.tracks) {
    if (depth > 0) continue;
    const at =
      direction > 0
        ? firstWhere(start, end, (k) => from[k]! > now)
        : firstWhere(start, end, (k) => from[k]! >= now) - 1;
    if (at < start || at >= end) continue;
    if (best === undefined || (direction > 0 ? from[at]! < best : from[at]! > best)) best = from[at]!;
  }
  return best;
}

/** The next event that touched the selected object. */
export function nextChange(of: Side, direction: 1 | -1): number | undefined {
  const life = of.life.peek();
  const now = of.event.peek();
  const steps = life?.filter(({ what }) => what.length > 0);
  return direction > 0
    ? steps?.find(({ event }) => event > now)?.event
    : steps?.findLast(({ event }) => event < now)?.event;
}

/** The next finding or hazard. */
export function nextFinding(of: Side, direction: 1 | -1): number | undefined {
  const findings = of.survey.peek()?.findings;
  const now = of.event.peek();
  return direction > 0
    ? findings?.find(({ event }) => event > now)?.event
    : findings?.findLast(({ event }) => event < now)?.event;
}
