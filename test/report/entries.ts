/** Entries of reports: of the repository's recordings, of generated logs, and of simulated kernels with faults. */
import fc from "fast-check";
import { existsSync } from "node:fs";
import { kernels } from "../../src/kernels/index.js";
import { recordingEntry } from "../../src/report/collect.js";
import type { About, Entry, FailOn, Format } from "../../src/report/model.js";
import { readScenario } from "../../src/scenario/parse.js";
import { simulate } from "../../src/workload/simulate.js";
import { collected, madeRecordings } from "../export/logs.js";
import { recordingsOf } from "../support/recordings.js";

export const about = (entries = 1, failOn: FailOn = "error"): About => ({ version: "0.1.0", entries, failOn });

export async function* stream(entries: readonly Entry[]): AsyncGenerator<Entry> {
  yield* entries;
}

export function written(format: Format, entries: readonly Entry[], failOn?: FailOn): Promise<string> {
  return collected(format(stream(entries), about(entries.length, failOn)));
}

/** Every mistake's recording against the healthy kernel's of the same scenario, and the other way round. */
export function pairs(): (readonly [before: string, after: string])[] {
  return recordingsOf("mistakes").flatMap((path) => {
    const healthy = path.replace(/mistakes\/[^/]+\//, "mistakes/healthy/");
    return path === healthy || !existsSync(healthy) ? [] : [[healthy, path] as const, [path, healthy] as const];
  });
}

/** Entries of any generated log with an event. */
export const madeEntries: fc.Arbitrary<() => Promise<Entry>> = madeRecordings
  .filter(({ report }) => report.events > 0)
  .map((made) => () => recordingEntry(made, { timeline: true }));

/** Puts that a kernel may forget. */
const FORGETFUL = ["module_put", "iput", "mntput", "fput", "kvm_put_kvm", "put_unused_fd"] as const;

/** A run with a fault, on a kernel that always forgets one kind of put, or on a healthy one. */
export const simulatedEntries: fc.Arbitrary<() => Promise<Entry>> = fc
  .record({
    name: fc.constantFrom("linux-6.12", "linux-6.12-patched", "linux-6.18", "linux-7.2"),
    forgets: fc.constantFrom(...FORGETFUL, undefined),
    fault: fc.nat({ max: 60 }),
  })
  .map(({ name, forgets, fault }) => async () => {
    const scenario = await readScenario(
      `fixtures/scenarios/${name.startsWith("linux-6.12") ? "linux-6.12/" : ""}s04-bind-unbind.scn`,
    );
    const kernel = kernels[name]!;
    const broken = forgets === undefined ? kernel : kernel.with(`forgets ${forgets}`, { *[forgets]() {} });
    return recordingEntry(
      simulate(broken, scenario, { ...(fault > 0 ? { fail: { number: fault } } : {}), limit: 1_000_000 }).recording,
      { timeline: true },
    );
  });
