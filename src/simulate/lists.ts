/** What steps do to lists, all at once. Lists are values: each of these makes a new one. */

/** The list with `value` at `index`, longer if need be, and what was there before (0 for nothing). */
export function put(list: readonly number[], index: number, value: number): { readonly list: readonly number[]; readonly before: number } {
  const before = list[index] ?? 0;
  const copy = list.slice();
  while (copy.length < index) copy.push(0);
  copy[index] = value;
  return { list: copy, before };
}

/** The index of the lowest free (0) place below a limit, or -1. */
export function lowestFree(list: readonly number[], below: number): number {
  const free = list.indexOf(0);
  const index = free < 0 ? list.length : free;
  return index < below ? index : -1;
}

/** The list without the first record that begins with `value`, of `size` numbers. */
export function without(list: readonly number[], value: number, size: number): readonly number[] {
  for (let k = 0; k < list.length; k += size) if (list[k] === value) return [...list.slice(0, k), ...list.slice(k + size)];
  return list;
}

/** Sets of numbers as ranges, first and end in turn, in order and apart: the pages of a file. */
export function cover(ranges: readonly number[], first: number, end: number): { readonly list: readonly number[]; readonly changed: number } {
  // The usual case: right behind the last range.
  const last = ranges.length - 1;
  if (last >= 0 && ranges[last] === first) return { list: put(ranges, last, end).list, changed: end - first };
  const before = count(ranges);
  const rest = uncover(ranges, first, end).list;
  const at = rest.findIndex((value, k) => k % 2 === 0 && value >= end);
  const k = at < 0 ? rest.length : at;
  const list = [...rest.slice(0, k), first, end, ...rest.slice(k)];
  for (let i = 1; i + 1 < list.length; ) {
    if (list[i] === list[i + 1]) list.splice(i, 2);
    else i += 2;
  }
  return { list, changed: count(list) - before };
}

export function uncover(ranges: readonly number[], first: number, end: number): { readonly list: readonly number[]; readonly changed: number } {
  const list: number[] = [];
  for (let k = 0; k < ranges.length; k += 2) {
    const from = ranges[k]!;
    const to = ranges[k + 1]!;
    if (from < Math.min(to, first)) list.push(from, Math.min(to, first));
    if (Math.max(from, end) < to) list.push(Math.max(from, end), to);
  }
  return { list, changed: count(ranges) - count(list) };
}

export function covers(ranges: readonly number[], value: number): boolean {
  for (let k = 0; k < ranges.length; k += 2) if (ranges[k]! <= value && value < ranges[k + 1]!) return true;
  return false;
}

function count(ranges: readonly number[]): number {
  let sum = 0;
  for (let k = 0; k < ranges.length; k += 2) sum += ranges[k + 1]! - ranges[k]!;
  return sum;
}
