/**
 * The *units* of a recording, which can be left out, and the needs of each. A unit is a call's entry with its return,
 * or an event without either. Only events of the catalogue are in units: the others change nothing.
 */
import { Numbers } from "./numbers.js";

/** From 1, in the order of their first events; 0 is none. */
export type Unit = number;

/** Two units may need one another: neither is kept without the other. */
export class Units {
  /** Number of units, which are numbered from 1. */
  count = 0;
  /** By event: its unit. */
  readonly #ofEvent = new Numbers();
  readonly #entry = new Numbers();
  readonly #return = new Numbers();
  readonly #point = new Numbers();
  readonly #task = new Numbers();
  readonly #within = new Numbers();
  readonly #closer = new Numbers();
  readonly #focus = new Numbers();
  readonly #from = new Numbers();
  readonly #to = new Numbers();
  #starts: Uint32Array | undefined;
  #needs = new Uint32Array(0);

  /** `within`: the unit of the enclosing call. */
  add(event: number, point: number, task: number, within: Unit): Unit {
    const unit = ++this.count;
    this.#ofEvent.set(event, unit);
    this.#entry.set(unit, event);
    this.#point.set(unit, point);
    this.#task.set(unit, task);
    this.#within.set(unit, within);
    if (within) this.need(unit, within);
    return unit;
  }

  returned(unit: Unit, event: number): void {
    this.#ofEvent.set(event, unit);
    this.#return.set(unit, event);
  }

  /** Records that a call without a return was over at this event. */
  closed(unit: Unit, event: number): void {
    this.#closer.set(unit, event);
  }

  /** Marks a unit that touches an object of guest_memfd. */
  touches(unit: Unit): void {
    this.#focus.set(unit, 1);
  }

  /** `unit` is not kept without `other`. */
  need(unit: Unit, other: Unit): void {
    if (unit === 0 || other === 0 || unit === other) return;
    const { length } = this.#from;
    // One event reads the same object repeatedly.
    for (let k = Math.max(0, length - 4); k < length; k++)
      if (this.#from.at(k) === unit && this.#to.at(k) === other) return;
    this.#from.push(unit);
    this.#to.push(other);
    this.#starts = undefined;
  }

  bind(unit: Unit, other: Unit): void {
    this.need(unit, other);
    this.need(other, unit);
  }

  /** Returns the unit of an event; 0: none. */
  of(event: number): Unit {
    return this.#ofEvent.at(event);
  }

  /** Its one or two events. */
  events(unit: Unit): readonly number[] {
    const [entry, end] = [this.#entry.at(unit), this.#return.at(unit)];
    return end ? [entry, end] : [entry];
  }

  point(unit: Unit): number {
    return this.#point.at(unit);
  }

  isReturned(unit: Unit): boolean {
    return this.#return.at(unit) !== 0;
  }

  isFocus(unit: Unit): boolean {
    return this.#focus.at(unit) === 1;
  }

  /** The outermost call around it. */
  root(unit: Unit): Unit {
    let root = unit;
    for (let up = this.#within.at(root); up !== 0; up = this.#within.at(root)) root = up;
    return root;
  }

  /**
   * The events that show that a call without a return was over: the next one of its task, and the next one about
   * guest_memfd.
   */
  closers(unit: Unit): readonly Unit[] {
    const event = this.#closer.at(unit);
    if (event === 0) return [];
    const closers = [this.of(event)];
    const task = this.#task.at(unit);
    for (let next = this.of(event) || unit + 1; next <= Math.min(this.count, unit + LOOKED_AHEAD); next++) {
      if (this.#task.at(next) !== task || !this.isFocus(next) || this.#entry.at(next) < event) continue;
      closers.push(next);
      break;
    }
    return closers.filter((closer) => closer !== 0);
  }

  needs(unit: Unit): Uint32Array {
    const starts = (this.#starts ??= this.#index());
    return this.#needs.subarray(starts[unit]!, starts[unit + 1]!);
  }

  /** Returns the units with all their needs; beyond `most`, those found by then. */
  closure(units: Iterable<Unit>, most = Infinity): Set<Unit> {
    const closed = new Set<Unit>(units);
    closed.delete(0);
    // A set is walked in the order of insertion, including elements added on the way.
    for (const unit of closed) {
      if (closed.size > most) break;
      for (const needed of this.needs(unit)) closed.add(needed);
    }
    return closed;
  }

  /** Sorts the edges by their start, so that the needs of each unit lie together. */
  #index(): Uint32Array {
    const starts = new Uint32Array(this.count + 2);
    for (let k = 0; k < this.#from.length; k++) starts[this.#from.at(k) + 1]!++;
    for (let unit = 1; unit < starts.length; unit++) starts[unit]! += starts[unit - 1]!;
    const next = starts.slice();
    this.#needs = new Uint32Array(this.#from.length);
    for (let k = 0; k < this.#from.length; k++) this.#needs[next[this.#from.at(k)]!++] = this.#to.at(k);
    return starts;
  }
}

/** Units that are searched for the end of a call. */
const LOOKED_AHEAD = 10_000;
