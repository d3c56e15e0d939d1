/** A machine that leaves a moment and comes back goes on as if it had never left. */
import test from "ava";
import fc from "fast-check";
import { kernels } from "../../src/kernels/index.js";
import type { Kernel } from "../../src/kernels/kernel.js";
import { parseScenario } from "../../src/scenario/parse.js";
import type { Machine } from "../../src/simulate/machine.js";
import { boot } from "../../src/workload/boot.js";
import { simulate } from "../../src/workload/simulate.js";
import { ftraceText } from "../../src/write/ftrace.js";

const SCENARIO = parseScenario(
  [
    "load kvm",
    "load kvm-amd",
    "vm v",
    "gmem g v 64K",
    "@ta bind v 1 0x100000 64K g 0",
    "@ta close g",
    "@ta gmem h v 8K 3",
    "@ta touch h 0 8K",
    "@tb unbind v 1",
    "@tb dup d g",
    "@tb stat g",
    "@tb fork 1",
    "@tb close v",
    "go",
    "wait",
    "close h",
    "rcu",
    "unload kvm_amd",
  ].join("\n"),
  "machine.scn",
);
const WORDS = ["kvm", "kvm_amd", "kvm_guest_memory", "guest_memfd", "kvm-vm", "[kvm-gmem]", "/", "v", "g", "h", "d"];
const NAMES = Object.keys(kernels) as (keyof typeof kernels)[];

interface Run {
  readonly machine: Machine<Kernel>;
  /** Every step that was taken, and its result. */
  readonly log: string[];
}

function begin(kernel: (typeof NAMES)[number], undo: boolean): Run {
  const { machine } = boot(kernels[kernel], SCENARIO, { undo });
  const log: string[] = [];
  // Words are numbered as they are first asked for, and stay so when a moment is left.
  for (const word of WORDS) machine.words.number(word);
  machine.listener = (task, step, value) => log.push(`${task.number} ${step.phase} ${step.words} ${value}`);
  return { machine, log };
}

/** Lets one of those go on that can, as a number says; false when nobody can. */
function go({ machine }: Run, choice: number): boolean {
  const able = machine.tasks.filter((task) => machine.enabled(task));
  const task = able[choice % able.length];
  if (!task) return false;
  machine.step(task);
  return true;
}

function numbers(seed: number): () => number {
  let x = seed | 1;
  return () => {
    x ^= x << 13;
    x ^= x >>> 17;
    x ^= x << 5;
    return (x >>>= 0);
  };
}

test("leaving a moment for others and coming back changes nothing", (t) => {
  fc.assert(
    fc.property(
      fc.constantFrom(...NAMES),
      fc.integer({ min: 1 }),
      fc.array(fc.record({ after: fc.nat(400), away: fc.integer({ min: 1, max: 300 }), again: fc.boolean() }), {
        minLength: 1,
        maxLength: 5,
      }),
      (kernel, seed, leaves) => {
        const straight = begin(kernel, false);
        const leaving = begin(kernel, true);
        const one = numbers(seed);
        const other = numbers(seed);
        const aside = numbers(seed + 1);
        for (const { after, away, again } of leaves) {
          for (let k = 0; k < after; k++) if (go(straight, one()) !== go(leaving, other())) return false;
          const length = leaving.log.length;
          const moment = leaving.machine.moment();
          for (let k = 0; k < away; k++) go(leaving, aside());
          // From where it went there is another way to go, and back from there.
          if (again) {
            const further = leaving.machine.moment();
            for (let k = 0; k < away; k++) go(leaving, aside());
            leaving.machine.return(further);
            for (let k = 0; k < away; k++) go(leaving, aside());
            leaving.machine.return(further);
          }
          leaving.machine.return(moment);
          leaving.log.length = length;
          if (leaving.machine.memory.hash() !== straight.machine.memory.hash()) return false;
        }
        for (;;) {
          const goes = go(straight, one());
          if (goes !== go(leaving, other())) return false;
          if (!goes) break;
        }
        t.deepEqual(leaving.log, straight.log);
        return true;
      },
    ),
    { numRuns: 60 },
  );
});

test("a task that is brought back stands at the very steps that it stood at", (t) => {
  fc.assert(
    fc.property(
      fc.constantFrom(...NAMES),
      fc.integer({ min: 1 }),
      fc.nat(700),
      fc.integer({ min: 1, max: 200 }),
      (kernel, seed, before, away) => {
        const run = begin(kernel, true);
        const choice = numbers(seed);
        for (let k = 0; k < before; k++) go(run, choice());
        const moment = run.machine.moment();
        const words = run.machine.tasks.map((task) => task.pending?.words);
        const ahead = numbers(seed + 1);
        const length = run.log.length;
        for (let k = 0; k < away; k++) go(run, ahead());
        const first = run.log.splice(length);
        run.machine.return(moment);
        t.deepEqual(
          run.machine.tasks.map((task) => task.pending?.words),
          words,
        );
        const behind = numbers(seed + 1);
        for (let k = 0; k < away; k++) go(run, behind());
        t.deepEqual(run.log.splice(length), first);
      },
    ),
    { numRuns: 60 },
  );
});

test("the same seed, and the choices that it made, give the same log", (t) => {
  fc.assert(
    fc.property(fc.constantFrom(...NAMES), fc.nat(), (kernel, seed) => {
      const text = ({ recording }: ReturnType<typeof simulate>): string =>
        [...ftraceText(recording.sealed, recording.tables)].join("");
      const first = simulate(kernels[kernel], SCENARIO, { seed });
      t.deepEqual(simulate(kernels[kernel], SCENARIO, { seed }).choices, first.choices);
      const again = simulate(kernels[kernel], SCENARIO, { choices: first.choices });
      t.deepEqual(again.output, first.output);
      t.is(again.steps, first.steps);
      const untimed = (log: string): string => log.replaceAll(/\d+\.\d{6}:/g, "");
      t.is(untimed(text(again)), untimed(text(first)));
    }),
    { numRuns: 30 },
  );
});
