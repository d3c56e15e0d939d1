/**
 * A log's file, open for writing and locked: it has one writer at a time, which checks before each write that this
 * still holds.
 */
import { closeSync, constants, fstatSync, fsyncSync, openSync } from "node:fs";
import { dirname } from "node:path";
import { LockedError, WriteLock } from "./lock.js";
import { LogError } from "./log-error.js";
import { whyNotWritten } from "./not-written.js";
import { copyBytes, isNameless, nameNow, removeOwn, whoseName } from "./own-file.js";

const NEW = constants.O_RDWR | constants.O_CREAT | constants.O_EXCL;
const NO_MORE = "nothing more is written to it";
const MAX_RESCUED = 10;

export class OpenLog {
  private constructor(
    readonly path: string,
    readonly fd: number,
    private readonly lock: WriteLock,
  ) {}

  /**
   * Creates a file.
   * @throws {LogError} if there is one already, or none can be made
   */
  static create(path: string): OpenLog {
    return OpenLog.#locked(path, () => openSync(path, NEW, 0o644));
  }

  /**
   * Opens an existing file.
   * @throws {LogError} if there is none, or it may not be written
   */
  static open(path: string): OpenLog {
    return OpenLog.#locked(path, () => openSync(path, constants.O_RDWR));
  }

  static #locked(path: string, open: () => number): OpenLog {
    let lock: WriteLock | undefined;
    try {
      lock = WriteLock.take(path);
      return new OpenLog(path, open(), lock);
    } catch (error) {
      lock?.release();
      throw error instanceof LockedError ? new LogError(error.message, path) : logError(error, path);
    }
  }

  /**
   * Returns why another process may have written to it: its length differs from that of the last write, or its lock was
   * removed.
   */
  intrusion(length: number): string | undefined {
    const { size } = fstatSync(this.fd);
    const sizes = `it has ${size} bytes, and was left with ${length}`;
    if (size !== length) return `somebody else changed it while it was written (${sizes}); ${NO_MORE}`;
    return this.lock.isRemoved ? `somebody removed its lock while it was written; ${NO_MORE}` : undefined;
  }

  /** Returns why it, or its lock, is not where others look for it. */
  displacement(): string | undefined {
    switch (whoseName(this.path, this.fd)) {
      case "own":
        return this.lock.isInPlace ? undefined : `somebody moved its lock while it was written; ${NO_MORE}`;
      case "another":
        return `another file took its name while it was written${this.isNameless ? "" : ", and it has another one now"}`;
      case "nobody":
        return `the file was ${this.isNameless ? "removed" : "moved away"} while it was written`;
    }
  }

  /** True if it is deleted when it is closed. */
  get isNameless(): boolean {
    return isNameless(this.fd);
  }

  /** Its path now: the original, or the one that it was moved to. */
  get place(): string {
    return whoseName(this.path, this.fd) === "own" ? this.path : nameNow(this.fd) || this.path;
  }

  /** True if it is at least so long. */
  has(length: number): boolean {
    return fstatSync(this.fd).size >= length;
  }

  /**
   * Copies its first `length` bytes to a new file beside it, on disk and locked; this one is closed. Throws a
   * `LogError`, or the system's error.
   */
  rescue(length: number): OpenLog {
    const copy = OpenLog.#besides(this.path);
    try {
      copyBytes(this.fd, copy.fd, length);
      fsyncSync(copy.fd);
      syncFolder(copy.path);
    } catch (error) {
      copy.remove();
      throw error;
    }
    this.close();
    return copy;
  }

  static #besides(path: string): OpenLog {
    for (let n = 1; ; n++) {
      try {
        return OpenLog.create(`${path}.rescued${n === 1 ? "" : `-${n}`}`);
      } catch (error) {
        if (n === MAX_RESCUED) throw error;
      }
    }
  }

  /** Removes its name, if that is still its own, and closes it. */
  remove(): void {
    try {
      removeOwn(this.path, this.fd);
    } catch {
      // It stays if it may not be removed.
    }
    this.close();
  }

  close(): void {
    closeSync(this.fd);
    this.lock.release();
  }
}

export function logError(error: unknown, path: string): LogError {
  if (error instanceof LogError) return error;
  return new LogError(whyNotWritten(error) ?? `cannot be written: ${(error as Error).message}`, path, { cause: error });
}

/** Syncs the folder, without which a new file's name may be lost in a crash. */
export function syncFolder(path: string): void {
  const fd = openSync(dirname(path), constants.O_RDONLY);
  try {
    fsyncSync(fd);
  } catch {
    // Some file systems cannot sync a folder.
  } finally {
    closeSync(fd);
  }
}
