/**
 * The target of an export: standard output, or a file that is created with the first bytes. A file that cannot be
 * written completely is removed: half a report looks like a whole one.
 */
import { closeSync, fstatSync, openSync, rmSync, statSync } from "node:fs";
import { whyNotWritten } from "../log/file/not-written.js";
import { TroubleError } from "../base/trouble.js";
import { Output, ReaderGone } from "./output.js";

export class ExportTarget {
  #output: Output | undefined;
  #fd = -1;

  /** `file`: absent for standard output. `sources` are the exported recordings, which must not be overwritten. */
  constructor(
    private readonly stdout: Output,
    private readonly file: string | undefined,
    private readonly sources: readonly string[],
  ) {}

  /** True if a terminal shows the output. */
  get terminal(): boolean {
    return this.file === undefined && this.stdout.terminal;
  }

  write(piece: string | Uint8Array): void {
    this.#trying(() => {
      this.#output ??= this.#open();
      this.#output.write(piece);
    });
  }

  close(): void {
    this.#trying(() => {
      (this.#output ??= this.#open()).flush();
      if (this.#fd >= 0) closeSync(this.#fd);
      this.#fd = -1;
    });
  }

  /** Removes an incomplete file; standard output has the bytes already. */
  discard(): void {
    if (this.file !== undefined) this.#discard(this.file);
  }

  #open(): Output {
    if (this.file === undefined) return this.stdout;
    if (this.sources.some((source) => isSame(source, this.file!)))
      throw new TroubleError("is the recording itself; give -o another file", this.file);
    this.#fd = openSync(this.file, "w");
    return new Output(this.#fd);
  }

  /** A full disk is the user's trouble, not an internal error. */
  #trying(write: () => void): void {
    try {
      write();
    } catch (error) {
      if (
        this.file === undefined ||
        error instanceof ReaderGone ||
        error instanceof TroubleError ||
        !(error instanceof Error)
      )
        throw error;
      this.#discard(this.file);
      throw new TroubleError(`could not be written: ${whyNotWritten(error) ?? error.message}`, this.file, undefined, {
        cause: error,
      });
    }
  }

  #discard(file: string): void {
    if (this.#fd < 0) return;
    const isFile = fstatSync(this.#fd).isFile();
    closeSync(this.#fd);
    this.#fd = -1;
    if (isFile) rmSync(file, { force: true });
  }
}

function isSame(source: string, file: string): boolean {
  if (source === "-") return false;
  const [from, to] = [source, file].map((path) => statSync(path, { throwIfNoEntry: false }));
  return from !== undefined && to !== undefined && to.isFile() && from.dev === to.dev && from.ino === to.ino;
}
