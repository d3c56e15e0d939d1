/**
 * The rows of a side-by-side comparison: each has the call of one recording on the left and of the other on the right.
 */
import type { Diff, Difference, DifferenceKind, Hunk, HunkLine, SameStep, Site } from "../../compare/types.js";

/** The part of a diff that the page uses. */
export type DiffDocument = Pick<Diff, "differences" | "hunks" | "summary"> & Partial<Pick<Diff, "same">>;

/** `!` is a finding; the others are those of hunks. */
export type Mark = HunkLine["mark"] | "!";

/** The head of a section: an outermost operation, or the list of states and findings. */
export interface HeadRow {
  readonly type: "head";
  readonly section: number;
  readonly title: string;
  /** Number of operations that differ in this way. */
  readonly times: number;
  readonly before: Site | null;
  readonly after: Site | null;
}

/** A call on both sides, or on one; then the other side of its row is empty. */
export interface LineRow {
  readonly type: "line";
  readonly section: number;
  readonly mark: Mark;
  readonly depth: number;
  readonly before: Cell | undefined;
  readonly after: Cell | undefined;
  /** The change, if the text does not show it. */
  readonly detail: string;
  /** Indices of the differences that this row tells: its own first, then those that say the same of other places. */
  readonly differences: readonly number[];
}

/** A difference that no call shows: a state or a finding. */
export interface ToldRow {
  readonly type: "told";
  readonly section: number;
  readonly mark: Mark;
  readonly where: string;
  readonly message: string;
  readonly before: Site | null;
  readonly after: Site | null;
  readonly differences: readonly number[];
}

export type DiffRow = HeadRow | LineRow | ToldRow;

export interface Cell extends Site {
  readonly text: string;
}

/** Groups of differences to filter by. */
export const GROUPS = ["added", "removed", "replaced", "reordered", "argument", "result", "state", "finding"] as const;
export type Group = (typeof GROUPS)[number];

export function groupOf(kind: DifferenceKind): Group {
  if (kind.startsWith("finding-")) return "finding";
  return kind.replace(/^operation-|-changed$/g, "") as Group;
}

/**
 * Builds the rows; every difference is told in exactly one. States and findings come first, in a section of their own.
 * `whole`: also lists the unchanged operations between the others.
 */
export function diffRows({ differences, hunks, same = [] }: DiffDocument, whole = false): DiffRow[] {
  const places = new Places(differences);
  const paired = hunks.map(({ lines }, k) => pairedLines(lines, k + 1, places));
  const rest = places.rest();
  // Repeats in operations that differ in a hunk's way belong to the hunk; the rest is treated like a part of one.
  const often = paired.map((rows, k) => rows.map((row) => places.withAlike(row, hunks[k]!.times - 1)));
  const lines = often.map((rows) => rows.map((row) => places.withAlike(row, Infinity)));
  const told = toldRows(
    differences,
    rest.filter((k) => isApart(differences[k]!)),
    0,
  );
  const elsewhere = toldRows(
    differences,
    rest.filter((k) => !isApart(differences[k]!)),
    hunks.length + 1,
  );
  const head = (
    section: number,
    title: string,
    { times, before, after }: Pick<HeadRow, "times" | "before" | "after">,
  ): HeadRow => ({ type: "head", section, title, times, before, after });
  const nowhere = { times: 1, before: null, after: null };
  let next = 0;
  const between = (hunk: Pick<Hunk, "before" | "after"> | undefined): DiffRow[] => {
    const from = next;
    while (whole && next < same.length && (!hunk || isBefore(same[next]!, hunk))) next++;
    const steps = same.slice(from, next).map(
      (step): LineRow => ({
        type: "line",
        section: SAME,
        mark: "=",
        depth: 0,
        before: cell(step.before, step.text),
        after: cell(step.after, step.text),
        detail: "",
        differences: [],
      }),
    );
    return steps.length === 0
      ? []
      : [head(SAME, "the same", { ...nowhere, before: same[from]!.before, after: same[from]!.after }), ...steps];
  };
  return [
    ...(told.length > 0 ? [head(0, "States and findings", nowhere), ...told] : []),
    ...hunks.flatMap((hunk, k) => [...between(hunk), head(k + 1, hunk.where, hunk), ...lines[k]!]),
    ...between(undefined),
    ...(elsewhere.length > 0 ? [head(hunks.length + 1, "Elsewhere", nowhere), ...elsewhere] : []),
  ];
}

