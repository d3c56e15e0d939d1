/**
 * The catalogue as recordings meet it: a *point* is an operation's entry or its return, and has a small number.
 * Point 0 is the event of an operation that is not in the catalogue.
 */
import { type ArgumentDefinition, hasReturn, isEssential, type OperationDefinition } from "./definition.js";

/** Which end of an operation an event is. */
export type Phase = "entry" | "return";

/** An entry or a return of an operation, as recordings meet it, with its number. */
export interface Point {
  readonly id: number;
  /** The event's name in a recording: `iput`, `alloc_anon_inode_ret`. */
  readonly event: string;
  readonly operation: OperationDefinition;
  readonly phase: Phase;
  /** The arguments that this event prints: those of the call, or the result alone if there is one. */
  readonly args: readonly ArgumentDefinition[];
  /** Bit k: without argument k the event does not say what it is about. */
  readonly essential: number;
}

/**
 * The points of a catalogue, by number and by the name of their event.
 *
 * @throws {Error} Where two operations have an event of one name, or an event has more than 16 arguments.
 */
export class PointTable {
  /** By id; 0 is absent. */
  readonly points: readonly (Point | undefined)[];
  readonly #byEvent = new Map<string, Point>();

  constructor(operations: readonly OperationDefinition[]) {
    const points: (Point | undefined)[] = [undefined];
    const add = (
      event: string,
      operation: OperationDefinition,
      phase: Phase,
      args: readonly ArgumentDefinition[],
    ): void => {
      if (this.#byEvent.has(event)) throw new Error(`the catalogue defines the event ${event} twice`);
      if (args.length > 16) throw new Error(`${event} has more than 16 arguments`);
      const point = Object.freeze({
        id: points.length,
        event,
        operation,
        phase,
        args,
        essential: args.reduce((bits, arg, k) => (isEssential(arg) ? bits | (1 << k) : bits), 0),
      });
      points.push(point);
      this.#byEvent.set(event, point);
    };
    for (const operation of operations) {
      add(operation.name, operation, "entry", operation.args);
      if (hasReturn(operation))
        add(`${operation.name}_ret`, operation, "return", operation.result ? [operation.result] : []);
    }
    this.points = points;
  }

  /** The point of an event by its name in a recording. */
  byEvent(event: string): Point | undefined {
    return this.#byEvent.get(event);
  }
}
