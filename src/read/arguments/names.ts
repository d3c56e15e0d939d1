/**
 * The names of arguments in one recording. A name learned from an event holds for all later ones, until a value
 * contradicts it: then the argument is absent from there on. A numbered name (`arg1=`) holds for events with the same
 * number of arguments.
 */
import type { Point } from "../../../events/points.js";
import { isNumbered, learn, type Printed } from "./learn.js";
import { type Offer, OTHER } from "./offer.js";
import type { ArgumentReport } from "./report.js";
import { Shape } from "./shape.js";

/** Limits of arguments of an event (the kernel's MAX_TRACE_ARGS), and of names of a point. */
const MAX_NAMES = 128;
const NONE = -1;

/** A name that the catalogue does not have. */
interface Known {
  readonly name: string;
  readonly id: number;
  seen: number;
  /** The argument of the catalogue that it is; -1 until that is known, and always after a contradiction. */
  k: number;
  refused: boolean;
  /** Names that were learned together. */
  together: readonly Known[];
  /** The report that last recorded it. */
  reportedTo: ArgumentReport | undefined;
}

export class PointNames {
  readonly shape: Shape;
  /** Number of names that were refuted or forgotten. */
  refusals = 0;
  readonly #at: Int32Array;
  readonly #missing: boolean[];
  readonly #known = new Map<string, Known>();
  /** Numbered names, by the number of arguments of their events. */
  readonly #numbered: Map<string, Known>[] = [];
  readonly #event: (Known | number)[] = [];
  #names = 0;
  /** Increases with every new fact. */
  #news = 0;
  /** By shape of an event: the value of `#news` at which it taught nothing. */
  readonly #fruitless = new Map<number, number>();

  constructor(point: Point) {
    this.shape = new Shape(point);
    this.#at = new Int32Array(point.args.length);
    this.#missing = point.args.map(() => true);
  }

  /**
   * Finds the catalogue's arguments among the first `count` of an event, in the order in which they are printed.
   * Returns by argument of the catalogue the index of the event's, -1 for none; valid until the next call.
   */
  match(offers: readonly Offer[], count: number, report: ArgumentReport, line: number): Int32Array {
    const { shape } = this;
    const at = this.#at;
    const missing = this.#missing;
    const event = this.#event;
    at.fill(NONE);
    missing.fill(true);
    if (event.length > count) event.length = count;
    let left = at.length;
    for (let i = 0; i < count; i++) {
      const k = shape.named(offers[i]!.name);
      event[i] = k;
      if (k < 0 || !missing[k]) continue;
      at[k] = i;
      missing[k] = false;
      left--;
    }
    if (left === 0 || left + count === at.length || count > MAX_NAMES) return at;
    let unknown = 0;
    let news = false;
    for (let i = 0; i < count; i++) {
      if (event[i] !== NONE) continue;
      const known = this.#nameOf(offers[i]!.name, count);
      if (known === undefined) continue;
      event[i] = known;
      const { bits } = offers[i]!;
      if ((known.seen | bits) !== known.seen) {
        known.seen |= bits;
        this.#news++;
      }
      if (known.refused) continue;
      if (known.k < 0) {
        unknown = (Math.imul(unknown, 31) + known.id * MAX_NAMES + i + 1) | 0;
        news = true;
      } else if (missing[known.k] && (bits & OTHER) === 0) {
        if ((bits & shape.fits[known.k]!.denied) === 0) this.#take(known, i, report);
        else this.#refuse(known, report, line);
      }
    }
    if (news && missing.includes(true)) this.#learn(offers, count, unknown, report);
    return at;
  }

  #take(known: Known, i: number, report: ArgumentReport): void {
    this.#at[known.k] = i;
    this.#missing[known.k] = false;
    if (known.reportedTo === report) return;
    known.reportedTo = report;
    report.take(this.shape.point.event, this.shape.args[known.k]!.name, known.name);
  }

  /** Names that were learned together depend on each other. */
  #refuse({ together }: Known, report: ArgumentReport, line: number): void {
    this.refusals++;
    for (const known of together) {
      if (known.refused) continue;
      report.refuse(this.shape.point.event, this.shape.args[known.k]!.name, known.name, line);
      if (!this.#missing[known.k] && this.#at[known.k]! >= 0 && this.#event[this.#at[known.k]!] === known) {
        this.#at[known.k] = NONE;
        this.#missing[known.k] = true;
      }
      known.refused = true;
      known.k = NONE;
      this.#news++;
    }
  }

  #learn(offers: readonly Offer[], count: number, unknown: number, report: ArgumentReport): void {
    const missing = this.#missing;
    const situation = missing.reduce(
      (hash, is) => (Math.imul(hash, 31) + (is ? 1 : 2)) | 0,
      Math.imul(unknown, 31) + count,
    );
    if (this.#fruitless.get(situation) === this.#news) return;
    for (;;) {
      const printed = this.#event.map((known, i): Printed => {
        const { name, bits } = offers[i]!;
        if (typeof known === "number") return { name, seen: bits, k: known, isNew: false };
        return { name, seen: known.seen, k: known.k, isNew: known.k < 0 && !known.refused };
      });
      const learned = learn(this.shape, printed, missing);
      if (learned.length === 0) break;
      const together = learned.map(({ at }) => this.#event[at] as Known);
      for (const { at, k } of learned) {
        const known = this.#event[at] as Known;
        known.k = k;
        known.together = together;
        this.#take(known, at, report);
      }
      this.#news++;
    }
    if (this.#fruitless.size >= MAX_NAMES) this.#fruitless.clear();
    this.#fruitless.set(situation, this.#news);
  }

  #nameOf(name: string, count: number): Known | undefined {
    const names = isNumbered(name) ? (this.#numbered[count] ??= new Map()) : this.#known;
    let known = names.get(name);
    if (known === undefined && this.#names < MAX_NAMES) {
      known = { name, id: this.#names++, seen: 0, k: NONE, refused: false, together: [], reportedTo: undefined };
      names.set(name, known);
      this.#news++;
    }
    return known;
  }
}

/** The names of all points. */
export class ArgumentNames {
  readonly #points: (PointNames | undefined)[] = [];

  of(point: Point): PointNames {
    return (this.#points[point.id] ??= new PointNames(point));
  }

  /** Forgets all names: the events that follow may come from other probes. */
  forget(): void {
    for (const names of this.#points) if (names) names.refusals++;
    this.#points.length = 0;
  }
}
