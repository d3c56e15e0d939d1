/**
 * Threads that check inputs, each watched: one that hangs or takes too much memory is killed, and another continues
 * after its input.
 */
import { setTimeout as later } from "node:timers/promises";
import { Worker } from "node:worker_threads";
import { formatAt, type FuzzFormat } from "./input.js";
import type { Found, Job, Said } from "./job.js";
import { Tally } from "./tally.js";

export interface Limits {
  /** Milliseconds for one input. */
  readonly ms: number;
  /** MiB of a thread's JavaScript, and of the whole process. */
  readonly heap: number;
  readonly rss: number;
}

export const LIMITS: Limits = { ms: 20_000, heap: 512, rss: 1536 };

export interface Plan {
  readonly seed: number;
  readonly inputs: number;
  /** Inputs to skip. */
  readonly from?: number;
  readonly format?: FuzzFormat | undefined;
  /** Threads at once. */
  readonly jobs: number;
  readonly limits?: Limits;
  readonly onFound?: (found: Found) => void;
  /** Ends the run after the inputs in progress. */
  readonly signal?: AbortSignal;
  readonly onProgress?: (tallies: readonly Tally[]) => void;
  /** Replaces the thread's own program, in tests of the pool. */
  readonly program?: URL;
}

export interface Done {
  readonly tallies: readonly Tally[];
  readonly found: readonly Found[];
  /** By rule: healthy recordings from which something was removed, and in which the rule then found a fault. */
  readonly rules: ReadonlyMap<string, { count: number; first: number }>;
  /**
   * Inputs that took a thread down once, but not when another checked them alone: because of a busy machine, or of many
   * inputs together.
   */
  readonly once: readonly Found[];
}

const POLL = 100;
const MIB = 2 ** 20;
/** An input that was too slow is repeated in a thread of its own, with so many times the limit. */
const PATIENCE = 3;

export async function runAll(plan: Plan): Promise<Done> {
  const next = new SharedArrayBuffer(4);
  const counter = new Int32Array(next);
  counter[0] = plan.from ?? 0;
  plan.signal?.addEventListener("abort", () => Atomics.store(counter, 0, plan.inputs));
  const found: Found[] = [];
  const once: Found[] = [];
  const rules = new Map<string, { count: number; first: number }>();
  const tallies: Tally[] = [];
  const note = (each: Found): void => {
    found.push(each);
    plan.onFound?.(each);
  };
  const take = (said: Said): void => {
    if (said.type === "found") note(said.found);
    else if (said.type === "rules") {
      for (const rule of said.rules) {
        const known = rules.get(rule);
        if (known) known.count++;
        else rules.set(rule, { count: 1, first: said.index });
      }
    }
  };
  const suspects: Found[] = [];
  await Promise.all(
    Array.from({ length: plan.jobs }, async () => {
      for (;;) {
        const tally = new Tally();
        tallies.push(tally);
        const down = await thread(
          plan,
          { seed: plan.seed, format: plan.format, to: plan.inputs, tally: tally.memory, next },
          tally,
          take,
          () => plan.onProgress?.(tallies),
        );
        if (!down) return;
        suspects.push(down);
      }
    }),
  );
  const limits = plan.limits ?? LIMITS;
  for (const suspect of suspects)
    ((await repeats(plan, { ...limits, ms: limits.ms * PATIENCE }, suspect)) ? note : (each: Found) => once.push(each))(
      suspect,
    );
  return { tallies, found, rules, once };
}

/** True if an input takes a thread down also when it is alone. */
async function repeats(plan: Plan, limits: Limits, { index }: Found): Promise<boolean> {
  const tally = new Tally();
  const next = new SharedArrayBuffer(4);
  new Int32Array(next)[0] = index;
  const alone: Plan = { ...plan, format: undefined, limits };
  return (
    (await thread(
      alone,
      { seed: plan.seed, format: undefined, to: index + 1, tally: tally.memory, next },
      tally,
      () => {},
      () => {},
    )) !== undefined
  );
}

/** Runs a thread to its end; returns the input that took it down, if one did. */
async function thread(
  plan: Plan,
  job: Job,
  tally: Tally,
  take: (said: Said) => void,
  progress: () => void,
): Promise<Found | undefined> {
  const { ms, heap, rss } = plan.limits ?? LIMITS;
  const worker = new Worker(plan.program ?? new URL("./worker.js", import.meta.url), {
    workerData: job,
    resourceLimits: { maxOldGenerationSizeMb: heap },
  });
  let done = false;
  let gone = false;
  let reported = -1;
  let why: string | undefined;
  let detail = "";
  worker.on("message", (said: Said) => {
    if (said.type === "done") done = true;
    if (said.type === "found") reported = said.found.index;
    take(said);
  });
  worker.on("error", (error: Error & { code?: string }) => {
    why = error.code === "ERR_WORKER_OUT_OF_MEMORY" ? "memory stays bounded" : "a thread lives on";
    detail = error.stack ?? error.message;
  });
  worker.on("exit", () => (gone = true));
  while (!gone) {
    await later(POLL);
    progress();
    if (done || gone || tally.index < 0) continue;
    const took = Date.now() - tally.since;
    const used = process.memoryUsage.rss() / MIB;
    if (took > ms) why = "an input comes to its end";
    else if (used > rss) why = "memory stays bounded";
    else continue;
    detail = `${took} ms, ${Math.round(used)} MiB`;
    await worker.terminate();
  }
  if (done) return undefined;
  const { index } = tally;
  // The thread reported this input itself: another continues, in the same memory.
  if (reported === index) return thread(plan, job, tally, take, progress);
  return { index, format: formatAt(index), kind: why ?? "what is awaited comes", detail };
}
