/** Collects what a report shows of findings besides their messages, while the recording is replayed. */
import type { Finding } from "../check/finding.js";
import type { Replay, ReplayOptions } from "../replay/replay.js";
import { Chronicle } from "../describe/chronicle.js";
import { Evidence } from "../show/evidence.js";
import { type ShownStep, stepOf } from "../show/findings.js";
import { all } from "../replay/observers.js";
import { fingerprintOf } from "./fingerprint.js";
import type { Problem } from "./model.js";
import { groupsOf } from "./problems.js";
import { HandOvers } from "./hand-overs.js";
import { Quotes } from "./quotes.js";
import { type Timeline, TimelineKeeper } from "./timeline.js";

/** Most lines quoted from the beginning of a finding, and from its end. */
const QUOTED = 8;
/** Most problems with steps and lines; further ones are only mentioned. */
const DETAILED = 500;

export class Details {
  /** Fingerprints of the problems seen so far. */
  readonly #seen = new Set<string>();
  readonly #wanted: ReadonlySet<number>;
  readonly #handOvers: HandOvers | undefined;
  #evidence: Evidence | undefined;
  #quotes: Quotes | undefined;

  readonly #objects: ReadonlySet<string>;
  #keeper: TimelineKeeper | undefined;

  /** `known`: the result of an earlier reading of the same recording, if there was one. */
  constructor(
    known: Pick<Replay, "findings" | "hazards"> | undefined,
    private readonly withTimeline: boolean,
  ) {
    const problems = known ? bareProblems(known).slice(0, DETAILED) : [];
    this.#objects = new Set(problems.map(({ finding }) => finding.object));
    this.#wanted = new Set(problems.flatMap(({ finding }) => quotedOf(finding)));
    if (problems.some(({ finding }) => finding.unreturned))
      this.#handOvers = new HandOvers(problems.map(({ finding }) => finding));
  }

  readonly options: Pick<ReplayOptions, "observe" | "onFinding" | "onHazard"> = {
    observe: (world, recording) => {
      const chronicle = new Chronicle(world, this.#handOvers && ((row) => this.#handOvers!.row(row)));
      this.#evidence = new Evidence(chronicle, world, recording);
      this.#quotes = new Quotes(recording, this.#wanted);
      if (this.withTimeline) this.#keeper = new TimelineKeeper(world, this.#objects);
      return all(chronicle, this.#evidence, this.#quotes, ...(this.#keeper ? [this.#keeper] : []));
    },
    onFinding: (finding) => this.#found(finding),
    onHazard: (hazard) => this.#found(hazard),
  };

  get timeline(): Timeline | undefined {
    return this.#keeper?.timeline;
  }

  problems(result: Pick<Replay, "findings" | "hazards">): Problem[] {
    return bareProblems(result).map((problem, k) => {
      if (k >= DETAILED) return problem;
      const { finding } = problem;
      const passed = this.#handOvers?.of(finding);
      const steps = this.#evidence!.steps(finding);
      return {
        ...problem,
        steps: passed ? withStep(steps, stepOf(passed, finding)) : steps,
        quotes: this.#quotes!.of(quotedOf(finding)),
      };
    });
  }

  #found(finding: Finding): void {
    const fingerprint = fingerprintOf(finding);
    if (this.#seen.has(fingerprint) || this.#seen.size >= DETAILED) return;
    this.#seen.add(fingerprint);
    this.#evidence!.found(finding);
  }
}

/** The problems of a recording that was read once, without steps and quotes. */
export function bareProblems({ findings, hazards }: Pick<Replay, "findings" | "hazards">): Problem[] {
  return [...groupsOf(findings), ...groupsOf(hazards)].map((group) => ({ ...group, steps: [], quotes: [] }));
}

function withStep(steps: readonly ShownStep[], step: ShownStep): ShownStep[] {
  return [...steps.filter((s) => s.seq !== step.seq), step].sort((a, b) => a.seq - b.seq);
}

function quotedOf({ evidence, event }: Finding): number[] {
  const events = [...new Set([...evidence, event])].sort((a, b) => a - b);
  return events.length <= 2 * QUOTED ? events : [...events.slice(0, QUOTED), ...events.slice(-QUOTED)];
}
