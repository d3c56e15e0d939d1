/**
 * The ledger, derived from what probes show, and the memory of the simulated kernel, which knows: between any two
 * operations of a scenario they agree on every count that the ledger claims to know.
 */
import test from "ava";
import { kernels } from "../../src/kernels/index.js";
import { replayRecording } from "../../src/replay/replay.js";
import { readScenario } from "../../src/scenario/parse.js";
import { Recorder, type RecordedTask } from "../../src/simulate/recorder.js";
import { Scheduler } from "../../src/simulate/scheduler.js";
import type { Cell } from "../../src/simulate/memory.js";
import { boot } from "../../src/workload/boot.js";
import { SimulatedRecording } from "../../src/workload/simulate.js";
import { HEALTHY, recordingsOf } from "../support/recordings.js";
import { scenarioPathOf } from "../support/scenarios.js";

/** By kind of object: the structure, and the field that counts its references. */
const COUNTS = {
  inode: ["inode", "i_count"],
  mount: ["vfsmount", "mnt_count"],
  vm: ["kvm", "users_count"],
  module: ["module", "refcnt"],
  superblock: ["super_block", "s_active"],
} as const;
const PASSED = 20;

for (const kernel of HEALTHY) {
  for (const recording of recordingsOf(kernel)) {
    const path = scenarioPathOf(recording)!;
    test(`${kernel}, ${path}`, async (t) => {
      const { machine } = boot(kernels[kernel], await readScenario(path));
      const recorder = new Recorder(machine.memory, kernel);
      const scheduler = new Scheduler(machine, {});
      const tasks: RecordedTask[] = [];
      const moments: { readonly event: number; readonly counts: ReadonlyMap<number, number> }[] = [];
      const live = (): Map<number, number> => {
        const counts = new Map<number, number>();
        for (let pointer = 1; pointer < machine.memory.mark().top; pointer++) {
          const struct = machine.structs.any(pointer);
          const found = Object.values(COUNTS).find(([kind]) => kind === struct?.kind);
          if (!struct || !found || machine.memory.get(struct.freed)) continue;
          const cells = struct as unknown as Readonly<Record<string, Cell>>;
          counts.set(recorder.addressId(struct), machine.memory.get(cells[found[1]]!));
        }
        return counts;
      };
      machine.listener = (task, step) => {
        if (recorder.pointOf(step) === 0) return;
        recorder.record(
          step,
          (tasks[task.number] ??= recorder.task(
            task.program.comm,
            machine.memory.get(task.struct.pid),
            task.program.softirq ?? false,
          )),
          scheduler.now,
        );
        const { args } = step;
        if (step.operation === "tracing_mark_write" && String(args?.["text"]).startsWith("ret: "))
          moments.push({ event: recorder.events, counts: live() });
      };
      for (let next = scheduler.next(); next !== undefined; next = scheduler.next()) machine.step(machine.tasks[next]!);
      const sealed = recorder.batches();
      let compared = 0;
      for (const { event, counts } of moments) {
        const { world } = await replayRecording(
          new SimulatedRecording(path, recorder.tables, sealed, recorder.events),
          { at: { event } },
        );
        for (const object of world.store.live()) {
          if (!object.focus || object.death || object.count === null || !(object.kind in COUNTS)) continue;
          const known = counts.get(object.address);
          // Freed already, and the ledger waits for the callback; or it was never the kernel's own.
          if (known === undefined) continue;
          t.is(object.count, known, `${world.label(object)} after event ${event}`);
          compared++;
        }
      }
      t.true(compared >= PASSED, `${compared} counts compared`);
    });
  }
}
