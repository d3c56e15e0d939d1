/**
 * All output of a command goes through here, to standard output, standard error or a file. Nothing else writes to a
 * terminal, and this cannot harm one: of control characters only line feeds, tabs and kreel's own colours are left, and
 * the rest is shown as `printable` has it. Words for people (`line`, `text`) are made safe wherever they go, because a
 * file of them may later be viewed on a terminal. Data (`write`, `row`) stays as it is in a file or a pipe.
 *
 * It is written synchronously in large pieces: a slow reader (a pager) slows the replay down instead of filling memory,
 * and a reader that has gone (`| head`) is noticed at once.
 */
import { writeSync } from "node:fs";
import { isatty } from "node:tty";
import { whyNotWritten } from "../log/file/not-written.js";
import { escapeOf, OBEYED, TroubleError } from "../base/trouble.js";
import type { Style } from "../show/style.js";
import { Colours } from "./colours.js";

/** The reader has gone (EPIPE): the end of the command, not an error. */
export class ReaderGone extends Error {}

/** Cursor moves for drawing progress: to the start of the line, or some lines up, erasing what was there. */
export type Move = "" | "\r\x1b[K" | `\x1b[${number}F\x1b[J`;

export interface OutputOptions {
  /** A terminal shows the output; default: `isatty` of the descriptor. */
  readonly terminal?: boolean;
  /** `style` has colours. */
  readonly colour?: boolean;
}

const STDOUT = 1;
const PIECE = 64 * 1024;
const RETRY_MS = 5;
/** Matches nearly all lines: they hold nothing that is obeyed. */
const PLAIN = /^[\t\x20-\x7e]*$/;

export class Output {
  /** A terminal shows the output. */
  readonly terminal: boolean;
  readonly colour: boolean;
  /** Colours for lines of this output only. */
  readonly style: Style;
  readonly #colours: Colours;
  #pending: string[] = [];
  #size = 0;

  constructor(
    private readonly fd: number,
    { terminal = isatty(fd), colour = false }: OutputOptions = {},
  ) {
    this.terminal = terminal;
    this.colour = colour;
    this.#colours = new Colours(colour);
    this.style = this.#colours.style;
  }

  /** Writes a line for people; it stays one line, whatever it holds. */
  line(text: string): void {
    this.relay(`${this.rendered(text)}\n`);
  }

  /** Writes lines for people. */
  text(lines: string): void {
    for (const line of lines.replace(/\n$/, "").split("\n")) this.line(line);
  }

  /** Writes data with line feeds of its own; a format whose values may hold others uses `row`. */
  write(data: string | Uint8Array): void {
    if (this.terminal) this.relay(harmless(typeof data === "string" ? data : Buffer.from(data).toString()));
    else if (typeof data === "string") this.relay(data);
    else {
      this.flush();
      this.#all(data);
    }
  }

  /** Writes data that a terminal shows as one line. */
  row(data: string): void {
    this.relay(`${this.terminal ? this.rendered(data) : data}\n`);
  }

  /** Draws progress on a terminal, over the lines drawn before. */
  draw(move: Move, lines: readonly string[] = []): void {
    this.relay(`${move}${lines.map((line) => this.rendered(line)).join("\n")}`);
    this.flush();
  }

  /** Renders a line for `relay`. */
  rendered(line: string): string {
    return PLAIN.test(line) ? line : this.#colours.rendered(line);
  }

  /** Writes text that this output has rendered, or another one for the same terminal. */
  relay(rendered: string): void {
    this.#pending.push(rendered);
    this.#size += rendered.length;
    if (this.#size >= PIECE) this.flush();
  }

  flush(): void {
    if (this.#size === 0) return;
    const bytes = Buffer.from(this.#pending.join(""));
    this.#pending = [];
    this.#size = 0;
    this.#all(bytes);
  }

  #all(bytes: Uint8Array): void {
    for (let at = 0; at < bytes.length; ) at += this.#some(bytes, at);
  }

  #some(bytes: Uint8Array, at: number): number {
    try {
      return writeSync(this.fd, bytes, at);
    } catch (error) {
      const code = error instanceof Error && "code" in error ? error.code : undefined;
      if (code === "EPIPE" || code === "ERR_STREAM_DESTROYED") throw new ReaderGone();
      // The pipe is non-blocking (its other end may have set that), and full.
      if (code !== "EAGAIN")
        throw this.fd === STDOUT && error instanceof Error
          ? new TroubleError(
              `could not be written: ${whyNotWritten(error) ?? error.message}`,
              "standard output",
              undefined,
              { cause: error },
            )
          : error;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, RETRY_MS);
      return 0;
    }
  }
}

function harmless(text: string): string {
  return text.replace(OBEYED, (character) =>
    character === "\n" || character === "\t" ? character : escapeOf(character),
  );
}
