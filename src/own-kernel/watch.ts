/**
 * Runs foreign code (a module while it loads, a kernel's functions) so that it certainly ends: endless waiting is given
 * up after a time, and a loop that never yields the thread is interrupted from another thread.
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
/** Share of the heap limit that code may fill without taking a step. */
const MEMORY = 0.4;
/** Milliseconds between two signs of life of the main thread. */
const TICK = 50;
/** Ticks within which the other thread's message arrives. */
const MESSAGE = 20;

export type Stalling = "endless" | "waiting" | "nothing-to-wait-for";

/** Foreign code does not end. */
export class StalledError extends Error {
  constructor(
    /**
     * `endless`: it keeps the thread. `waiting`: for too long. `nothing-to-wait-for`: no pending event could end it.
     */
    readonly how: Stalling,
    /** The place in the code, if known. */
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
  /** The place of the main thread when it was interrupted. */
  readonly broken: () => Broken | undefined;
  /** A watchdog interrupts once: the next foreign code gets another. */
  readonly stop: () => void;
}

let watchdog: Watchdog | undefined;

/**
 * Starts the watchdog thread, once; it does not keep the process alive. `name` names the code in the one message that
 * kreel cannot print itself. Outside the main thread, and in a Node without an inspector, there is no watchdog.
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
  // A failed watchdog only means that the code runs unwatched.
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

/** Awaits a module that loads. Rejects with a `StalledError` if it does not end within `limit`. */
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

/** Runs code that calls functions of a kernel. Rejects with a `StalledError` if one of them keeps the thread. */
export async function untilRun<T>(run: () => Promise<T> | T): Promise<T> {
  return watchdog ? inATask(run, watchdog.limit, () => undefined) : run();
}

/** Uses a task of the event loop of its own: an interruption also ends the callers within the same task. */
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
