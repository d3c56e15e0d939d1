/**
 * The fewest edits between two sequences, by Myers' greedy algorithm: time and memory grow with the square of the
 * edits.
 */

/** Equal elements that may be passed for each element: sequences that repeat themselves are passed over and over. */
const PASSES = 16;

/**
 * Finds a longest common subsequence of two sequences, given their lengths and an equality. Pairs are emitted last
 * first. Returns false, without emitting any, if that takes more than `most` steps of the search, or too many passes
 * over equal elements.
 */
export function shortestEdits(
  n: number,
  m: number,
  equal: (x: number, y: number) => boolean,
  most: number,
  tell: (a: number, b: number) => void,
): boolean {
  const reached = new Reached();
  const history = new History();
  let passes = most + PASSES * (n + m);
  let steps = 0;
  /** Diagonals beyond these have reached the end of one sequence and lead no further. */
  let low = 0;
  let high = 0;
  for (let d = 0; ; d++) {
    steps += (high - low) / 2 + 1;
    if (steps > most || passes < 0) return false;
    history.keep(reached, low, high);
    let [nextLow, nextHigh] = [low - 1, high + 1];
    for (let k = low; k <= high; k += 2) {
      let x = isDown(reached, d, k) ? reached.get(k + 1) : reached.get(k - 1) + 1;
      let y = x - k;
      const from = x;
      while (x < n && y < m && equal(x, y)) {
        x++;
        y++;
      }
      passes -= x - from;
      reached.set(k, x);
      if (x >= n && y >= m) {
        backtrack(history, d, n, m, tell);
        return true;
      }
      if (y > m) nextLow = k + 1;
      else if (x > n) nextHigh = Math.min(nextHigh, k - 1);
    }
    [low, high] = [nextLow, nextHigh];
  }
}

/** The furthest x on each diagonal. */
interface Reaching {
  get(k: number): number;
}

function isDown(reached: Reaching, d: number, k: number): boolean {
  return k === -d || (k !== d && reached.get(k - 1) < reached.get(k + 1));
}

/** Grows with the edits that were made, not with those that are possible. */
class Reached implements Reaching {
  #middle = 64;
  #values = new Int32Array(2 * this.#middle + 1);

  get(k: number): number {
    return this.#values[this.#middle + k] ?? 0;
  }

  set(k: number, x: number): void {
    if (Math.abs(k) > this.#middle) {
      const wider = new Int32Array(4 * this.#middle + 1);
      wider.set(this.#values, this.#middle);
      this.#values = wider;
      this.#middle *= 2;
    }
    this.#values[this.#middle + k] = x;
  }
}

/** The reach of the diagonals before each round, as far as the round uses them. */
class History {
  #values = new Int32Array(1 << 8);
  #length = 0;
  readonly #rounds: { readonly at: number; readonly low: number }[] = [];

  keep(reached: Reached, low: number, high: number): void {
    if (this.#length + high - low + 3 > this.#values.length) {
      const longer = new Int32Array(2 * (this.#length + high - low + 3));
      longer.set(this.#values);
      this.#values = longer;
    }
    this.#rounds.push({ at: this.#length, low: low - 1 });
    for (let k = low - 1; k <= high + 1; k++) this.#values[this.#length++] = reached.get(k);
  }

  before(round: number): Reaching {
    const { at, low } = this.#rounds[round]!;
    return { get: (k) => this.#values[at + k - low]! };
  }
}

function backtrack(history: History, edits: number, n: number, m: number, tell: (a: number, b: number) => void): void {
  let x = n;
  let y = m;
  for (let d = edits; d >= 0; d--) {
    const reached = history.before(d);
    const k = x - y;
    const down = isDown(reached, d, k);
    const previousX = d === 0 ? 0 : reached.get(down ? k + 1 : k - 1);
    const previousY = d === 0 ? 0 : previousX - (down ? k + 1 : k - 1);
    while (x > previousX && y > previousY) tell(--x, --y);
    if (d > 0) {
      if (down) tell(-1, previousY);
      else tell(previousX, -1);
      x = previousX;
      y = previousY;
    }
  }
}
