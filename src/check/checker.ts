/** Hands every fact to the rules on facts of its type, and keeps their findings. */
import type { Tables } from "../log/tables.js";
import { formatTime } from "../log/time.js";
import type { Recorded } from "../read/report.js";
import type { Fact } from "../reduce/facts.js";
import type { World } from "../reduce/world.js";
import { type Seen, unseenBy } from "./basis.js";
import { CANNOT_TELL, type Claim, type Finding, RULES, type RuleName } from "./finding.js";
import { type Rule, rules, type Words } from "./rules.js";

export interface Tally {
  wrong: number;
  fine: number;
  cannotTell: number;
}

/** The verdict of one rule on a whole recording. */
export interface Judgement {
  readonly rule: RuleName;
  readonly verdict: "wrong" | "fine" | "cannot tell";
  /** The events and arguments that the rule rests on and the recording does not show. */
  readonly unseen: readonly Seen[];
}

/** A count that a probe printed and the ledger did not expect, with the reason, if there is one. */
export interface Disagreement {
  readonly object: string;
  readonly event: number;
  readonly expected: number;
  readonly observed: number;
  readonly explanation: string;
}

/** Disagreements that are kept at most; all are counted. */
const DISAGREEMENTS_SHOWN = 20;
/** Findings, and hazards, that are kept at most; the tally by rule counts all. */
const KEPT = 10_000;

/** Is called at once, with every finding and every hazard. */
export interface FindingListener {
  readonly onFinding?: (finding: Finding) => void;
  readonly onHazard?: (hazard: Finding) => void;
  /** Called for a finding or a hazard that rests on events of which some turned out to be lost, or that was refuted. */
  readonly onWithdrawn?: (finding: Finding) => void;
}

/** The results of the rules so far. */
export interface SavedChecker extends Pick<Checker, "findings" | "hazards" | "unexplained" | "disagreements"> {
  readonly tally: readonly (Tally & { readonly rule: RuleName })[];
  readonly explained: readonly { readonly reason: string; readonly count: number }[];
}

export class Checker {
  readonly findings: Finding[] = [];
  readonly hazards: Finding[] = [];
  readonly tally = new Map<RuleName, Tally>(RULES.map((name) => [name, { wrong: 0, fine: 0, cannotTell: 0 }]));
  /** Counts that disagreed for a reason, by reason, and those without one. */
  readonly explained = new Map<string, number>();
  unexplained = 0;
  readonly disagreements: Disagreement[] = [];
  readonly #byFact = new Map<Fact["type"], Rule[]>();
  readonly #words: Words;

