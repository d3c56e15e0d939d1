/**
 * One writer at a time: a file beside the log, `LOG.lock`, names the process that writes. It is made by linking a whole
 * file into place, which only one process can do. A process that ended leaves its lock behind; the next writer finds
 * that it ended (or that its number is another process's now) and takes the lock over. For a process in another PID
 * namespace, on another machine or of another boot this cannot be determined: its lock holds until a user removes it.
 */
import { randomBytes } from "node:crypto";
import {
  closeSync,
  constants,
  fstatSync,
  linkSync,
  openSync,
  readFileSync,
  readSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  unlinkSync,
  writeSync,
} from "node:fs";
import { basename, dirname, join } from "node:path";
import { type Holder, nameOf, parseHolder, standingOf, thisProcess } from "./lock-holder.js";
import { putBack, removeOwn, whoseName } from "./own-file.js";

export class LockedError extends Error {}

/** Bytes; a longer file is not a lock. */
const MAX_LOCK = 4096;
const TRIES = 8;
const HIDDEN = "may be writing to it, which cannot be seen from here";

export class WriteLock {
  #held = true;

  private constructor(
    private readonly path: string,
    /** Open as long as the lock is held, so that no other file is taken for it. */
    private readonly fd: number,
  ) {}

  /**
   * Takes the lock.
   * @throws {LockedError} if another process writes, or may be writing
   */
  static take(log: string): WriteLock {
    const path = lockOf(log);
    const id = randomBytes(12).toString("hex");
    const own = `${path}.${process.pid}.${id}`;
    const fd = openSync(own, "wx+");
    let taken = false;
    try {
      // The id makes the text of each lock unique.
      writeSync(fd, `${JSON.stringify({ kreel: "lock", version: 1, ...thisProcess(), id })}\n`);
      for (let tries = 0; tries < TRIES && !taken; tries++) {
        taken = linked(own, path);
        if (taken) continue;
        const found = foundAt(path);
        if (!found) continue;
        const who = mayWrite(found);
        const wayOut = isSure(found) ? "" : `: if that one is gone for certain, remove ${path}`;
        if (who !== undefined) throw new LockedError(`${who}; a log has one writer at a time${wayOut}`);
        takeAway(path, found.text, own);
      }
      if (!taken) throw new LockedError(`${path} cannot be taken over`);
      return new WriteLock(path, fd);
    } finally {
      rmSync(own, { force: true });
      if (!taken) closeSync(fd);
    }
  }

  /**
   * Names the process that writes to a log, or may be writing: `process 12 is writing to it`. `undefined` if none is
   * alive, or there is no file at all.
   */
  static holderOf(log: string): string | undefined {
    try {
      const found = foundAt(lockOf(log));
      return found && mayWrite(found);
    } catch {
      // Bytes from a pipe, or in a browser: no process can write to them.
      return undefined;
    }
  }

  /** True if it has the name under which others look for it. */
  get isInPlace(): boolean {
    return whoseName(this.path, this.fd) === "own";
  }

  /** True if it was removed. */
  get isRemoved(): boolean {
    return fstatSync(this.fd).nlink === 0;
  }

  release(): void {
    if (!this.#held) return;
    this.#held = false;
    try {
      removeOwn(this.path, this.fd);
    } catch {
      // It stays, and is taken over after this process has ended.
    }
    closeSync(this.fd);
  }
}

/** The contents of a lock. */
interface Found {
  readonly text: string;
  readonly holder: Holder | undefined;
}

/** Returns the path of the lock, beside the file itself, by whatever link that is named. */
function lockOf(log: string): string {
  const isThere = statSync(log, { throwIfNoEntry: false }) !== undefined;
  return `${isThere ? realpathSync(log) : join(realpathSync(dirname(log)), basename(log))}.lock`;
}

function linked(from: string, to: string): boolean {
  try {
    linkSync(from, to);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
    // A network file system may have made the link and lost the reply, and then found the name taken when the request
    // was repeated.
    return statSync(from).nlink > 1;
  }
}

/** Reads a lock; `undefined` if there is none any more. */
function foundAt(path: string): Found | undefined {
  let fd: number | undefined;
  try {
    fd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
    if (!fstatSync(fd).isFile()) return { text: "", holder: undefined };
    const bytes = Buffer.alloc(MAX_LOCK);
    const text = bytes.toString("utf8", 0, readSync(fd, bytes));
    return { text, holder: parseHolder(text) };
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOENT") return undefined;
    if (code === "EACCES" || code === "EPERM" || code === "ENXIO") return { text: "", holder: undefined };
    throw error;
  } finally {
    if (fd !== undefined) closeSync(fd);
  }
}

/** True if it can be determined from here whether the holder is alive. */
function isSure({ holder }: Found): boolean {
  return holder !== undefined && standingOf(holder) !== "unknown";
}

/** Describes the holder; `undefined` if it has ended. */
function mayWrite({ holder }: Found): string | undefined {
  if (!holder) return "it has a lock that does not say who is writing to it";
  const standing = standingOf(holder);
  if (standing === "gone") return undefined;
  return `${nameOf(holder)} ${standing === "alive" ? "is writing to it" : HIDDEN}`;
}

/** Removes the lock of a process that has ended; if it is another's by now, puts that one back. */
function takeAway(path: string, text: string, own: string): void {
  const aside = `${own}.stale`;
  try {
    renameSync(path, aside);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return;
    throw error;
  }
  if (readFileSync(aside, "utf8") === text) unlinkSync(aside);
  else putBack(aside, path);
}
