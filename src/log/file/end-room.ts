/**
 * Room for the end of a log: one that may grow no more still says why. What a full disk must not take is held by a file
 * without a name on the same disk, which the system frees whatever becomes of this process. How long a file may become
 * (file size limits, FAT) shows only where it is made that long, so that is tried before it is so long.
 */
import { randomBytes } from "node:crypto";
import { closeSync, ftruncateSync, openSync, unlinkSync, writeSync } from "node:fs";
import { isNoRoom } from "./not-written.js";

/** Disks give room in blocks. */
const LEAST_HELD = 16 * 1024;
/** How far ahead is tried at once. */
const STEP = 1 << 20;

export class EndRoom {
  #held: number | undefined;
  #allowed = 0;

  /** `bytes`: of the end. 0: no room is kept. */
  constructor(
    path: string,
    private bytes: number,
  ) {
    if (bytes > 0) this.#held = withoutName(path, Math.max(bytes, LEAST_HELD));
  }

  /**
   * Throws the system's error where the log, open as `fd` and `now` bytes long, may not become `length` bytes long and
   * end behind that.
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
    // It cannot be found out here.
    this.#allowed = Infinity;
  }

  /** The end may come. */
  release(): void {
    this.bytes = 0;
    if (this.#held === undefined) return;
    closeSync(this.#held);
    this.#held = undefined;
  }
}

/** Makes the file so long, and as long as it was again. */
function madeLonger(fd: number, now: number, length: number): void {
  try {
    ftruncateSync(fd, length);
  } finally {
    ftruncateSync(fd, now);
  }
}

/**
 * A file beside `path` that has no name any more. `undefined` where there is no room for one: then the log must do
 * without.
 */
function withoutName(path: string, bytes: number): number | undefined {
  const name = `${path}.${process.pid}.${randomBytes(6).toString("hex")}.room`;
  let fd: number | undefined;
  try {
    fd = openSync(name, "wx", 0o600);
    unlinkSync(name);
    // What is random cannot be stored in less.
    const filling = randomBytes(bytes);
    for (let done = 0; done < bytes; ) done += writeSync(fd, filling, done);
    return fd;
  } catch {
    if (fd !== undefined) closeSync(fd);
    return undefined;
  }
}
