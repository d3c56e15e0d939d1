/**
 * Reads in the head of a recording which events it lacks: those of probes that the kernel refused, hits that it missed,
 * events that were lost or overwritten. Every verdict takes them into account.
 */
import type { ReadReport } from "../read/report.js";
import type { World } from "./world.js";

type Head = Pick<ReadReport, "environment" | "overrun">;

export class Remarks {
  #heeded = 0;

  constructor(private readonly world: World) {}

  /** Takes in the remarks since the last call. */
  heed({ environment, overrun }: Head): void {
    const { world } = this;
    if (overrun > 0) world.overwritten = true;
    for (; this.#heeded < environment.length; this.#heeded++) {
      const { name, text } = environment[this.#heeded]!;
      if (name === "refused" || name === "missed") {
        const point = world.points.byEvent(text.split(" ", 1)[0]!);
        if (point) world.sight.blind(point, name);
      } else if (name === "lost") {
        // A buffer that overwrites loses its oldest events; one that drops events may lose any.
        if (/^\S* ?overrun:/.test(text)) world.overwritten = true;
        else world.lossy = true;
      }
    }
  }
}
