/**
 * Watches the findings of one replay: what is found, at which event, and an identity by which the replays of a
 * recording and of a part of it can be compared.
 */
import { points } from "../../events/index.js";
import { Checker } from "../check/checker.js";
import type { Finding } from "../check/finding.js";
import type { Batch } from "../log/batch.js";
import type { Tables } from "../log/tables.js";
import type { EventView } from "../log/view.js";
import type { Frame, Stack } from "../reduce/calls.js";
import type { Fact } from "../reduce/facts.js";
import { Reducer } from "../reduce/reducer.js";
import { MutableStore, type Store } from "../reduce/store.js";
import type { Observer, World } from "../reduce/world.js";

/** A finding, and its position regardless of the events around it. */
export interface Told {
  readonly finding: Finding;
  /**
   * The event that it is about. A call without a return is over when something else happens: then it is the call's own
   * event, and 0 if only the time of the telling is known.
   */
  readonly anchor: number;
  /** The event at which it was reported; `Infinity`: at the end of the recording. */
  readonly at: number;
}

/** Receives the facts, too: `anchor` as in `Told`. */
export interface Tracer extends Observer {
  fact(fact: Fact, anchor: number): void;
}

export class Watch implements Observer {
  readonly world: World;
  readonly #reducer: Reducer;
  readonly #checker: Checker;
  readonly #told = new Map<Finding, Told>();
  /** The event that began last. */
  #at = 0;
  /** Findings reported late since then. */
  readonly #late: Finding[] = [];
  /** The entry of the call that is being closed. */
  #closing = 0;

  constructor(
    tables: Tables,
    store: Store = new MutableStore(),
    private readonly tracer: Tracer | undefined = undefined,
  ) {
    this.#reducer = new Reducer(store, points, tables);
    this.world = this.#reducer.world;
    this.#checker = new Checker(this.world, tables);
    const judge = this.world.facts;
    this.world.facts = (fact) => this.#fact(fact, judge);
    this.world.observer = this;
  }

  reduce(batch: Batch, to = batch.length): void {
    this.#reducer.reduce(batch, 0, to);
  }

  finish(): void {
    this.#reducer.finish();
  }

  /** Error findings in order. */
  get errors(): readonly Told[] {
    return this.#inOrder(this.#checker.findings);
  }

  get hazards(): readonly Told[] {
    return this.#inOrder(this.#checker.hazards);
  }

  touched(...args: Parameters<NonNullable<Observer["touched"]>>): void {
    this.tracer?.touched?.(...args);
  }

  entered(e: EventView, stack: Stack, frame: Frame | undefined): void {
    this.#begin(e);
    this.tracer?.entered?.(e, stack, frame);
  }

  returned(e: EventView, stack: Stack, frame: Frame | undefined): void {
    this.#begin(e);
    this.tracer?.returned?.(e, stack, frame);
  }

  closed(frame: Frame, stack: Stack, e: EventView): void {
    this.#closing = frame.seq;
    this.tracer?.closed?.(frame, stack, e);
  }

  #begin({ seq }: EventView): void {
    this.#closing = 0;
    this.#at = seq;
    for (const finding of this.#late.splice(0)) this.#told.set(finding, { ...this.#told.get(finding)!, at: seq });
  }

  #fact(fact: Fact, judge: (fact: Fact) => void): void {
    const { findings, hazards } = this.#checker;
    const [errors, warnings] = [findings.length, hazards.length];
    judge(fact);
    const { seq } = fact.event;
    const anchor = fact.type === "file-kept" ? 0 : this.#closing || seq;
    // A fact of an earlier event waited for a probe to show: that event is only about to begin.
    const late = seq < this.#at;
    for (const finding of [...findings.slice(errors), ...hazards.slice(warnings)]) {
      this.#told.set(finding, { finding, anchor, at: late ? Infinity : seq });
      if (late) this.#late.push(finding);
    }
    this.tracer?.fact(fact, anchor);
  }

  #inOrder(findings: readonly Finding[]): Told[] {
    return [...findings].sort((a, b) => a.event - b.event).map((finding) => this.#told.get(finding)!);
  }
}

const GENERATION = /(\b0x[0-9a-f]+)#\d+/g;
const EVENTS = /\bevent (\d+(?:, \d+)*)/g;

/** The event numbers in a finding's message. */
export function eventsNamed({ message }: Finding): number[] {
  return [...message.matchAll(EVENTS)].flatMap(([, numbers]) => numbers!.split(", ").map(Number));
}

/**
 * Identifies the subject of a finding in words that do not change when other events are left out: events by their
 * numbers in the whole recording, objects without the number of earlier lives at the same address.
 */
export function subjectOf({ finding, anchor }: Told, original: (event: number) => number): string {
  return `${finding.rule} ${finding.object.replace(GENERATION, "$1")} ${anchor === 0 ? 0 : original(anchor)}`;
}

/** Identifies a finding with its whole message. */
export function identityOf(told: Told, original: (event: number) => number): string {
  const message = told.finding.message.replace(GENERATION, "$1").replace(
    EVENTS,
    (_, numbers: string) =>
      `event ${numbers
        .split(", ")
        .map((n) => (n === "0" ? 0 : original(Number(n))))
        .join(", ")}`,
  );
  return `${subjectOf(told, original)} ${message}`;
}
