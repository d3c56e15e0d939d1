/** Decides which of a simulated kernel's steps a recording would show. */
import { catalogue, hasReturn, operationsWith, points, shownOn } from "../../events/index.js";
import type { KernelDefinition } from "../kernels/kernel.js";
import type { Step } from "../simulate/step.js";
import type { Evidence } from "./evidence.js";

/**
 * Operations whose absence from a recording means that they did not happen; the absence of others, such as `dput`,
 * means that their probe was not set.
 */
const RARE = operationsWith("rare");
const PER_PAGE = operationsWith("per page");

interface Shown {
  readonly entry: boolean;
  readonly return: boolean;
}

/**
 * If a release may have an operation inlined, the recording shows whether this build has; for frequent operations, it
 * also shows whether the probe was set.
 */
export class Visibility {
  readonly #shown: ReadonlyMap<string, Shown>;

  constructor(kernel: KernelDefinition, evidence: Evidence) {
    this.#shown = shownOf(kernel, evidence);
  }

  shows({ operation, phase }: Step): boolean {
    return operation !== undefined && phase !== "inner" && this.#shown.get(operation)?.[phase] === true;
  }
}

function shownOf({ release }: KernelDefinition, { seen, marked, head: { refused } }: Evidence): Map<string, Shown> {
  const visible = new Map<string, Shown>();
  for (const operation of catalogue) {
    if (operation.probe === "marker") {
      visible.set(operation.name, { entry: marked, return: false });
      continue;
    }
    const entry = points.byEvent(operation.name)!.id;
    const back = hasReturn(operation) ? points.byEvent(`${operation.name}_ret`)!.id : 0;
    const happened = seen[entry] !== 0;
    const recorded = operation.probed || operation.recorded;
    const shown = shownOn(operation, release);
    if (!recorded || !operation.kernels.includes(release) || (!happened && !shown)) continue;
    // Inlined in this release and shown in another: such an event is a sign of the other.
    if (!shown && operation.kernels.some((kernel) => shownOn(operation, kernel))) continue;
    // The absence of an operation whose probe the kernel refused says nothing.
    const isRefused = !happened && refused.has(operation.name);
    const telling =
      happened ||
      (!isRefused && ((operation.module !== undefined && !PER_PAGE.has(operation.name)) || RARE.has(operation.name)));
    visible.set(operation.name, {
      entry: telling,
      return: back !== 0 && (happened ? seen[back] !== 0 : telling && !refused.has(`${operation.name}_ret`)),
    });
  }
  return visible;
}
