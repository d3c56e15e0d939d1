/**
 * Tells a file that this process has open from another that took its name. While it is open its inode is not reused, so
 * that device and inode identify it.
 */
import { randomBytes } from "node:crypto";
import { fstatSync, linkSync, readlinkSync, readSync, renameSync, statSync, unlinkSync, writeSync } from "node:fs";
import { basename } from "node:path";

/** Names that NFS and FUSE give a file that was removed while a process has it open. */
const HIDDEN = /^\.(?:nfs|fuse_hidden)[0-9a-f]+$/;
const PIECE = 1 << 20;

/** Tells whether a name belongs to the file that is open as `fd`, to another, or to none. */
export function whoseName(path: string, fd: number): "own" | "another" | "nobody" {
  const named = statSync(path, { bigint: true, throwIfNoEntry: false });
  if (!named) return "nobody";
  const own = fstatSync(fd, { bigint: true });
  return named.ino === own.ino && named.dev === own.dev ? "own" : "another";
}

/** True if it was removed, or another file was renamed onto its name: then it is deleted when it is closed. */
export function isNameless(fd: number): boolean {
  return fstatSync(fd).nlink === 0 || HIDDEN.test(basename(nameNow(fd)));
}

/** Returns the path of an open file now; empty if the system does not have it. */
export function nameNow(fd: number): string {
  try {
    return readlinkSync(`/proc/self/fd/${fd}`);
  } catch {
    return "";
  }
}

/** Copies the first `length` bytes of one open file into another that is empty. */
export function copyBytes(from: number, to: number, length: number): void {
  const piece = Buffer.allocUnsafe(Math.min(PIECE, length));
  for (let at = 0; at < length; ) {
    const read = readSync(from, piece, 0, Math.min(PIECE, length - at), at);
    if (read === 0) throw new Error("it became shorter");
    for (let done = 0; done < read; ) done += writeSync(to, piece, done, read - done, at + done);
    at += read;
  }
}

/**
 * Removes the name of the file that is open as `fd`; another file that has the name keeps it, even if it took it just
 * now.
 */
export function removeOwn(path: string, fd: number): void {
  if (whoseName(path, fd) !== "own") return;
  const aside = `${path}.${randomBytes(6).toString("hex")}.removed`;
  renameSync(path, aside);
  if (whoseName(aside, fd) === "own") unlinkSync(aside);
  else putBack(aside, path);
}

/** Gives a file its name back. If a third file has taken the name, it keeps its present one: nothing is removed. */
export function putBack(aside: string, path: string): void {
  try {
    linkSync(aside, path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") return;
    throw error;
  }
  unlinkSync(aside);
}
