/** A pipe, a terminal, or another input that ends by itself. */
import { constants, openSync } from "node:fs";
import { Socket } from "node:net";
import { readTrouble } from "../source.js";
import type { Feed } from "./feed.js";

/** Milliseconds to wait for bytes in transit after the stop, each time. */
const GRACE_MS = 50;
/** Milliseconds to wait in all: some inputs are endless. */
const STOPPING_MS = 1000;

export class StreamFeed implements Feed {
  readonly #chunks: AsyncIterator<Buffer | string>;
  #stopped = false;
  #onStop = (): void => {};

  constructor(
    private readonly name: string,
    stream: AsyncIterable<Buffer | string>,
    private readonly destroy: () => void,
  ) {
    this.#chunks = stream[Symbol.asyncIterator]();
  }

  async next(): Promise<Buffer | undefined> {
    const next = this.#chunks.next();
    // It may fail when no code awaits it any more.
    next.catch(() => {});
    try {
      const read = await Promise.race([next, this.#quiet()]);
      if (!read || read.done) return undefined;
      return typeof read.value === "string" ? Buffer.from(read.value) : read.value;
    } catch (error) {
      throw readTrouble(this.name, error);
    }
  }

  stop(): number {
    this.#stopped = true;
    this.#onStop();
    return STOPPING_MS;
  }

  /** Resolves after the stop when no bytes arrived for a moment, and those that the system has at hand were read. */
  #quiet(): Promise<undefined> {
    return new Promise((resolve) => {
      this.#onStop = () => setTimeout(() => setImmediate(() => resolve(undefined)), GRACE_MS);
      if (this.#stopped) this.#onStop();
    });
  }

  async close(): Promise<void> {
    this.destroy();
    void this.#chunks.return?.();
  }
}

/**
 * Opens a FIFO as a socket, which waits for a writer without a thread blocked in the kernel: that would keep the
 * process from ending.
 */
export function fifo(path: string): StreamFeed {
  const socket = new Socket({
    fd: openSync(path, constants.O_RDONLY | constants.O_NONBLOCK),
    readable: true,
    writable: false,
  });
  return new StreamFeed(path, socket, () => socket.destroy());
}
