/** The state of the comparison: its rows, the filter, and the chosen difference. */
import { computed, signal } from "@preact/signals";
import type { Difference } from "../../compare/types.js";
import { Anchors } from "../model/diff-moments.js";
import {
  countGroups,
  type DiffDocument,
  type DiffRow,
  diffRows,
  filteredRows,
  type Group,
} from "../model/diff-rows.js";
import { diff, difference } from "./store.js";

const EMPTY: DiffDocument = {
  differences: [],
  hunks: [],
  summary: {
    operations: { same: 0, added: 0, removed: 0, replaced: 0, reordered: 0 },
    results: { same: 0, changed: 0 },
    state: { same: 0, changed: 0 },
  },
};

/** The error sent in place of a comparison that failed. */
export const failure = computed(() => (diff.value as { readonly error?: string } | undefined)?.error);
export const document = computed(() =>
  failure.value === undefined ? ((diff.value as DiffDocument | undefined) ?? EMPTY) : EMPTY,
);
/** True: unchanged operations are shown, too. */
export const whole = signal(false);
export const rows = computed(() => diffRows(document.value, whole.value));
export const counts = computed(() => countGroups(document.value));
export const anchors = computed(() => new Anchors(document.value));

export const groups = signal<ReadonlySet<Group>>(new Set());
export const words = signal("");
const filtered = computed(() => filteredRows(rows.value, document.value, { groups: groups.value, text: words.value }));
export const shownRows = computed(() => filtered.value.rows);

const orders = computed(() => new Map(rows.value.map((row, order) => [row, order])));
const rowsOfDifferences = computed(() => {
  const found = new Map<number, number>();
  rows.value.forEach(
    (row, order) => row.type !== "head" && row.differences.forEach((index) => found.set(index, order)),
  );
  return found;
});

export interface Chosen {
  readonly index: number;
  readonly difference: Difference;
  /** Its index among all rows. */
  readonly order: number;
  readonly row: Exclude<DiffRow, { readonly type: "head" }>;
}

export const chosen = computed((): Chosen | undefined => {
  const index = difference.value - 1;
  const order = rowsOfDifferences.value.get(index);
  const row = order === undefined ? undefined : rows.value[order];
  return order === undefined || !row || row.type === "head"
    ? undefined
    : { index, difference: document.value.differences[index]!, order, row };
});

/** Chooses a difference by its index in the document; `undefined`: none. */
export function choose(index: number | undefined): void {
  difference.value = index === undefined ? 0 : index + 1;
}

export function stepDifference(direction: 1 | -1): void {
  const from = chosen.peek()?.order ?? (direction > 0 ? -1 : Infinity);
  const order = (row: DiffRow): number => orders.peek().get(row)!;
  const { stops } = filtered.peek();
  const row = direction > 0 ? stops.find((one) => order(one) > from) : stops.findLast((one) => order(one) < from);
  if (row) choose(row.differences[0]);
}

/** Position of the chosen row among those with differences, from 1; 0: not among those shown. */
export const place = computed(() => ({
  at: chosen.value ? filtered.value.stops.indexOf(chosen.value.row) + 1 : 0,
  of: filtered.value.stops.length,
}));

export function toggle(group: Group): void {
  const next = new Set(groups.peek());
  if (!next.delete(group)) next.add(group);
  groups.value = next;
}
