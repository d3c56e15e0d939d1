/**
 * Lines that wait for what must come before them: the summary is known only when the whole recording has been read, and
 * is printed first. A recording whose calls do not fit is not kept: from then on lines go straight out, and the summary
 * follows them.
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
    /** Called once, before the first line of a recording that is too long to be kept. */
    private readonly onOverflow: () => void,
    private readonly capacity = MAX_HELD,
  ) {}

  /** Whether lines are going out already. */
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

  /** Prints what is held. */
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
