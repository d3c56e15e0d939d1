/** The arguments that a recording's events lack, and those that were found under other names. */
import { isNatural } from "../ndjson/numbers.js";

/** Number of events that lacked an argument which their probe could have printed. */
export interface Tally {
  times: number;
}

/** A name that was taken for an argument until a value refuted it. */
export interface Refusal {
  readonly event: string;
  readonly name: string;
  readonly argument: string;
  /** Line of the refuting value, 0 if the format has none, and file of a recording in several. */
  readonly line: number;
  readonly file?: string;
}

export interface SavedArguments {
  readonly lacking: Readonly<Record<string, Readonly<Record<string, number>>>>;
  readonly taken: Readonly<Record<string, Readonly<Record<string, readonly string[]>>>>;
  readonly refused: readonly Refusal[];
}

/** Limits of the names of one argument, and of a name. */
const MAX_NAMES = 8;
const MAX_NAME = 64;
/** The catalogue has some 130 events. */
const MAX_EVENTS = 1000;
const MAX_ARGUMENTS = 16;
const MAX_REFUSALS = 1000;

export class ArgumentReport {
  /** By event, as `module_put` or `try_module_get_ret`, and argument. */
  readonly #lacking = new Map<string, Map<string, Tally>>();
  readonly #taken = new Map<string, Map<string, Set<string>>>();
  readonly #refused: Refusal[] = [];

  /**
   * Returns the count of an event's missing argument, for the caller to increase. The kernel's own `(fault)` does not
   * count.
   */
  lacking(event: string, argument: string): Tally {
    const of = entry(this.#lacking, event, () => new Map<string, Tally>());
    return entry(of, argument, () => ({ times: 0 }));
  }

  take(event: string, argument: string, name: string): void {
    const of = entry(this.#taken, event, () => new Map<string, Set<string>>());
    const names = entry(of, argument, () => new Set<string>());
    if (names.size < MAX_NAMES) names.add(name.slice(0, MAX_NAME));
  }

  refuse(event: string, argument: string, name: string, line: number, file?: string): void {
    if (this.#refused.length < MAX_REFUSALS)
      this.#refused.push({
        event,
        argument,
        name: name.slice(0, MAX_NAME),
        line,
        ...(file === undefined ? {} : { file }),
      });
  }

  get isEmpty(): boolean {
    return this.#taken.size === 0 && this.#refused.length === 0 && this.#lackingEvents().length === 0;
  }

  /** Adds the report of one of several files. */
  add(part: ArgumentReport, file: string): void {
    const { lacking, taken, refused } = part.saved();
    this.restore({ lacking, taken, refused: refused.map((refusal) => ({ ...refusal, file })) });
  }

  saved(): SavedArguments {
    return {
      lacking: Object.fromEntries(this.#lackingEvents()),
      taken: Object.fromEntries(
        [...this.#taken].map(([event, of]) => [
          event,
          Object.fromEntries([...of].map(([argument, names]) => [argument, [...names]])),
        ]),
      ),
      refused: this.#refused,
    };
  }

  /** Adds a saved report; entries that are not valid are left out. */
  restore(saved: unknown): void {
    const { lacking, taken, refused } = fieldsOf(saved);
    for (const [event, argument, times] of pairs(lacking)) {
      if (isNatural(times) && times > 0 && this.#lacking.size < MAX_EVENTS)
        this.lacking(event, argument).times += times;
    }
    for (const [event, argument, names] of pairs(taken)) {
      if (this.#taken.size >= MAX_EVENTS) break;
      for (const name of Array.isArray(names) ? names.slice(0, MAX_NAMES) : [])
        if (typeof name === "string") this.take(event, argument, name);
    }
    for (const one of Array.isArray(refused) ? refused : []) {
      const { event, argument, name, line, file } = fieldsOf(one);
      if (isName(event) && isName(argument) && isName(name) && isNatural(line))
        this.refuse(event, argument, name, line, typeof file === "string" ? file : undefined);
    }
  }

  #lackingEvents(): [string, Record<string, number>][] {
    return [...this.#lacking].flatMap(([event, of]): [string, Record<string, number>][] => {
      const lacking = [...of].filter(([, { times }]) => times > 0);
      return lacking.length === 0
        ? []
        : [[event, Object.fromEntries(lacking.map(([argument, { times }]) => [argument, times]))]];
    });
  }
}

function entry<Value>(of: Map<string, Value>, key: string, make: () => Value): Value {
  let value = of.get(key);
  if (value === undefined) of.set(key, (value = make()));
  return value;
}

function isName(value: unknown): value is string {
  return typeof value === "string" && value.length <= MAX_NAME;
}

function fieldsOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null ? (value as Readonly<Record<string, unknown>>) : {};
}

/** Returns the events and arguments of a table of tables, at most as many as a catalogue can have. */
function pairs(table: unknown): [string, string, unknown][] {
  return entriesOf(table, MAX_EVENTS).flatMap(([event, of]) =>
    entriesOf(of, MAX_ARGUMENTS).map(([argument, value]): [string, string, unknown] => [event, argument, value]),
  );
}

function entriesOf(table: unknown, most: number): [string, unknown][] {
  return Object.entries(fieldsOf(table))
    .filter(([name]) => isName(name))
    .slice(0, most);
}
