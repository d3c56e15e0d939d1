/**
 * Reserves room for the end of a log, so that a log that can grow no more still records why. Space on the disk is held
 * by a file without a name, which the system frees however this process ends. A limit on a file's size (file size
 * limits, FAT) shows only when the file reaches it, so the file is extended ahead of time to try.
 */
import { randomBytes } from "node:crypto";
import { closeSync, ftruncateSync, openSync, unlinkSync, writeSync } from "node:fs";
import { isNoRoom } from "./not-written.js";

/** Disks allocate space in blocks. */
const LEAST_HELD = 16 * 1024;
/** Bytes that are tried ahead. */
const STEP = 1 << 20;

export class EndRoom {
  #held: number | undefined;
  #allowed = 0;

  /** `bytes`: length of the end. 0: no room is kept. */
  constructor(
    path: string,
    private bytes: number,
  ) {
    if (bytes > 0) this.#held = withoutName(path, Math.max(bytes, LEAST_HELD));
  }

  /**
   * Throws the system's error if the log, open as `fd` and `now` bytes long, cannot grow to `length` bytes and have its
   * end after those.
   */
  check(fd: number, now: number, length: number): void {
    const wanted = length + this.bytes;
    if (this.bytes === 0 || wanted <= this.#allowed) return;
    for (const tried of [wanted + STEP, wanted]) {
      try {
        madeLonger(fd, now, tried);
        this.#allowed = tried;
        return;
      } catch (error) {
        if (isNoRoom(error) && tried === wanted) throw error;
      }
    }
    // The limit cannot be found in this way.
    this.#allowed = Infinity;
  }

  /** Frees the room for the end. */
  release(): void {
    this.bytes = 0;
    if (this.#held === undefined) return;
    closeSync(this.#held);
    this.#held = undefined;
  }
}

/** Extends the file to a length, and truncates it again. */
function madeLonger(fd: number, now: number, length: number): void {
  try {
    ftruncateSync(fd, length);
  } finally {
    ftruncateSync(fd, now);
  }
}

/**
 * Returns a file beside `path` that has no name any more; `undefined` if there is no room for one: then the log must do
 * without.
 */
function withoutName(path: string, bytes: number): number | undefined {
  const name = `${path}.${process.pid}.${randomBytes(6).toString("hex")}.room`;
  let fd: number | undefined;
  try {
    fd = openSync(name, "wx", 0o600);
    unlinkSync(name);
    // Random bytes, so that a compressing file system cannot store them in less.
    const filling = randomBytes(bytes);
    for (let done = 0; done < bytes; ) done += writeSync(fd, filling, done);
    return fd;
  } catch {
    if (fd !== undefined) closeSync(fd);
    return undefined;
  }
}
