/**
 * Returns the first index from `from` up to `to` at which a condition holds; `to` if it holds at none. Where it holds
 * once, it holds at every later index.
 */
export function firstWhere(from: number, to: number, holds: (index: number) => boolean): number {
  let [low, high] = [from, to];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (holds(middle)) high = middle;
    else low = middle + 1;
  }
  return low;
}