  constructor(
    private readonly world: World,
    private readonly tables: Tables,
    private readonly listener: FindingListener = {},
    private readonly recording: Pick<Recorded, "fileOf"> = {},
  ) {
    this.#words = { label: (o) => world.label(o), task: (id) => tables.tasks.get(id).name };
    for (const rule of rules) this.#byFact.set(rule.on, [...(this.#byFact.get(rule.on) ?? []), rule]);
    world.facts = (fact) => this.#fact(fact);
    world.doubted = (since) => {
      const doubted = (finding: Finding): boolean => finding.event > since;
      this.#retract(this.findings, doubted);
      this.#retract(this.hazards, doubted);
    };
    world.descriptorRefuted = (process, fd) => {
      if (this.findings.length > 0)
        this.#retract(
          this.findings,
          ({ reserved }) => reserved?.some((of) => of.process === process && of.fd === fd) ?? false,
        );
    };
    // Findings from before a gap stand: after it, the same address may be that of another boot's object.
    world.refuted = ({ id }, said) =>
      this.findings.length > 0 &&
      this.#retract(
        this.findings,
        (finding) => finding.event >= world.lastGap && (finding[said]?.includes(id) ?? false),
      );
  }

  /** The verdict of each rule so far: fine only if the recording has shown all that the rule rests on. */
  judgements(): Judgement[] {
    return Array.from(this.tally, ([rule, { wrong, cannotTell }]) => {
      const { sight, lossy } = this.world;
      const unseen = unseenBy(rule, sight);
      const verdict = wrong > 0 ? "wrong" : cannotTell > 0 || unseen.length > 0 || lossy ? "cannot tell" : "fine";
      return { rule, verdict, unseen };
    });
  }

  /** The counts of each rule. If a rule cannot tell for lack of events, its fine verdicts count among `cannotTell`. */
  tallies(): Map<RuleName, Tally> {
    const tallies = new Map(this.tally);
    for (const { rule, verdict } of this.judgements()) {
      const { wrong, fine, cannotTell } = tallies.get(rule)!;
      if (verdict === "cannot tell") tallies.set(rule, { wrong, fine: 0, cannotTell: Math.max(1, fine + cannotTell) });
    }
    return tallies;
  }

  /** Shares its parts with the state: the caller reads it before the next event. */
  saved(): SavedChecker {
    const { findings, hazards, unexplained, disagreements } = this;
    return {
      findings,
      hazards,
      unexplained,
      disagreements,
      tally: Array.from(this.tally, ([rule, counts]) => ({ rule, ...counts })),
      explained: Array.from(this.explained, ([reason, count]) => ({ reason, count })),
    };
  }

  /** Continues where another checker was saved; this one is new. Its listener does not get the findings until then. */
  restore({ findings, hazards, unexplained, disagreements, tally, explained }: SavedChecker): void {
    for (const finding of findings) this.findings.push(finding);
    for (const hazard of hazards) this.hazards.push(hazard);
    this.unexplained = unexplained;
    for (const disagreement of disagreements) this.disagreements.push(disagreement);
    for (const { rule, ...counts } of tally) this.tally.set(rule, counts);
    for (const { reason, count } of explained) this.explained.set(reason, count);
  }

  #fact(fact: Fact): void {
    if (fact.type === "count-disagrees") {
      if (fact.explanation) this.explained.set(fact.explanation, (this.explained.get(fact.explanation) ?? 0) + 1);
      else this.unexplained++;
      if (this.disagreements.length < DISAGREEMENTS_SHOWN)
        this.disagreements.push({
          object: this.world.label(fact.object),
          event: fact.event.seq,
          expected: fact.expected,
          observed: fact.observed,
          explanation: fact.explanation,
        });
      return;
    }
    for (const rule of this.#byFact.get(fact.type) ?? []) {
      const verdict = fact.certain && !this.world.lossy ? rule.judge(fact as never, this.#words) : CANNOT_TELL;
      const tally = this.tally.get(rule.name)!;
      if (verdict.verdict === "fine") tally.fine++;
      else if (verdict.verdict === "cannot tell") tally.cannotTell++;
      else {
        tally.wrong++;
        for (const claim of verdict.findings) this.#keep(rule, claim, fact);
      }
    }
  }

  /** Withdraws findings that rest on events of which some were lost, or that were refuted: their rules cannot tell. */
  #retract(from: Finding[], doubted: (finding: Finding) => boolean): void {
    for (let at = from.length - 1; at >= 0; at--) {
      if (!doubted(from[at]!)) continue;
      const [finding] = from.splice(at, 1);
      const tally = this.tally.get(finding!.rule)!;
      tally.wrong--;
      tally.cannotTell++;
      this.listener.onWithdrawn?.(finding!);
    }
  }

  #keep(rule: Rule, claim: Claim, fact: Fact): void {
    const { batch, index } = fact.event;
    const line = batch.line[index]!;
    const file = line > 0 ? this.recording.fileOf?.(batch.cpu[index]!) : undefined;
    const finding: Finding = {
      rule: rule.name,
      severity: rule.severity,
      object: claim.object,
      event: fact.event.seq,
      ...(file === undefined ? {} : { file }),
      ...(line > 0 ? { line } : {}),
      time: formatTime(batch.timeHigh[index]!, batch.timeLow[index]!, batch.timeDigits),
      task: this.tables.tasks.get(fact.event.taskId).name,
      message: claim.message,
      evidence: claim.evidence,
      steps: (claim.steps ?? []).map((s) => ({ ...s })),
      ...(claim.unreturned ? { unreturned: claim.unreturned } : {}),
      ...(claim.kept ? { kept: claim.kept } : {}),
      ...(claim.lacking ? { lacking: claim.lacking } : {}),
      ...(claim.reserved ? { reserved: claim.reserved } : {}),
    };
    const kept = rule.severity === "error" ? this.findings : this.hazards;
    if (kept.length < KEPT) kept.push(finding);
    if (rule.severity === "error") this.listener.onFinding?.(finding);
    else this.listener.onHazard?.(finding);
  }
}
