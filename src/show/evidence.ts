/** Collects the steps that findings rest on, while a recording is replayed. */
import type { Finding } from "../check/finding.js";
import type { Recorded } from "../read/report.js";
import type { Observer, World } from "../reduce/world.js";
import type { Chronicle } from "../describe/chronicle.js";
import { type ShownStep, stepsOf } from "./findings.js";

/** Stores the steps of a finding when it is made: later they may be out of reach. */
export class Evidence implements Observer {
  #fresh: Finding[] = [];
  readonly #known = new Map<Finding, readonly ShownStep[]>();

  constructor(
    private readonly chronicle: Chronicle,
    private readonly world: World,
    private readonly recording: Recorded,
  ) {}

  /** Called before the event of the finding has been recorded. */
  found(finding: Finding): void {
    this.#fresh.push(finding);
  }

  reduced(): void {
    if (this.#fresh.length > 0) this.finish();
  }

  finish(): void {
    for (const finding of this.#fresh.splice(0)) this.#known.set(finding, this.#stepsNow(finding));
  }

  /** Returns the steps as they were known when the finding was made. */
  steps(finding: Finding): readonly ShownStep[] {
    return this.#known.get(finding) ?? this.#stepsNow(finding);
  }

  #stepsNow(finding: Finding): readonly ShownStep[] {
    const { tasks } = this.recording.tables;
    return stepsOf(finding, {
      row: (seq) => this.chronicle.row(seq),
      task: (id) => tasks.get(id).name,
      operation: (id) => {
        const point = this.world.points.points[id];
        return point ? `${point.operation.name}${point.phase === "return" ? " returns" : ""}` : "";
      },
    });
  }
}
