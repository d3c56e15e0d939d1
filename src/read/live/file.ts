/**
 * A file that grows, followed by its name as `tail -F` does: when it is made shorter or another file takes its place,
 * reading goes on from the new start. The kernel says when it changes; a look once a second finds what the kernel does
 * not say.
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
/** Where nothing says that there is more. */
const POLL_MS = 50;
/** Whoever writes a line at a time need not be read a line at a time. */
const SETTLE_MS = 10;
/** Once stopped: what is there has an end, but may be much. */
const STOPPING_MS = 10_000;
/** Files of the kernel, made as they are read: tracefs, debugfs, proc. */
const PSEUDO = new Set([0x74726163, 0x64626720, 0x9fa0]);

/** Told what the user should know at once. */
export type Notice = (text: string) => void;

export class FileFeed implements Feed {
  readonly #buffer = Buffer.allocUnsafe(CHUNK);
  #watcher: FSWatcher | undefined;
  #at = 0;
  #stopped = false;
  #gone = false;
  #changed = false;
  #wake: (() => void) | undefined;

  private constructor(
    /** For messages. */
    private readonly name: string,
    /** Under which it is looked for again; of standard input there is none. */
    private readonly path: string | undefined,
    private descriptor: number,
    /** It has no size and no place to go back to, and says itself when it is empty for now. */
    private readonly pseudo: boolean,
    private readonly notice: Notice,
  ) {
    this.#watch();
  }

  /** A file by its path, or one that is open already. */
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
      // Of what was written before it was stopped, all is read.
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

  /** What is there behind what was read; `undefined` where nothing is. */
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

  /** What the file has become since it was read to its end. */
  async #became(): Promise<Restart | "longer" | "the same"> {
    const own = await statOfOpen(this.descriptor);
    if (own.size < this.#at) {
      this.#at = 0;
      return "truncated";
    }
    const named = await this.#named();
    if (named === undefined || (named.ino === own.ino && named.dev === own.dev)) return "the same";
    // What was written to the old one before it gave way.
    if (own.size > this.#at) return "longer";
    return (await this.#reopen()) ? "replaced" : "the same";
  }

  /** What the name stands for now. */
  async #named(): Promise<Stats | undefined> {
    if (this.path === undefined) return undefined;
    try {
      const named = await statOf(this.path);
      this.#gone = false;
      return named;
    } catch (error) {
      if (!this.#gone)
        this.notice(
          `${codeOf(error) === "ENOENT" ? "it is gone" : `it cannot be looked for (${codeOf(error)})`}; reading goes on when it is back`,
        );
      this.#gone = true;
      return undefined;
    }
  }

  async #reopen(): Promise<boolean> {
    try {
      const descriptor = await opened(this.path!, constants.O_RDONLY | constants.O_NONBLOCK);
      await closed(this.descriptor);
      this.descriptor = descriptor;
    } catch {
      // Gone again, or not to be read yet: the next look will tell.
      return false;
    }
    this.#at = 0;
    this.#watcher?.close();
    this.#watch();
    return true;
  }

  /** Some systems watch nothing, and others not everything: then there is the look once a second. */
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

  /** Until the file may have changed, or a look is due. */
  async #change(): Promise<void> {
    await this.#sleep(this.#watcher ? LOOK_MS : POLL_MS);
    if (!this.#changed) return;
    // Set by what was read already as well: one look too many.
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
