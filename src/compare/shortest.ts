/** The fewest edits between two sequences, by Myers' greedy algorithm: time and memory grow with the square of the edits. */

/**
 * A longest common subsequence of two sequences, given by their lengths and by whether two elements are equal. Pairs are told
 * the last first. False, and nothing is told, where it takes more than `most` edits.
 */
export function shortestEdits(n: number, m: number, equal: (x: number, y: number) => boolean, most: number, tell: (a: number, b: number) => void): boolean {
  if (Math.abs(n - m) > most) return false;
  /** How far each diagonal reaches; diagonal 0 stands in the middle. As wide as there were edits, not as there may be. */
  let middle = Math.min(most, 64) + 1;
  let v = new Int32Array(2 * middle + 2);
  const rounds: Int32Array[] = [];
  for (let d = 0; d <= Math.min(most, n + m); d++) {
    if (d >= middle) {
      const wider = new Int32Array(4 * middle + 2);
      wider.set(v, middle);
      v = wider;
      middle *= 2;
    }
    rounds.push(v.slice(middle - d, middle + d + 2));
    for (let k = -d; k <= d; k += 2) {
      let x = k === -d || (k !== d && v[middle + k - 1]! < v[middle + k + 1]!) ? v[middle + k + 1]! : v[middle + k - 1]! + 1;
      let y = x - k;
      while (x < n && y < m && equal(x, y)) {
        x++;
        y++;
      }
      v[middle + k] = x;
      if (x < n || y < m) continue;
      backtrack(rounds, n, m, tell);
      return true;
    }
  }
  return false;
}

/** `rounds`: how far each diagonal reached before each. */
function backtrack(rounds: readonly Int32Array[], n: number, m: number, tell: (a: number, b: number) => void): void {
  let x = n;
  let y = m;
  for (let d = rounds.length - 1; d >= 0; d--) {
    const at = (k: number): number => rounds[d]![k + d]!;
    const k = x - y;
    const down = k === -d || (k !== d && at(k - 1) < at(k + 1));
    const previousK = down ? k + 1 : k - 1;
    const previousX = d === 0 ? 0 : at(previousK);
    const previousY = d === 0 ? 0 : previousX - previousK;
    while (x > previousX && y > previousY) tell(--x, --y);
    if (d > 0) {
      if (down) tell(-1, previousY);
      else tell(previousX, -1);
      x = previousX;
      y = previousY;
    }
  }
}