/** The section of unchanged operations. */
const SAME = -1;

function isBefore(step: SameStep, { before, after }: Pick<Hunk, "before" | "after">): boolean {
  return before ? step.before.event < before.event : step.after.event < (after?.event ?? 0);
}

/** True for states and findings: they are about more than the call that shows them. */
function isApart({ kind }: Difference): boolean {
  return kind === "state-changed" || groupOf(kind) === "finding";
}

/** Assigns differences to lines. */
class Places {
  /** Differences by side and event of their call. */
  readonly #at = new Map<string, number[]>();
  readonly #repeats = new Map<string, number[]>();
  readonly #told = new Set<number>();

  constructor(private readonly differences: readonly Difference[]) {
    differences.forEach((difference, k) => {
      if (isApart(difference)) return;
      if (difference.before) push(this.#at, `-${difference.before.event}`, k);
      if (difference.after) push(this.#at, `+${difference.after.event}`, k);
    });
  }

  /** Takes the differences of these calls: of both, or of the only one. */
  take(before: Site | null, after: Site | null): number[] {
    const found = (this.#at.get(before ? `-${before.event}` : `+${after?.event}`) ?? []).filter((k) => {
      const difference = this.differences[k]!;
      return (
        !this.#told.has(k) && difference.before?.event === before?.event && difference.after?.event === after?.event
      );
    });
    for (const k of found) this.#told.add(k);
    return found;
  }

  /** Returns the differences that no line tells; repeats of told ones are stored for `withAlike`. */
  rest(): number[] {
    const shown = new Set([...this.#told].map((k) => alikeKey(this.differences[k]!)));
    return this.differences.flatMap((difference, k) => {
      if (this.#told.has(k)) return [];
      const key = alikeKey(difference);
      if (isApart(difference) || !shown.has(key)) return [k];
      push(this.#repeats, key, k);
      return [];
    });
  }

  /** Adds repeats in operations that no hunk shows: at most `most` of each. */
  withAlike(row: LineRow, most: number): LineRow {
    const others = row.differences.flatMap(
      (k) => this.#repeats.get(alikeKey(this.differences[k]!))?.splice(0, most) ?? [],
    );
    return others.length === 0 ? row : { ...row, differences: [...row.differences, ...others] };
  }
}

function alikeKey({ kind, message }: Difference): string {
  return `${kind} ${message}`;
}

function push<K>(map: Map<K, number[]>, key: K, value: number): void {
  const list = map.get(key);
  if (list) list.push(value);
  else map.set(key, [value]);
}

/** Pairs the lines of a hunk; a replacement is one row. */
function pairedLines(lines: readonly HunkLine[], section: number, places: Places): LineRow[] {
  const rows: LineRow[] = [];
  for (let k = 0; k < lines.length; k++) {
    const line = lines[k]!;
    const next = lines[k + 1];
    if (line.mark === "-" && next?.mark === "+") {
      const differences = places.take(line.before, next.after);
      if (differences.length > 0) {
        rows.push({
          type: "line",
          section,
          mark: "~",
          depth: next.depth,
          before: cell(line.before, line.text),
          after: cell(next.after, next.text),
          detail: "",
          differences,
        });
        k++;
        continue;
      }
    }
    const [text, detail] = withoutDetail(line);
    const differences = line.mark === "=" ? [] : places.take(line.before, line.after);
    rows.push({
      type: "line",
      section,
      mark: line.mark,
      depth: line.depth,
      before: cell(line.before, line.textBefore ?? text),
      after: cell(line.after, text),
      detail,
      differences,
    });
  }
  return rows;
}

function cell(site: Site | null, text: string): Cell | undefined {
  return site ? { ...site, text } : undefined;
}

/** Splits `fput(file=file)   (moved)`: the end of the line is no part of the call. */
function withoutDetail({ mark, text }: HunkLine): [text: string, detail: string] {
  const at = mark === "=" ? -1 : text.lastIndexOf("   (");
  return at > 0 && text.endsWith(")") ? [text.slice(0, at), text.slice(at + 4, -1)] : [text, ""];
}

/** Builds the rows of states and findings; differences with the same words share a row. */
function toldRows(differences: readonly Difference[], which: readonly number[], section: number): ToldRow[] {
  const byWords = new Map<string, number[]>();
  for (const k of which) push(byWords, alikeKey(differences[k]!), k);
  const rows = [...byWords.values()].map((alike): ToldRow => {
    const { kind, where, message, before, after } = differences[alike[0]!]!;
    return {
      type: "told",
      section,
      mark: markOf(kind),
      where,
      message: kind.startsWith("finding-") ? `${kind.slice("finding-".length)}: ${message}` : message,
      before,
      after,
      differences: alike,
    };
  });
  return [...rows.filter(({ mark }) => mark === "!"), ...rows.filter(({ mark }) => mark !== "!")];
}

function markOf(kind: DifferenceKind): Mark {
  if (kind === "operation-added") return "+";
  if (kind === "operation-removed") return "-";
  return groupOf(kind) === "finding" ? "!" : "~";
}

export interface Filter {
  /** Empty: all. */
  readonly groups: ReadonlySet<Group>;
  /** Case is ignored; empty: all. */
  readonly text: string;
}

export interface Filtered {
  /** The rows that match, with their enclosing calls and the heads of their sections. */
  readonly rows: readonly DiffRow[];
  /** The matching rows among them. */
  readonly stops: readonly (LineRow | ToldRow)[];
}

export function filteredRows(
  rows: readonly DiffRow[],
  { differences }: Pick<DiffDocument, "differences">,
  { groups, text }: Filter,
): Filtered {
  const wanted = text.trim().toLowerCase();
  if (groups.size === 0 && wanted === "")
    return { rows, stops: rows.filter((row) => row.type !== "head").filter((row) => row.differences.length > 0) };
  const out: DiffRow[] = [];
  const stops: (LineRow | ToldRow)[] = [];
  /** The enclosing calls, by depth. */
  let around: LineRow[] = [];
  let head: HeadRow | undefined;
  for (const row of rows) {
    if (row.type === "head") {
      head = row;
      around = [];
      continue;
    }
    if (row.type === "line") around.length = Math.min(around.length, row.depth);
    const isWanted =
      row.differences.length > 0 &&
      (groups.size === 0 || row.differences.some((k) => groups.has(groupOf(differences[k]!.kind)))) &&
      (wanted === "" || wordsOf(row, head).includes(wanted));
    if (isWanted) {
      if (head) out.push(head);
      head = undefined;
      // A depth of which no call is shown is a hole.
      for (const call of around) if (call) out.push(call);
      around = [];
      out.push(row);
      stops.push(row);
    } else if (row.type === "line") around[row.depth] = row;
  }
  return { rows: out, stops };
}

function wordsOf(row: LineRow | ToldRow, head: HeadRow | undefined): string {
  const own =
    row.type === "line"
      ? `${row.before?.text ?? ""}\n${row.after?.text ?? ""}\n${row.detail}`
      : `${row.where}\n${row.message}`;
  return `${own}\n${head?.title ?? ""}`.toLowerCase();
}

/** Counts the differences by group. */
export function countGroups({ differences }: Pick<DiffDocument, "differences">): ReadonlyMap<Group, number> {
  const counts = new Map<Group, number>();
  for (const { kind } of differences) counts.set(groupOf(kind), (counts.get(groupOf(kind)) ?? 0) + 1);
  return counts;
}

/** Splits two texts into the common beginning, the differing middle, and the common end. */
export function parted(before: string, after: string): readonly [before: Parts, after: Parts] {
  const most = Math.min(before.length, after.length);
  let start = 0;
  while (start < most && before[start] === after[start]) start++;
  let end = 0;
  while (end < most - start && before.at(-1 - end) === after.at(-1 - end)) end++;
  const parts = (text: string): Parts => [
    text.slice(0, start),
    text.slice(start, text.length - end),
    text.slice(text.length - end),
  ];
  return [parts(before), parts(after)];
}

/** Common beginning, differing middle, common end. */
export type Parts = readonly [string, string, string];
