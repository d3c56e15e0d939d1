/**
 * One writer at a time: a file beside the log, `LOG.lock`, that names the process which writes. It is made by linking a whole
 * file into place, which only one can do. A process that is gone leaves its lock behind; whoever comes next sees that it is
 * gone (or that its number is another process's now) and takes the lock over.
 */
import { linkSync, readFileSync, renameSync, rmSync, statSync, unlinkSync, writeFileSync } from "node:fs";
import { randomBytes } from "node:crypto";

export class LockedError extends Error {}

export class WriteLock {
  readonly #path: string;
  #held = true;

  private constructor(path: string) {
    this.#path = path;
  }

  /** Throws a `LockedError` while another process writes. */
  static take(log: string): WriteLock {
    const path = `${log}.lock`;
    const own = `${path}.${process.pid}.${randomBytes(6).toString("hex")}`;
    writeFileSync(own, `${process.pid} ${startOf(process.pid)}\n`, { flag: "wx" });
    try {
      for (let tries = 0; tries < 8; tries++) {
        if (linked(own, path)) return new WriteLock(path);
        const holder = holderOf(path);
        if (holder === undefined) continue;
        if (isAlive(holder)) throw new LockedError(`process ${holder.pid} is writing to it`);
        takeAway(path, holder.text, own);
      }
      throw new LockedError(`${path} cannot be taken over`);
    } finally {
      rmSync(own, { force: true });
    }
  }

  /** Whether somebody who is alive writes to a log. */
  static isTaken(log: string): boolean {
    const holder = holderOf(`${log}.lock`);
    return holder !== undefined && isAlive(holder);
  }

  release(): void {
    if (!this.#held) return;
    this.#held = false;
    rmSync(this.#path, { force: true });
  }
}

interface Holder {
  readonly pid: number;
  readonly start: string;
  readonly text: string;
}

function linked(from: string, to: string): boolean {
  try {
    linkSync(from, to);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") return false;
    throw error;
  }
}

/** `undefined`: no lock any more. */
function holderOf(path: string): Holder | undefined {
  try {
    const text = readFileSync(path, "latin1");
    const [, pid, start] = /^(\d{1,10}) (\S*)\n$/.exec(text) ?? [];
    return { pid: Number(pid ?? 0), start: start ?? "", text };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
}

function isAlive({ pid, start }: Holder): boolean {
  if (pid === 0) return false;
  try {
    process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
  const now = startOf(pid);
  return now === "" || start === "" || now === start;
}

/** When a process was started, in clock ticks since boot: field 22 of proc_pid_stat(5). Empty where that is not to be had. */
function startOf(pid: number): string {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "latin1");
    return stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19] ?? "";
  } catch {
    return "";
  }
}

/** Removes the lock of a process that is gone; if it is another's by now, that one gets it back. */
function takeAway(path: string, text: string, own: string): void {
  const aside = `${own}.stale`;
  try {
    renameSync(path, aside);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return;
    throw error;
  }
  if (readFileSync(aside, "latin1") !== text && !statSync(path, { throwIfNoEntry: false })) linked(aside, path);
  unlinkSync(aside);
}
