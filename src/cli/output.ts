/**
 * Standard output, written synchronously in large pieces: whoever reads slowly (a pager) slows the replay down instead of
 * filling memory, and a reader that is gone (`| head`) is noticed at once.
 */
import { writeSync } from "node:fs";
import { whyNotWritten } from "../log/file/not-written.js";
import { TroubleError } from "../read/trouble.js";

/** Nobody reads any more: the end of the command, not an error. */
export class ReaderGone extends Error {}

const STDOUT = 1;
const PIECE = 64 * 1024;
const RETRY_MS = 5;

export class Output {
  #pending: string[] = [];
  #size = 0;

  constructor(private readonly fd: number) {}

  write(text: string): void {
    this.#pending.push(text);
    this.#size += text.length;
    if (this.#size >= PIECE) this.flush();
  }

  line(text: string): void {
    this.write(`${text}\n`);
  }

  flush(): void {
    if (this.#size === 0) return;
    const bytes = Buffer.from(this.#pending.join(""));
    this.#pending = [];
    this.#size = 0;
    this.#all(bytes);
  }

  /** What is no text. */
  bytes(bytes: Uint8Array): void {
    this.flush();
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
      if (code !== "EAGAIN") throw this.fd === STDOUT && error instanceof Error ? new TroubleError(`could not be written: ${whyNotWritten(error) ?? error.message}`, "standard output", undefined, { cause: error }) : error;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, RETRY_MS);
      return 0;
    }
  }
}
