/** The effects of steps on lists, each atomic. They change a list in place, so it must be owned: see `Memory.own`. */

/** Puts `value` at `index`, lengthening the list if need be; returns the number before (0 for none). */
export function put(list: number[], index: number, value: number): number {
  const before = list[index] ?? 0;
  while (list.length < index) list.push(0);
  list[index] = value;
  return before;
}

/** The index of the lowest free (0) place from `from` on and below a limit, or -1. */
export function lowestFree(list: readonly number[], from: number, below: number): number {
  const free = list.indexOf(0, from);
  const index = free < 0 ? Math.max(from, list.length) : free;
  return index < below ? index : -1;
}

/** Takes out the first record that begins with `value`, of `size` numbers. */
export function drop(list: number[], value: number, size: number): void {
  let at = 0;
  while (at < list.length && list[at] !== value) at += size;
  list.splice(at, size);
}

/**
 * Adds a range to a set of numbers, such as the pages of a file; returns how many are new. The set is kept as ranges,
 * first and end in turn, in order and apart.
 */
export function cover(ranges: number[], first: number, end: number): number {
  // The usual case: right after the last range.
  const last = ranges.length - 1;
  if (last >= 0 && ranges[last] === first) {
    ranges[last] = end;
    return end - first;
  }
  const before = count(ranges);
  uncover(ranges, first, end);
  const at = ranges.findIndex((value, k) => k % 2 === 0 && value >= end);
  ranges.splice(at < 0 ? ranges.length : at, 0, first, end);
  for (let i = 1; i + 1 < ranges.length; ) {
    if (ranges[i] === ranges[i + 1]) ranges.splice(i, 2);
    else i += 2;
  }
  return count(ranges) - before;
}

/** Takes a range out; returns how many of its numbers were in the set. */
export function uncover(ranges: number[], first: number, end: number): number {
  const before = count(ranges);
  const left: number[] = [];
  for (let k = 0; k < ranges.length; k += 2) {
    const from = ranges[k]!;
    const to = ranges[k + 1]!;
    if (from < Math.min(to, first)) left.push(from, Math.min(to, first));
    if (Math.max(from, end) < to) left.push(Math.max(from, end), to);
  }
  ranges.length = 0;
  for (const value of left) ranges.push(value);
  return before - count(ranges);
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
