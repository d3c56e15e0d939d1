/** Syncs a file that is appended to; concurrent appends share one sync. */
import { fdatasync, fsyncSync } from "node:fs";

export class DiskSync {
  /** The sync in progress, and the one after it, which later callers share. */
  #running: Promise<void> | undefined;
  #queued: Promise<void> | undefined;

  constructor(
    private readonly fd: number,
    /** Returns the current length of the file. */
    private readonly length: () => number,
    /** Bytes of the file that are known to be on disk. */
    public onDisk: number,
  ) {}

  /** Syncs all that is written by now, before it returns. Throws the system's error. */
  now(): void {
    fsyncSync(this.fd);
    this.onDisk = this.length();
  }

  /** Resolves when all that is written by now is on disk; rejects with the system's error. */
  all(): Promise<void> {
    if (!this.#running) return (this.#running = this.#start());
    // The one in progress may have begun before the last write.
    return (this.#queued ??= this.#running
      .catch(() => {})
      .then(() => {
        this.#queued = undefined;
        return (this.#running = this.#start());
      }));
  }

  /** Resolves when no sync is in progress. */
  async idle(): Promise<void> {
    while (this.#running) await (this.#queued ?? this.#running).catch(() => {});
  }

  #start(): Promise<void> {
    return new Promise<void>((resolve, reject) => {
      const written = this.length();
      fdatasync(this.fd, (error) => {
        this.#running = undefined;
        if (error) return reject(error);
        this.onDisk = written;
        resolve();
      });
    });
  }
}
