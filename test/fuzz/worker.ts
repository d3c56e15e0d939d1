/** A thread that makes inputs and checks them, until there are no more or it is killed. */
import { parentPort, workerData } from "node:worker_threads";
import { checkIndex } from "./check/index.js";
import { Scratch } from "./check/files.js";
import { Problem } from "./check/problem.js";
import { FUZZ_FORMATS, formatAt, indexOf } from "./input.js";
import type { Found, Job, Said } from "./job.js";
import { Tally } from "./tally.js";

const job = workerData as Job;
const tally = new Tally(job.tally);
const next = new Int32Array(job.next);
const scratch = new Scratch();
const say = (said: Said): void => parentPort!.postMessage(said);
let current = -1;

// No code awaits these; they belong to the input in progress.
process.on("unhandledRejection", (error) =>
  say({ type: "found", found: foundIn(current, new Problem("no rejection is left alone", stackOf(error))) }),
);
process.on("uncaughtException", (error) => {
  say({ type: "found", found: foundIn(current, new Problem("no error is thrown at nobody", stackOf(error))) });
  // Code that waits for it may wait forever.
  process.exit(1);
});
process.on("exit", () => scratch.remove());

for (let k = Atomics.add(next, 0, 1); k < job.to; k = Atomics.add(next, 0, 1))
  await one(job.format === undefined ? k : indexOf(job.format, k));
tally.begin(-1, 0);
say({ type: "done" });

async function one(index: number): Promise<void> {
  current = index;
  const number = FUZZ_FORMATS.indexOf(formatAt(index));
  tally.begin(index, Date.now());
  const start = performance.now();
  try {
    const { events, trouble, found } = await checkIndex(job.seed, index, scratch);
    tally.add(number, "events", events);
    if (trouble) tally.add(number, "trouble", 1);
    if (found.length > 0) {
      tally.add(number, "removedWithFindings", 1);
      say({ type: "rules", rules: [...new Set(found)], index });
    }
  } catch (error) {
    say({ type: "found", found: foundIn(index, error) });
  }
  tally.add(number, "inputs", 1);
  tally.took(number, index, performance.now() - start);
}

function foundIn(index: number, error: unknown): Found {
  const format = formatAt(index);
  if (!(error instanceof Problem))
    return { index, format, kind: `an error in the fuzzer or in kreel: ${placeOf(error)}`, detail: stackOf(error) };
  const { cause } = error;
  return {
    index,
    format,
    kind: cause === undefined ? error.promise : `${error.promise}: ${placeOf(cause)}`,
    detail: error.detail,
  };
}

function stackOf(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}

/** Returns the error's name and the place that threw it, without parts that vary from input to input. */
function placeOf(error: unknown): string {
  if (!(error instanceof Error)) return "no error";
  const at = error.stack
    ?.split("\n")
    .find((line) => line.includes("/dist/"))
    ?.replace(/^.*\/dist\//, "")
    .replace(/:\d+\)?$/, "");
  return `${error.name} at ${at ?? "an unknown place"}`;
}
