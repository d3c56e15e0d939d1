/**
 * What arguments are called in one recording. What an event teaches holds for all that follow, until a value
 * contradicts: then the argument is absent from there on. Of numbered arguments (`arg1=`) it holds for events that have
 * as many.
 */
import type { Point } from "../../../events/points.js";
import { isNumbered, learn, type Printed } from "./learn.js";
import { type Offer, OTHER } from "./offer.js";
import type { ArgumentReport } from "./report.js";
import { Shape } from "./shape.js";

/** Of arguments that an event has (the kernel's MAX_TRACE_ARGS), and of names that a point has. */
const MAX_NAMES = 128;
const NONE = -1;

/** A name that the catalogue does not have. */
interface Known {
  readonly name: string;
  readonly id: number;
  seen: number;
  /** Which argument of the catalogue it is; -1 as long as that is not known, and ever after a contradiction. */
  k: number;
  refused: boolean;
  /** Names that were learned together. */
  together: readonly Known[];
  /** The report that was told of it last. */
  told: ArgumentReport | undefined;
}

export class PointNames {
  readonly shape: Shape;
  /** How often what was known was found to be wrong, or forgotten. */
  refusals = 0;
  readonly #at: Int32Array;
  readonly #missing: boolean[];
  readonly #known = new Map<string, Known>();
  /** Numbered ones, by how many arguments their events have. */
  readonly #numbered: Map<string, Known>[] = [];
  readonly #event: (Known | number)[] = [];
  #names = 0;
  /** Grows with all that is new. */
  #news = 0;
  /** When an event of this shape taught nothing. */
  readonly #vain = new Map<number, number>();

  constructor(point: Point) {
    this.shape = new Shape(point);
    this.#at = new Int32Array(point.args.length);
    this.#missing = point.args.map(() => true);
  }

  /**
   * Finds the catalogue's arguments among those of an event, the first `count`, in the order in which they are printed.
   * Returns by argument of the catalogue which of them it is, -1 for none, up to the next time.
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
    if (known.told === report) return;
    known.told = report;
    report.take(this.shape.point.event, this.shape.args[known.k]!.name, known.name);
  }

  /** What was learned together was learned from one another. */
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
    const vain = missing.reduce((hash, is) => (Math.imul(hash, 31) + (is ? 1 : 2)) | 0, Math.imul(unknown, 31) + count);
    if (this.#vain.get(vain) === this.#news) return;
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
    if (this.#vain.size >= MAX_NAMES) this.#vain.clear();
    this.#vain.set(vain, this.#news);
  }

  #nameOf(name: string, count: number): Known | undefined {
    const names = isNumbered(name) ? (this.#numbered[count] ??= new Map()) : this.#known;
    let known = names.get(name);
    if (known === undefined && this.#names < MAX_NAMES) {
      known = { name, id: this.#names++, seen: 0, k: NONE, refused: false, together: [], told: undefined };
      names.set(name, known);
      this.#news++;
    }
    return known;
  }
}

/** Of all points. */
export class ArgumentNames {
  readonly #points: (PointNames | undefined)[] = [];

  of(point: Point): PointNames {
    return (this.#points[point.id] ??= new PointNames(point));
  }

  /** Other probes may have made what follows. */
  forget(): void {
    for (const names of this.#points) if (names) names.refusals++;
    this.#points.length = 0;
  }
}
