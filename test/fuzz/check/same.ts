/** Compares two readings by their events, regardless of batches and of numbers in tables. */
import { points } from "../../../events/index.js";
import type { Batch } from "../../../src/log/batch.js";
import type { Tables } from "../../../src/log/tables.js";
import { isReading, type Outcome, type Reading } from "./reading.js";
import { Problem, shown } from "./problem.js";

type Events = Pick<Reading, "batches" | "tables">;

export interface Like {
  /** Compares lines, which some formats do not have. */
  readonly lines?: boolean;
  /** Compares the reported losses. */
  readonly losses?: boolean;
  /** Compares only so many events, from the first. */
  readonly most?: number;
}

/**
 * Compares two outcomes.
 * @throws {Problem} for the first difference
 */
export function sameOutcome(promise: string, a: Outcome, b: Outcome): void {
  if (!isReading(a) || !isReading(b)) {
    const [left, right] = [a, b].map((each) => (isReading(each) ? "it is read" : each.message));
    if (left !== right) throw new Problem(promise, `${left!}; ${right!}`);
    return;
  }
  sameEvents(promise, a, b);
  sameReport(promise, a, b);
}

export function sameEvents(
  promise: string,
  a: Events,
  b: Events,
  { lines = true, losses = true, most = Infinity }: Like = {},
): void {
  const [left, right] = [new Walk(a), new Walk(b)];
  for (let seq = 1; seq <= most; seq++) {
    const [more, too] = [left.next(), right.next()];
    if (more !== too) throw new Problem(promise, `one has ${count(a)} events, the other ${count(b)}`);
    if (!more) break;
    const field = differing(left, right, lines);
    if (field !== undefined)
      throw new Problem(promise, `event ${seq} differs in ${field}: ${shown(left.told())} and ${shown(right.told())}`);
  }
  if (losses && most === Infinity) {
    const [x, y] = [lossesOf(a, lines), lossesOf(b, lines)];
    if (x !== y) throw new Problem(promise, `losses differ: ${shown(x)} and ${shown(y)}`);
  }
}

const COUNTS = [
  "events",
  "lines",
  "pairs",
  "continuations",
  "comments",
  "control",
  "blank",
  "skipped",
  "unknown",
  "malformed",
  "lostLines",
  "overrun",
  "uncountedLoss",
  "truncated",
  "tracer",
] as const;

function sameReport(promise: string, { report: a }: Reading, { report: b }: Reading): void {
  for (const name of COUNTS)
    if (a[name] !== b[name]) throw new Problem(promise, `${name} differs: ${String(a[name])} and ${String(b[name])}`);
  for (const name of ["clock", "environment", "warnings", "firstSkipped", "exportedFrom", "cpus"] as const) {
    const [x, y] = [JSON.stringify(a[name]), JSON.stringify(b[name])];
    if (x !== y) throw new Problem(promise, `${name} differ: ${shown(x ?? "")} and ${shown(y ?? "")}`);
  }
}

const count = ({ batches }: Events): number => batches.reduce((sum, { length }) => sum + length, 0);

function lossesOf({ batches }: Events, lines: boolean): string {
  return batches
    .flatMap(({ firstSeq, losses }) =>
      losses.map((loss) => `${firstSeq + loss.index}/${loss.cpu}/${loss.count}${lines ? `/${loss.line}` : ""}`),
    )
    .join(" ");
}

class Walk {
  batch!: Batch;
  i = -1;
  readonly tables: Tables;
  readonly #batches: readonly Batch[];
  #at = -1;

  constructor({ batches, tables }: Events) {
    this.tables = tables;
    this.#batches = batches;
  }

  next(): boolean {
    while (this.#at < 0 || ++this.i >= this.batch.length) {
      const batch = this.#batches[++this.#at];
      if (!batch) return false;
      this.batch = batch;
      this.i = -1;
      if (batch.length > 0) {
        this.i = 0;
        return true;
      }
    }
    return true;
  }

  told(): object {
    const { batch, i, tables } = this;
    const point = points.points[batch.point[i]!];
    const args = (point?.args ?? []).map((_, k) => String(valueAt(this, k)));
    return {
      point: point?.event ?? batch.unknown.get(i),
      task: tables.tasks.get(batch.task[i]!),
      cpu: batch.cpu[i],
      context: batch.context[i],
      time: [batch.timeHigh[i], batch.timeLow[i], batch.timeDigits],
      line: batch.line[i],
      place: tables.places.text(batch.place[i]!),
      args,
    };
  }
}

function differing(a: Walk, b: Walk, lines: boolean): string | undefined {
  const [x, y, i, j] = [a.batch, b.batch, a.i, b.i];
  if (x.point[i] !== y.point[j]) return "operation";
  if (x.cpu[i] !== y.cpu[j]) return "CPU";
  if (x.context[i] !== y.context[j]) return "context";
  if (x.timeHigh[i] !== y.timeHigh[j] || x.timeLow[i] !== y.timeLow[j] || x.timeDigits !== y.timeDigits) return "time";
  if (lines && x.line[i] !== y.line[j]) return "line";
  if (x.fault[i] !== y.fault[j]) return "what could not be read";
  const [task, other] = [a.tables.tasks.get(x.task[i]!), b.tables.tasks.get(y.task[j]!)];
  if (task.name !== other.name || task.tgid !== other.tgid) return "task";
  if (a.tables.places.text(x.place[i]!) !== b.tables.places.text(y.place[j]!)) return "place";
  const [unknown, known] = [x.unknown.get(i), y.unknown.get(j)];
  if (unknown?.name !== known?.name || unknown?.text !== known?.text) return "name or text";
  const { args = [] } = points.points[x.point[i]!] ?? {};
  for (let k = 0; k < args.length; k++) if (valueAt(a, k) !== valueAt(b, k)) return args[k]!.name;
  return undefined;
}

function valueAt({ batch, i, tables }: Walk, k: number): string | number | bigint | undefined {
  if ((batch.fault[i]! & (1 << k)) !== 0) return undefined;
  const at = batch.argStart[i]! + k;
  const low = batch.low[at]!;
  const high = batch.high[at]!;
  const { type } = points.points[batch.point[i]!]!.args[k]!;
  if (type === "string") return batch.strings[low]!;
  if (type === "ptr") return tables.addresses.bigint(low);
  return high === 0 ? low : (BigInt(high) << 32n) | BigInt(low);
}
