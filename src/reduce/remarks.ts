/**
 * What the head of a recording says that it does not hold: probes that the kernel refused, hits that it missed, events
 * that were lost or overwritten. It is part of the recording, and reaches every verdict.
 */
import type { ReadReport } from "../read/report.js";
import type { World } from "./world.js";

type Head = Pick<ReadReport, "environment" | "overrun">;

export class Remarks {
  #heeded = 0;

  constructor(private readonly world: World) {}

  /** Takes in what was remarked since the last time. */
  heed({ environment, overrun }: Head): void {
    const { world } = this;
    if (overrun > 0) world.overwritten = true;
    for (; this.#heeded < environment.length; this.#heeded++) {
      const { name, text } = environment[this.#heeded]!;
      if (name === "refused" || name === "missed") {
        const point = world.points.byEvent(text.split(" ", 1)[0]!);
        if (point) world.sight.blind(point, name);
      } else if (name === "lost") {
        // Of a buffer that overwrites, the oldest events are gone; any that was dropped may have come at any time.
        if (/^\S* ?overrun:/.test(text)) world.overwritten = true;
        else world.lossy = true;
      }
    }
  }
}
