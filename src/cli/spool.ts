/**
 * Lines that wait for what must come before them: the summary is known only when the whole recording has been read, and is
 * printed first. A recording whose calls do not fit is not kept: from then on lines go straight out, and the summary
 * follows them.
 */
const MAX_HELD = 16 << 20;

export class Spool {
  #held: string[] = [];
  #size = 0;
  #open = false;

  constructor(
    private readonly print: (line: string) => void,
    /** Called once, before the first line of a recording that is too long to be kept. */
    private readonly onOverflow: () => void,
    private readonly capacity = MAX_HELD,
  ) {}

  /** Whether lines are going out already. */
  get isOpen(): boolean {
    return this.#open;
  }

  get isEmpty(): boolean {
    return this.#held.length === 0;
  }

  line(text: string): void {
    if (this.#open) {
      this.print(text);
      return;
    }
    this.#held.push(text);
    this.#size += text.length + 1;
    if (this.#size <= this.capacity) return;
    this.onOverflow();
    this.release();
  }

  /** Prints what is held. */
  release(): void {
    if (this.#open) return;
    this.#open = true;
    for (const line of this.#held) this.print(line);
    this.#held = [];
  }
}
