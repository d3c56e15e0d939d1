/**
 * Checks that nothing is left and nothing is found, whatever programs do to descriptors and in whatever order their
 * threads and children run.
 */
import test from "ava";
import fc from "fast-check";
import { kernels } from "../../src/kernels/index.js";
import { FOPS, MODULE_REF_BASE } from "../../src/kernels/constants.js";
import { replayRecording } from "../../src/replay/replay.js";
import { parseScenario } from "../../src/scenario/parse.js";
import { simulate, type Simulation } from "../../src/workload/simulate.js";
import { descriptorProgram, threadedProgram } from "../support/descriptor-programs.js";

/** The program's parent has one reference on each of the two files that it inherited. */
const INHERITED_FILES = 2;

/** Structures that were not freed, or whose counts no holder explains. */
function left({ machine }: Simulation): string[] {
  const { memory, structs } = machine;
  const there: string[] = [];
  let files = 0;
  for (let pointer = 1; pointer < memory.mark().top; pointer++) {
    const struct = structs.any(pointer);
    if (!struct || memory.get(struct.freed)) continue;
    const says = (what: string): void => void there.push(`${struct.kind} ${pointer}: ${what}`);
    switch (struct.kind) {
      case "file":
        if (memory.get(structs.at("file", pointer).f_count) === 1 && files < INHERITED_FILES) files++;
        else says(`f_count ${memory.get(structs.at("file", pointer).f_count)}`);
        break;
      case "files_struct":
        if (memory.get(structs.at("files_struct", pointer).count)) says("count");
        break;
      case "task_struct":
        if (memory.list(structs.at("task_struct", pointer).task_works).length > 0) says("task_works");
        break;
      case "module": {
        const module = structs.at("module", pointer);
        const users = memory.list(module.source_list).length / 2;
        if (memory.get(module.refcnt) > MODULE_REF_BASE + Math.ceil(users)) says(`refcnt ${memory.get(module.refcnt)}`);
        break;
      }
      case "mm_struct":
      case "vm_area_struct":
      case "unix_sock":
      case "kvm":
      case "kvm_gmem":
        says("not freed");
        break;
      default:
      // Nothing that a descriptor holds.
    }
  }
  return there;
}

/** A socket travels in a message that nobody can receive any more: simulated kernels do not collect these. */
function isRing({ machine }: Simulation): boolean {
  const { memory, structs } = machine;
  for (let pointer = 1; pointer < memory.mark().top; pointer++) {
    if (structs.any(pointer)?.kind !== "unix_sock") continue;
    const queue = memory.list(structs.at("unix_sock", pointer).sk_receive_queue);
    if (queue.some((file, k) => k % 2 === 0 && file !== 0 && memory.get(structs.at("file", file).f_op) === FOPS.socket))
      return true;
  }
  return false;
}

/** Counts never go below nothing. */
function underflows({ machine }: Simulation): string[] {
  const { memory, structs } = machine;
  const below: string[] = [];
  for (let pointer = 1; pointer < memory.mark().top; pointer++) {
    const struct = structs.any(pointer);
    if (struct?.kind === "file" && memory.get(structs.at("file", pointer).f_count) < 0) below.push(`file ${pointer}`);
    if (struct?.kind === "mm_struct" && memory.get(structs.at("mm_struct", pointer).mm_users) < 0)
      below.push(`mm ${pointer}`);
    if (struct?.kind === "files_struct" && memory.get(structs.at("files_struct", pointer).count) < 0)
      below.push(`files ${pointer}`);
  }
  return below;
}

for (const [name, kernel] of Object.entries(kernels)) {
  test(`${name}: a process and its children leave nothing behind`, (t) => {
    fc.assert(
      fc.property(descriptorProgram(25), fc.nat(), (text, seed) => {
        const run = simulate(kernel, parseScenario(text, "program.scn"), { seed });
        t.is(run.ending.type, "finished");
        t.deepEqual(underflows(run), []);
        if (!isRing(run)) t.deepEqual(left(run), []);
      }),
      { numRuns: 60 },
    );
  });

  test(`${name}: nor do threads that share a table, or leave it`, (t) => {
    fc.assert(
      fc.property(threadedProgram(8), fc.nat(), (text, seed) => {
        const run = simulate(kernel, parseScenario(text, "program.scn"), { seed });
        t.is(run.ending.type, "finished");
        t.deepEqual(underflows(run), []);
        if (!isRing(run)) t.deepEqual(left(run), []);
      }),
      { numRuns: 40 },
    );
  });

  test(`${name}: and replay finds nothing wrong with any of it`, async (t) => {
    const program = fc.oneof(descriptorProgram(25), threadedProgram(8));
    await fc.assert(
      fc.asyncProperty(program, fc.nat(), async (text, seed) => {
        const { recording } = simulate(kernel, parseScenario(text, "program.scn"), { seed });
        const { findings, counts, missing } = await replayRecording(recording);
        t.deepEqual(
          findings.map(({ rule, message }) => `${rule}: ${message}`),
          [],
        );
        t.is(counts.unexplained, 0);
        t.is(missing.total, 0);
      }),
      { numRuns: 50 },
    );
  });
}
