/**
 * Everything that a command says goes through here, to standard output, standard error or a file. Nothing else writes
 * to a terminal, and what is written here cannot harm one: of control characters only line feeds, tabs and kreel's own
 * colours are left, and the rest is shown as `printable` has it. Words for people (`line`, `text`) are made safe
 * wherever they go, for a file of them is looked at on a terminal later. Data (`write`, `row`) stays as it is in a
 * file or a pipe.
 *
 * It is written synchronously in large pieces: whoever reads slowly (a pager) slows the replay down instead of filling
 * memory, and a reader that is gone (`| head`) is noticed at once.
 */
import { writeSync } from "node:fs";
import { isatty } from "node:tty";
import { whyNotWritten } from "../log/file/not-written.js";
import { escapeOf, OBEYED, TroubleError } from "../base/trouble.js";
import type { Style } from "../show/style.js";
import { Colours } from "./colours.js";

/** Nobody reads any more: the end of the command, not an error. */
export class ReaderGone extends Error {}

/** Moves that progress is drawn with: to the start of the line, or some lines up, and what was there is gone. */
export type Move = "" | "\r\x1b[K" | `\x1b[${number}F\x1b[J`;

export interface OutputOptions {
  /** A terminal shows what is written; if not given, the descriptor says so itself. */
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
  /** A terminal shows what is written. */
  readonly terminal: boolean;
  readonly colour: boolean;
  /** Its colours mean something in lines of this output only. */
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

  /** A line for people, of one line whatever is in it. */
  line(text: string): void {
    this.relay(`${this.rendered(text)}\n`);
  }

  /** Lines for people. */
  text(lines: string): void {
    for (const line of lines.replace(/\n$/, "").split("\n")) this.line(line);
  }

  /** Data, with line feeds of its own; a format in which a value may hold others writes rows. */
  write(data: string | Uint8Array): void {
    if (this.terminal) this.relay(harmless(typeof data === "string" ? data : Buffer.from(data).toString()));
    else if (typeof data === "string") this.relay(data);
    else {
      this.flush();
      this.#all(data);
    }
  }

  /** Data, of which a terminal shows one line. */
  row(data: string): void {
    this.relay(`${this.terminal ? this.rendered(data) : data}\n`);
  }

  /** Progress, on a terminal: lines over what was drawn before. */
  draw(move: Move, lines: readonly string[] = []): void {
    this.relay(`${move}${lines.map((line) => this.rendered(line)).join("\n")}`);
    this.flush();
  }

  /** A line as it is written, to be relayed. */
  rendered(line: string): string {
    return PLAIN.test(line) ? line : this.#colours.rendered(line);
  }

  /** Takes text that this output has rendered, or another for the same terminal. */
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
      // Somebody made the pipe non-blocking, and it is full.
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
