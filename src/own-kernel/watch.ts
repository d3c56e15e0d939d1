/**
 * Runs code of others (a module while it loads, a kernel's functions) so that its end is certain: what waits for ever
 * is given up after a time, and what never gives the thread back is broken off from another thread.
 */
import { getHeapStatistics } from "node:v8";
import { isMainThread, Worker } from "node:worker_threads";
import { pulse } from "../simulate/pulse.js";
import { type Place, placeAmong, placesOf } from "./places.js";
import type { Broken, Watched } from "./watchdog.js";

/**
 * Milliseconds: of waiting while a module loads; of the process's CPU time for code that neither ends nor takes a step.
 */
export const LIMIT = 10_000;
/** The part of the heap's limit that code which takes no step may fill. */
const MEMORY = 0.4;
/** How often the main thread shows that it goes on, in milliseconds. */
const TICK = 50;
/** Ticks within which the other thread's message is there. */
const MESSAGE = 20;

export type Stalling = "endless" | "waiting" | "nothing-to-wait-for";

/** Code of others does not come to its end. */
export class StalledError extends Error {
  constructor(
    /**
     * `endless`: it keeps the thread. `waiting`: for too long. `nothing-to-wait-for`: nothing is under way that could
     * end it.
     */
    readonly how: Stalling,
    /** Where it was, as far as anybody knows. */
    readonly place: Place | undefined,
    /** Milliseconds that it had. */
    readonly limit: number,
  ) {
    super(how);
  }
}

interface Watchdog {
  readonly state: Int32Array;
  readonly limit: number;
  /** Where the main thread was when it was broken off. */
  readonly broken: () => Broken | undefined;
  /** It breaks off once: the next code of others gets another. */
  readonly stop: () => void;
}

let watchdog: Watchdog | undefined;

/**
 * Starts the other thread, once; it holds nobody back. `name`: what to call the code in the one case in which kreel
 * cannot say so itself. In a thread that is not the main one, and in a Node without an inspector, nobody watches.
 */
function watch(name: string, limit: number): Watchdog | undefined {
  if (watchdog || !isMainThread || !process.features.inspector) return watchdog;
  const state = new Int32Array(new SharedArrayBuffer(8));
  const worker = new Worker(new URL("./watchdog.js", import.meta.url), {
    workerData: { state, limit, memory: getHeapStatistics().heap_size_limit * MEMORY } satisfies Watched,
    execArgv: [],
  });
  let broken: Broken | undefined;
  worker.on("message", (frames: Broken) => (broken = frames));
  // Whoever cannot be watched is not, and is no worse off than without.
  worker.on("error", () => (watchdog = undefined));
  worker.unref();
  worker.postMessage(name);
  pulse.beats = state;
  const stop = (): void => {
    watchdog = undefined;
    pulse.beats = new Int32Array(1);
    void worker.terminate();
  };
  return (watchdog = { state, limit, broken: () => broken, stop });
}

/**
 * Awaits what a module comes to while it loads. Rejects with a `StalledError` when it does not come to an end within
 * `limit`.
 */
export async function untilLoaded<T>(name: string, load: () => Promise<T>, limit = LIMIT): Promise<T> {
  const { state } = watch(name, limit) ?? { state: new Int32Array(2) };
  const deadline = performance.now() + limit;
  Atomics.add(state, 0, 1);
  try {
    return await inATask(load, limit, () => {
      Atomics.add(state, 0, 2);
      return performance.now() > deadline ? "waiting" : undefined;
    });
  } finally {
    Atomics.add(state, 0, 1);
  }
}

/** Runs what calls functions of a kernel. Rejects with a `StalledError` when one of them keeps the thread. */
export async function untilRun<T>(run: () => Promise<T> | T): Promise<T> {
  return watchdog ? inATask(run, watchdog.limit, () => undefined) : run();
}

/** In a task of the event loop of its own: what is broken off takes along whatever called it in the same task. */
function inATask<T>(run: () => Promise<T> | T, limit: number, check: () => Stalling | undefined): Promise<T> {
  return new Promise((resolve, reject) => {
    let waited = 0;
    const settle = (how: Stalling): void => {
      stop();
      const frames = watchdog?.broken();
      if (how === "endless") watchdog?.stop();
      reject(new StalledError(how, frames && placeAmong(placesOf(frames)), limit));
    };
    const isBroken = (): boolean => watchdog !== undefined && Atomics.load(watchdog.state, 1) !== 0;
    const look = (): void => {
      if (!isBroken()) {
        const how = check();
        if (how) settle(how);
      } else if (watchdog!.broken() || ++waited > MESSAGE) settle("endless");
    };
    const empty = (): unknown => (isBroken() ? ticking.ref() : settle("nothing-to-wait-for"));
    const ticking = setInterval(look, TICK).unref();
    process.on("beforeExit", empty);
    const stop = (): void => {
      clearInterval(ticking);
      process.off("beforeExit", empty);
    };
    setImmediate(() => void Promise.resolve().then(run).finally(stop).then(resolve, reject));
  });
}
