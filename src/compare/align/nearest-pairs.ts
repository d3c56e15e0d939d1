/** Pairs numbers that are near each other. */
import { Heap } from "../../base/heap.js";

/**
 * Pairs the nearest of `xs` and `ys`, then the nearest two of the rest, until one side is used up; of equally near ones
 * the least. Both are in rising order, so the nearest stand next to each other and no others are considered.
 */
export function nearestPairs(xs: readonly number[], ys: readonly number[]): [x: number, y: number][] {
  const all = [...xs.map((number) => ({ number, isX: true })), ...ys.map((number) => ({ number, isX: false }))].sort(
    (p, q) => p.number - q.number,
  );
  const previous = all.map((_, k) => k - 1);
  const next = all.map((_, k) => (k + 1 < all.length ? k + 1 : -1));
  const taken = new Uint8Array(all.length);
  const heap = new Heap();
  const consider = (k: number, l: number): void => {
    if (k < 0 || l < 0 || all[k]!.isX === all[l]!.isX) return;
    const [x, y] = all[k]!.isX ? [k, l] : [l, k];
    heap.push(Math.abs(all[k]!.number - all[l]!.number), x * all.length + y);
  };
  all.forEach((_, k) => consider(k, next[k]!));
  const remove = (k: number): void => {
    taken[k] = 1;
    if (previous[k]! >= 0) next[previous[k]!] = next[k]!;
    if (next[k]! >= 0) previous[next[k]!] = previous[k]!;
  };
  const pairs: [number, number][] = [];
  while (heap.size > 0) {
    const value = heap.pop();
    const [x, y] = [Math.floor(value / all.length), value % all.length];
    if (taken[x] === 1 || taken[y] === 1) continue;
    const [first, last] = x < y ? [x, y] : [y, x];
    const [left, right] = [previous[first]!, next[last]!];
    remove(x);
    remove(y);
    consider(left, right);
    pairs.push([all[x]!.number, all[y]!.number]);
  }
  return pairs;
}
