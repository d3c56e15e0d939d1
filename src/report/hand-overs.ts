/** Finds where leaked references passed from the call that took them to the object that kept them. */
import type { Finding } from "../check/finding.js";
import type { Row } from "../describe/chronicle.js";

interface Sought {
  readonly object: string;
  /** The event of the finding: a later hand-over does not count. */
  readonly until: number;
  /** The event at which the reference passed on. */
  row: Row | undefined;
}

export class HandOvers {
  readonly #byFinding = new Map<string, Sought>();
  readonly #byGet = new Map<number, Sought[]>();
  /** References taken and not passed on yet, by the task that took them. */
  readonly #open = new Map<string, Sought[]>();

  /** `findings` come from an earlier reading of the same recording. */
  constructor(findings: readonly Finding[]) {
    for (const finding of findings) {
      if (!finding.unreturned) continue;
      const sought: Sought = { object: finding.object, until: finding.event, row: undefined };
      this.#byFinding.set(keyOf(finding), sought);
      add(this.#byGet, finding.unreturned.event, sought);
    }
  }

  /** Rows come in the order of the recording. */
  row(row: Row): void {
    const open = this.#open.get(row.task);
    if (open && row.changes.some((change) => change.passed.length > 0)) {
      for (const sought of open)
        if (row.seq < sought.until && row.changes.some((c) => c.label === sought.object && c.passed.length > 0))
          sought.row = row;
      this.#open.set(
        row.task,
        open.filter((sought) => !sought.row && row.seq < sought.until),
      );
    }
    for (const sought of this.#byGet.get(row.seq) ?? []) add(this.#open, row.task, sought);
  }

  /**
   * A call hands over at its return what it took: the first hand-over by its task of a reference on this object is that
   * of the reference.
   */
  of(finding: Finding): Row | undefined {
    return this.#byFinding.get(keyOf(finding))?.row;
  }
}

function add<K>(to: Map<K, Sought[]>, key: K, sought: Sought): void {
  const known = to.get(key);
  if (known) known.push(sought);
  else to.set(key, [sought]);
}

const keyOf = ({ rule, object, event }: Finding): string => `${rule} ${event} ${object}`;
