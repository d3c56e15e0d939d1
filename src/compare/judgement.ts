/**
 * Judges the operations that one recording never shows: which are a difference, and which are merely invisible there.
 */
import { points } from "../../events/index.js";
import {
  type Candidate,
  candidatesOf,
  DIFFERENT,
  hidden,
  other,
  unreadable,
  type Verdict,
  Witness,
} from "./candidates.js";
import type { Call, Line } from "./calls.js";
import type { History } from "./history.js";
import type { Kind } from "../reduce/objects.js";
import { beginningsOf, endsOf } from "./ends.js";
import { type Effects, effectsOf, isThere, type Standing, Standings } from "./effects.js";
import { argumentWords, operationWords } from "./incomparable-words.js";
import { Pages } from "./paged.js";
import type { Blindness } from "./surface.js";
import type { Incomparable, Side } from "./types.js";

/** The operation is missing, and it has no effect that could show whether it happened. */
const TRACELESS: Verdict = { is: "different" };
/** Another operation is called in its place. */
const EXCHANGED: Verdict = { is: "different" };
const SIDES = ["before", "after"] as const;
export type Histories = Readonly<Record<Side, History>>;

export class Judgement {
  readonly #candidates: readonly Candidate[];
  readonly #witnesses: Readonly<Record<Side, Witness>>;
  readonly #verdicts = new Map<Candidate, Verdict>();
  readonly #arguments: Readonly<Record<Side, ReadonlyMap<number, number>>>;
  /** By operation of `before`, how often each operation of `after` replaced it; and how often it went in all. */
  readonly #replaced = new Map<string, Map<string, number>>();
  readonly #gone = new Map<string, number>();
  #effects: Readonly<Record<Side, ReadonlyMap<string, Effects>>> = { before: new Map(), after: new Map() };
  readonly standings: Readonly<Record<Side, Standings>>;
  readonly #pages: Pages;

