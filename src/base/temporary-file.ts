/**
 * A file without a name for data that does not fit into memory. It is made when the first bytes are written and
 * unlinked at once, so that nothing remains of it however the process ends.
 */
import { closeSync, ftruncateSync, mkdtempSync, openSync, readSync, rmSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

export class TemporaryFile {
  #fd = -1;
  size = 0;

  read(into: Uint8Array, at: number): number {
    return this.#fd < 0 ? 0 : readSync(this.#fd, into, 0, into.length, at);
  }

  write(bytes: Uint8Array, at: number): void {
    if (this.#fd < 0) this.#fd = openUnnamed();
    for (let done = 0; done < bytes.length; ) done += writeSync(this.#fd, bytes, done, bytes.length - done, at + done);
    this.size = Math.max(this.size, at + bytes.length);
  }

  truncate(size: number): void {
    if (this.#fd >= 0) ftruncateSync(this.#fd, size);
    this.size = size;
  }

  close(): void {
    if (this.#fd >= 0) closeSync(this.#fd);
    this.#fd = -1;
  }
}

/** Returns a descriptor of a new file that is already unlinked. */
export function openUnnamed(): number {
  const folder = mkdtempSync(join(tmpdir(), "kreel-"));
  try {
    return openSync(join(folder, "bytes"), "wx+", 0o600);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
