/**
 * Buffers lines until the summary before them is known, at the end of the recording. If the lines do not fit, they are
 * printed at once from then on, and the summary follows them.
 */
import type { Output } from "./output.js";

const MAX_HELD = 16 << 20;
const PIECE = 64 * 1024;

export class Spool {
  /** Whole lines as bytes: half a million short strings would cost several times their text. */
  #held: Buffer[] = [];
  #lines: string[] = [];
  #pending = 0;
  #size = 0;
  #open = false;

  constructor(
    private readonly out: Pick<Output, "rendered" | "relay">,
    /** Called once, before the first line of a recording that is too long to be buffered. */
    private readonly onOverflow: () => void,
    private readonly capacity = MAX_HELD,
  ) {}

  /** True if lines are printed at once already. */
  get isOpen(): boolean {
    return this.#open;
  }

  get isEmpty(): boolean {
    return this.#size === 0;
  }

  line(text: string): void {
    const line = this.out.rendered(text);
    if (this.#open) {
      this.out.relay(`${line}\n`);
      return;
    }
    this.#lines.push(line, "\n");
    this.#size += line.length + 1;
    this.#pending += line.length + 1;
    if (this.#pending >= PIECE) this.#seal();
    if (this.#size <= this.capacity) return;
    this.onOverflow();
    this.release();
  }

  /** Prints the buffered lines. */
  release(): void {
    if (this.#open) return;
    this.#seal();
    this.#open = true;
    for (const piece of this.#held) this.out.relay(piece.toString());
    this.#held = [];
  }

  #seal(): void {
    this.#held.push(Buffer.from(this.#lines.join("")));
    this.#lines = [];
    this.#pending = 0;
  }
}
