/** Puts a file that is appended to on disk; appends that come together share one sync. */
import { fdatasync, fsyncSync } from "node:fs";

export class DiskSync {
  /** A sync that is on its way, and the one that whoever comes meanwhile waits for. */
  #running: Promise<void> | undefined;
  #queued: Promise<void> | undefined;

  constructor(
    private readonly fd: number,
    /** Of the file, now. */
    private readonly length: () => number,
    /** Up to which byte the file is known to be on disk. */
    public onDisk: number,
  ) {}

  /** Everything that is written now, before this returns. Throws the system's error. */
  now(): void {
    fsyncSync(this.fd);
    this.onDisk = this.length();
  }

  /** Resolves when everything that is written now is on disk; rejects with the system's error. */
  all(): Promise<void> {
    if (!this.#running) return (this.#running = this.#start());
    // It may have begun before the last write.
    return (this.#queued ??= this.#running
      .catch(() => {})
      .then(() => {
        this.#queued = undefined;
        return (this.#running = this.#start());
      }));
  }

  /** Resolves when no sync is on its way. */
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
