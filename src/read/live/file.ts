/**
 * A file that grows, followed by its name as `tail -F` does: when it is truncated or another file takes its place,
 * reading continues from the new start. The kernel notifies of changes; a check once a second finds those that it does
 * not notify of.
 */
import { close, constants, fstat, open, read, stat, watch, type FSWatcher, type Stats } from "node:fs";
import { statfs } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import { readTrouble } from "../source.js";
import { TroubleError } from "../../base/trouble.js";
import type { Feed, Restart } from "./feed.js";

const opened = promisify(open);
const closed = promisify(close);
const readOf = promisify(read);
const statOf = promisify(stat);
const statOfOpen = promisify(fstat);

const CHUNK = 256 * 1024;
const LOOK_MS = 1000;
/** Milliseconds between reads if nothing notifies of more. */
const POLL_MS = 50;
/** A writer of single lines need not be read a line at a time. */
const SETTLE_MS = 10;
/** Milliseconds to read after it is stopped: the rest has an end, but may be much. */
const STOPPING_MS = 10_000;
/** File systems whose files are made as they are read: tracefs, debugfs, proc. */
const PSEUDO = new Set([0x74726163, 0x64626720, 0x9fa0]);

/** Called with a message that the user should see at once. */
export type Notice = (text: string) => void;

export class FileFeed implements Feed {
  readonly #buffer = Buffer.allocUnsafe(CHUNK);
  #watcher: FSWatcher | undefined;
  #at = 0;
  #stopped = false;
  #isMissing = false;
  #changed = false;
  #wake: (() => void) | undefined;

  private constructor(
    /** Name in messages. */
    private readonly name: string,
    /** The path under which it is opened again; standard input has none. */
    private readonly path: string | undefined,
    private descriptor: number,
    /** It has no size and no offset, and reports itself when it is empty for now. */
    private readonly pseudo: boolean,
    private readonly notice: Notice,
  ) {
    this.#watch();
  }

  /** Opens a file by its path, or follows one that is open already. */
  static async open(name: string, file: string | number, notice: Notice): Promise<FileFeed> {
    if (typeof file === "number") return new FileFeed(name, undefined, file, false, notice);
    try {
      const pseudo = PSEUDO.has((await statfs(file)).type);
      return new FileFeed(name, file, await opened(file, constants.O_RDONLY | constants.O_NONBLOCK), pseudo, notice);
    } catch (error) {
      throw readTrouble(name, error);
    }
  }

  async next(): Promise<Buffer | Restart | undefined> {
    for (;;) {
      // All that was written before the stop is read.
      const stopped = this.#stopped;
      const bytes = await this.#read();
      if (bytes !== undefined) return bytes;
      if (stopped) return undefined;
      const became = this.pseudo ? "the same" : await this.#became();
      if (became === "truncated" || became === "replaced") return became;
      if (became === "the same") await this.#change();
    }
  }

  stop(): number {
    this.#stopped = true;
    this.#wake?.();
    return STOPPING_MS;
  }

  async close(): Promise<void> {
    this.stop();
    this.#watcher?.close();
    if (this.path !== undefined) await closed(this.descriptor);
  }

  /** Reads the bytes after those read already; `undefined` if there are none. */
  async #read(): Promise<Buffer | undefined> {
    try {
      const { bytesRead } = await readOf(this.descriptor, this.#buffer, 0, CHUNK, this.pseudo ? null : this.#at);
      if (bytesRead === 0 && this.pseudo)
        throw new TroubleError(
          "the kernel makes this file anew for each who reads it: it does not grow; follow trace_pipe beside it",
          this.name,
        );
      this.#at += bytesRead;
      return bytesRead === 0 ? undefined : Buffer.from(this.#buffer.subarray(0, bytesRead));
    } catch (error) {
      if (codeOf(error) === "EAGAIN") return undefined;
      if (codeOf(error) === "ESPIPE")
        throw new TroubleError(
          "a file of the kernel that waits cannot be followed as standard input; give it by its path: /sys/kernel/tracing/trace_pipe",
          this.name,
        );
      throw readTrouble(this.name, error);
    }
  }

  /** Returns the change of the file since it was read to its end. */
  async #became(): Promise<Restart | "longer" | "the same"> {
    const own = await statOfOpen(this.descriptor);
    if (own.size < this.#at) {
      this.#at = 0;
      return "truncated";
    }
    const named = await this.#named();
    if (named === undefined || (named.ino === own.ino && named.dev === own.dev)) return "the same";
    // Bytes were written to the old one before it was replaced.
    if (own.size > this.#at) return "longer";
    return (await this.#reopen()) ? "replaced" : "the same";
  }

  /** Returns the file that has the name now. */
  async #named(): Promise<Stats | undefined> {
    if (this.path === undefined) return undefined;
    try {
      const named = await statOf(this.path);
      this.#isMissing = false;
      return named;
    } catch (error) {
      if (!this.#isMissing)
        this.notice(
          `${codeOf(error) === "ENOENT" ? "it is gone" : `it cannot be looked for (${codeOf(error)})`}; reading goes on when it is back`,
        );
      this.#isMissing = true;
      return undefined;
    }
  }

  async #reopen(): Promise<boolean> {
    try {
      const descriptor = await opened(this.path!, constants.O_RDONLY | constants.O_NONBLOCK);
      await closed(this.descriptor);
      this.descriptor = descriptor;
    } catch {
      // Removed again, or not readable yet: the next check will tell.
      return false;
    }
    this.#at = 0;
    this.#watcher?.close();
    this.#watch();
    return true;
  }

  /** Watches the file. Some systems watch nothing, and others not everything: then there is the check once a second. */
  #watch(): void {
    this.#watcher = undefined;
    if (this.path === undefined || this.pseudo) return;
    try {
      const watcher = watch(this.path, () => {
        this.#changed = true;
        this.#wake?.();
      });
      watcher.on("error", () => watcher.close());
      this.#watcher = watcher;
    } catch {
      this.#watcher = undefined;
    }
  }

  /** Waits until the file may have changed, or a check is due. */
  async #change(): Promise<void> {
    await this.#sleep(this.#watcher ? LOOK_MS : POLL_MS);
    if (!this.#changed) return;
    // Bytes that were read already set it as well, which costs one unneeded check.
    this.#changed = false;
    if (!this.#stopped) await sleep(SETTLE_MS);
  }

  #sleep(ms: number): Promise<void> {
    if (this.#changed || this.#stopped) return Promise.resolve();
    return new Promise((resolve) => {
      const wake = (): void => {
        clearTimeout(timer);
        this.#wake = undefined;
        resolve();
      };
      const timer = setTimeout(wake, ms);
      this.#wake = wake;
    });
  }
}

function codeOf(error: unknown): unknown {
  return error instanceof Error && "code" in error ? error.code : undefined;
}
