/**
 * Replaces the thread's own program: input 3 never ends, 5 takes all memory, 7 waits forever, 9 throws outside any
 * promise.
 */
import { parentPort, workerData } from "node:worker_threads";
import { formatAt } from "../input.js";
import type { Job, Said } from "../job.js";
import { Tally } from "../tally.js";

const job = workerData as Job;
const tally = new Tally(job.tally);
const next = new Int32Array(job.next);
const say = (said: Said): void => parentPort!.postMessage(said);

const misbehaviour: Readonly<Record<number, () => void | Promise<void>>> = {
  3: () => {
    for (;;) continue;
  },
  5: () => {
    const held: string[][] = [];
    for (;;) held.push(Array.from({ length: 1 << 16 }, (_, k) => `${held.length}/${k}`));
  },
  7: () => new Promise(() => {}),
};

for (let index = Atomics.add(next, 0, 1); index < job.to; index = Atomics.add(next, 0, 1)) {
  tally.begin(index, Date.now());
  if (index === 9) say({ type: "found", found: { index, format: formatAt(index), kind: "nine", detail: "" } });
  await misbehaviour[index]?.();
  tally.add(0, "inputs", 1);
}
tally.begin(-1, 0);
say({ type: "done" });