  constructor(private readonly histories: Histories) {
    this.#pages = new Pages(histories.before.memory);
    this.standings = { before: new Standings("before", this.#pages), after: new Standings("after", this.#pages) };
    this.#candidates = candidatesOf(histories);
    this.#witnesses = { before: new Witness(histories.before), after: new Witness(histories.after) };
    this.#arguments = { before: unreadable(histories, "before"), after: unreadable(histories, "after") };
    for (const candidate of this.#candidates) {
      const verdict = this.#witnesses[candidate.missing].judge(candidate, this.#witnesses[other(candidate.missing)]);
      if (verdict) this.#verdicts.set(candidate, verdict);
    }
  }

  /** Frees the temporary file. */
  close(): void {
    this.#pages.close();
  }

  /** By side and operation: the number of missed entries, as the head says. */
  get missed(): Readonly<Record<Side, ReadonlyMap<string, number>>> {
    return { before: this.#witnesses.before.head.missed, after: this.#witnesses.after.head.missed };
  }

  /** Receives each line while the two are compared as they are. */
  line({ change, before, after }: Line): void {
    if (!before || change === "same") return;
    const { operation } = before.node;
    this.#gone.set(operation, (this.#gone.get(operation) ?? 0) + 1);
    if (change !== "replaced") return;
    const by = this.#replaced.get(operation) ?? new Map<string, number>();
    this.#replaced.set(operation, by.set(after!.node.operation, (by.get(after!.node.operation) ?? 0) + 1));
  }

  /** True if the undecided operations call for a second comparison. The histories are not needed after this. */
  prepare(): boolean {
    if (this.#compared.length === 0) return false;
    for (const [gone, by] of this.#replaced)
      for (const [came, times] of by) if (times * 2 > this.#gone.get(gone)!) this.#exchanged(gone, came);
    const effects = (side: Side): ReadonlyMap<string, Effects> =>
      effectsOf(
        this.histories[side],
        new Set(
          this.#compared
            .filter(({ missing, part }) => missing !== side && part === "whole")
            .map(({ operation }) => operation.name),
        ),
      );
    this.#effects = { before: effects("before"), after: effects("after") };
    return this.#compared.some((candidate) => this.#verdicts.get(candidate)?.is !== "different");
  }

  /** Decides that one operation replaced another, each being shown by one side alone. */
  #exchanged(gone: string, came: string): void {
    const [x, y] = [this.#candidate(gone, "after"), this.#candidate(came, "before")];
    if (!x || !y) return;
    for (const candidate of [x, y]) this.#verdicts.set(candidate, EXCHANGED);
  }

  get #compared(): readonly Candidate[] {
    return this.#candidates.filter(({ isCompared }) => isCompared);
  }

  get #open(): readonly Candidate[] {
    return this.#compared.filter((candidate) => !this.#verdicts.has(candidate));
  }

  #candidate(name: string, missing: Side): Candidate | undefined {
    return this.#candidates.find(
      (candidate) => candidate.operation.name === name && candidate.missing === missing && candidate.part === "whole",
    );
  }

  #isDifferent(candidate: Candidate | undefined): boolean {
    return candidate !== undefined && this.#verdicts.get(candidate)?.is === "different";
  }

  /** Returns the enclosing operations that are a difference and that every call of this one is made from. */
  #containers(candidate: Candidate): Candidate[] {
    const effects = this.#effectsOf(candidate);
    if (!effects) return [];
    return [...effects.within]
      .flatMap(([name, times]) => (times === effects.times ? (this.#candidate(name, candidate.missing) ?? []) : []))
      .filter((container) => this.#isDifferent(container));
  }

  /** Decides that an operation is absent if its only callers are absent together with all their callees. */
  #closeOver(): void {
    for (let progress = true; progress; ) {
      progress = false;
      for (const candidate of this.#compared) {
        if (this.#isDifferent(candidate) || !this.#containers(candidate).some((container) => this.#isEmpty(container)))
          continue;
        this.#verdicts.set(candidate, DIFFERENT);
        progress = true;
      }
    }
  }

  /** True if its callees are absent as well, so that it is no mere wrapper around them. */
  #isEmpty(candidate: Candidate): boolean {
    const { there, missing } = this.#standing(candidate);
    if (there + missing > 0) return missing >= there;
    const inner = [...(this.#effectsOf(candidate)?.doubtful.keys() ?? [])];
    return inner.length > 0 && inner.every((name) => this.#isDifferent(this.#candidate(name, candidate.missing)));
  }

  /**
   * True if a line differs only because one side shows more, with the hidden operations left out: its call is neither
   * an operation that differs nor inside one, and it is no difference as long as nothing is shown that one side lacks.
   */
  isDoubtful({ before, after }: Line): boolean {
    for (const [side, call] of [
      ["before", before],
      ["after", after],
    ] as const) {
      if (!call) continue;
      if (!this.standings[side].isNothing(call.node.seq)) return false;
      for (let around: Call | undefined = call; around; around = around.caller) {
        const [own, { operation }] = [around === call, around.node];
        const different = SIDES.map((missing) => this.#candidate(operation, missing)).filter((candidate) =>
          this.#isDifferent(candidate),
        );
        if (different.some((candidate) => own || this.#isEmpty(candidate!))) return false;
      }
    }
    return true;
  }

  #standing(candidate: Candidate): Standing {
    return this.standings[other(candidate.missing)].of(this.#effectsOf(candidate)?.calls ?? []);
  }

  /**
   * True if the beginnings of a kind of object show on a side: one of the operations that begin it is shown, or none of
   * them is thought to happen there unseen. An operation that replaced another may be that one.
   */
  begun(side: Side, kind: Kind): boolean {
    const begins = beginningsOf(kind);
    return (
      begins.length === 0 ||
      begins.some((name) => this.histories[side].surface.events[points.byEvent(name)!.id]! > 0) ||
      begins.every((name) => {
        const verdict = this.#verdicts.get(this.#candidate(name, side)!);
        return verdict !== EXCHANGED && verdict?.is !== "hidden";
      })
    );
  }

  /**
   * True if the ends of a kind of object show on a side: each operation that ends it is shown, or would be if it
   * happened. Until `decide`, a missing operation counts as one that did not happen.
   */
  ended(side: Side, kind: Kind): boolean {
    return endsOf(kind).every((name) => {
      if (
        this.#candidates.some(
          (candidate) => candidate.operation.name === name && this.#verdicts.get(candidate)?.is === "hidden",
        )
      )
        return false;
      return (
        this.histories[side].surface.events[points.byEvent(name)!.id]! > 0 ||
        this.#candidate(name, side)?.isCompared === true
      );
    });
  }

  /**
   * Decides the rest, after both were compared without all that one side never shows and `standings` hold the states.
   */
  decide(): void {
    // An operation whose callees are mostly absent is absent, and so are its callees.
    for (const candidate of this.#open) {
      const { there, missing } = this.#standing(candidate);
      if (missing > 0 && missing >= there) this.#verdicts.set(candidate, DIFFERENT);
    }
    this.#closeOver();
    // Inner operations come first: their absence says something of those around them.
    for (let open = this.#open; open.length > 0; open = this.#open) {
      const isOpen = (name: string, { missing, operation }: Candidate): boolean =>
        name !== operation.name && open.some((one) => one.missing === missing && one.operation.name === name);
      const inner = open.filter(
        (candidate) =>
          ![...(this.#effectsOf(candidate)?.doubtful.keys() ?? [])].some((name) => isOpen(name, candidate)),
      );
      for (const candidate of inner.length > 0 ? inner : open)
        this.#verdicts.set(candidate, this.#byEffects(candidate));
      this.#closeOver();
    }
  }

  #effectsOf({ operation, missing }: Candidate): Effects | undefined {
    return this.#effects[other(missing)].get(operation.name);
  }

  #byEffects(candidate: Candidate): Verdict {
    const { missing } = candidate;
    const effects = this.#effectsOf(candidate);
    const there = effects && isThere(effects, this.standings[other(missing)], this.#traceless(effects, missing));
    const isRefused = this.#witnesses[missing].refused(candidate);
    if (there === true) return hidden(isRefused ? "refused" : "hidden");
    if (there === false) return DIFFERENT;
    if (isRefused) return hidden("refused");
    // Its callees are its only effect, and they happened unseen.
    if (effects && this.#isWay(effects, missing)) return hidden("hidden");
    const hiding = this.#witnesses[missing].hiding(candidate);
    if (hiding.length > 0) return hidden("inlined", hiding.join(" and "));
    // It leaves no trace. If other probes were not set, this one may not have been set either.
    return this.#isPartial(missing) ? hidden("unprobed") : TRACELESS;
  }

  /** True if none of its callees is ever shown, and all of them happened. */
  #isWay({ doubtful }: Effects, missing: Side): boolean {
    const verdicts = [...doubtful.keys()].map((name) => this.#verdicts.get(this.#candidate(name, missing)!));
    return verdicts.length > 0 && verdicts.every((verdict) => verdict?.is === "hidden");
  }

  /** Counts the calls that leave no trace and are absent. */
  #traceless({ doubtful }: Effects, missing: Side): number {
    let sum = 0;
    for (const [name, times] of doubtful) {
      const inner = this.#candidate(name, missing);
      if (inner && this.#verdicts.get(inner) === TRACELESS) sum += times;
    }
    return sum;
  }

  /** True if probes that every list of probes holds were not set. */
  #isPartial(side: Side): boolean {
    return [...this.#verdicts].some(
      ([{ missing }, verdict]) => missing === side && verdict.is === "hidden" && verdict.reason === "unprobed",
    );
  }

  /** Everything that one side never shows: both sides could have shown the rest. */
  get all(): Blindness {
    return this.#blindness(this.#candidates);
  }

  /** The part of `all` that is no difference. */
  get hidden(): Blindness {
    return this.#blindness(
      this.#candidates.filter((candidate) => !candidate.isCompared || this.#verdicts.get(candidate)?.is === "hidden"),
    );
  }

  /** True if nothing that one side alone shows is a difference. */
  get isAllHidden(): boolean {
    return this.hidden.points.size === this.all.points.size;
  }

  #blindness(candidates: readonly Candidate[]): Blindness {
    const bits = new Map<number, number>();
    for (const side of SIDES)
      for (const [point, those] of this.#arguments[side]) bits.set(point, (bits.get(point) ?? 0) | those);
    return { points: new Set(candidates.flatMap(({ points: ids }) => ids)), arguments: bits };
  }

  /** Reports what is left out of the comparison: operations in the order of the catalogue, then arguments. */
  get told(): Incomparable[] {
    const operations = this.#candidates.flatMap((candidate): Incomparable[] => {
      const verdict = this.#verdicts.get(candidate);
      if (!candidate.isCompared || verdict?.is !== "hidden") return [];
      const { missing, operation } = candidate;
      const { times, first } = this.histories[other(missing)].occurrences.get(operation.name)!;
      return [
        {
          reason: verdict.reason,
          missing,
          operation: operation.name,
          times,
          first,
          message: operationWords(operation.name, times, missing, verdict),
        },
      ];
    });
    return [...operations, ...SIDES.flatMap((missing) => this.#toldArguments(missing))];
  }

  #toldArguments(missing: Side): Incomparable[] {
    const there = this.histories[other(missing)];
    return [...this.#arguments[missing]].flatMap(([id, bits]) => {
      const { operation, event, args } = points.points[id]!;
      const occurrences = there.occurrences.get(operation.name);
      if (!occurrences) return [];
      return args.flatMap(({ name }, k): Incomparable[] => {
        if (!((bits >> k) & 1)) return [];
        return [
          {
            reason: "argument",
            missing,
            operation: operation.name,
            argument: name,
            times: occurrences.times,
            first: occurrences.first,
            message: argumentWords(event, name, missing),
          },
        ];
      });
    });
  }
}
