import test from "ava";
import { kernels } from "../../src/kernels/index.js";
import { readScenario, parseScenario } from "../../src/scenario/parse.js";
import { when } from "../../src/simulate/step.js";
import { type FaultRun, type FaultWalk, plan, walkFaults } from "../../src/workload/faults.js";
import { simulate } from "../../src/workload/simulate.js";

const CREATE = parseScenario(
  "load kvm\nload kvm-amd\nvm v 1\ngmem g v 64K\nrefcnt kvm_amd\nclose g\nclose v\nunload kvm_amd\nunload kvm\n",
  "create.scn",
);

const patched = kernels["linux-6.12-patched"];
const forgetful = patched.with("forgets module_put", {
  *kvm_gmem_inode_create_getfile(...args) {
    return yield* patched.functions.kvm_gmem_inode_create_getfile.apply(this.with({ *module_put() {} }), args);
  },
});

async function all(walk: FaultWalk): Promise<FaultRun[]> {
  const runs: FaultRun[] = [];
  for await (const run of walk.runs()) runs.push(run);
  return runs;
}

test("every fault of the plain run is made, with each of its errors, at its place", async (t) => {
  const { faults } = simulate(patched, CREATE);
  const runs = await all(await walkFaults(patched, CREATE));
  t.is(
    runs.length,
    faults.reduce((sum, { fault }) => sum + fault.errnos.length, 0),
  );
  for (const { point, errno, simulation } of runs) {
    const failed = simulation!.faults.filter((fault) => fault.errno !== 0);
    t.like(failed, { length: 1 });
    t.like(failed[0], { number: point.number, errno, line: point.line, fault: { site: point.fault.site } });
    // Up to the fault it is the same run.
    t.deepEqual(
      simulation!.faults.slice(0, point.number - 1).map((fault) => fault.fault.site),
      faults.slice(0, point.number - 1).map((fault) => fault.fault.site),
    );
  }
});

test("a creation that fails says with which error, and what else came out differently", async (t) => {
  const runs = await all(await walkFaults(kernels["linux-6.12-patched"], CREATE));
  const run = runs.find(({ point }) => point.fault.site === "kzalloc(sizeof(*gmem))")!;
  t.is(run.outcome!.text, "gmem g v 64K = -1 ENOMEM");
  t.true(run.changed);
  t.is(run.others, 2);
  t.is(run.point.line!.line, 4);
  t.deepEqual([run.findings, run.waiting, run.failure], [[], [], undefined]);
});

test("the unpatched and the patched kernel give back on every error path what they took", async (t) => {
  for (const kernel of ["linux-6.12", "linux-6.12-patched"] as const) {
    for (const name of ["s01-create-close", "s04-bind-unbind", "s09-enfile", "s13-fork"]) {
      for (const run of await all(
        await walkFaults(kernels[kernel], await readScenario(`fixtures/scenarios/linux-6.12/${name}.scn`)),
      )) {
        const what = `${kernel} ${name}: fault ${run.point.number} (${run.point.fault.site})`;
        t.deepEqual(
          run.findings.map(({ rule, message }) => `${rule}: ${message}`),
          [],
          what,
        );
        t.deepEqual([run.waiting, run.failure], [[], undefined], what);
      }
    }
  }
});

test("an error path that forgets something is found where it is, once for each fault that takes it", async (t) => {
  const walk = await walkFaults(forgetful, CREATE);
  t.deepEqual(walk.findings, []);
  const wrong = (await all(walk)).filter(({ findings }) => findings.length > 0);
  t.true(wrong.length >= 4);
  for (const { point, findings } of wrong) {
    t.is(point.line!.marker, "gmem g v 64K");
    t.not(point.fault.site, "kzalloc(sizeof(*gmem))");
    t.true(findings.some(({ rule, line }) => rule === "leaked-module-reference" && line === 4));
  }
});

test("what is wrong without any fault is not told again for each", async (t) => {
  const walk = await walkFaults(forgetful, await readScenario("fixtures/scenarios/linux-6.12/s09-enfile.scn"));
  t.deepEqual([...new Set(walk.findings.map(({ line }) => line))], [8, 9]);
  const runs = await all(walk);
  for (const { findings } of runs.filter(({ point }) => point.line?.operation.type === "refcnt"))
    t.deepEqual(findings, []);
  const told = runs.filter(({ point }) => point.line?.marker === "gmem j v 64K").flatMap(({ findings }) => findings);
  t.deepEqual([...new Set(told.map(({ line }) => line))], [14]);
});

test("a function that throws ends its run, not the walk; tasks that wait for ever are told", async (t) => {
  const base = kernels["linux-6.12-patched"];
  const odd = base.with("odd", {
    // eslint-disable-next-line require-yield
    *put_unused_fd(_fd) {
      throw new RangeError("no such thing");
    },
  });
  const runs = await all(await walkFaults(odd, CREATE));
  const thrown = runs.filter(({ failure }) => failure);
  t.true(thrown.length > 0);
  t.regex(
    thrown[0]!.failure!.message,
    /RangeError: no such thing, while `(?:vm v 1|gmem g v 64K)` \(line [34]\) was carried out/,
  );
  t.true(runs.some(({ failure }) => !failure));
  const stuck = base.with("stuck", {
    *put_unused_fd(_fd) {
      yield when(undefined, "what never comes", { cell: this.system.nr_files, is: "=", value: -1 });
    },
  });
  const waits = (await all(await walkFaults(stuck, CREATE))).filter(({ waiting }) => waiting.length > 0);
  t.true(waits.length > 0);
  const gmem = waits.find(({ point }) => point.line?.marker === "gmem g v 64K")!;
  t.is(gmem.outcome, undefined);
  t.deepEqual(gmem.waiting[0], { task: "scenario", for: "what never comes" });
});

test("a scenario of thousands of repetitions is walked once for each thing that it repeats", async (t) => {
  const again = "gmem g v 64K\nclose g\n".repeat(30);
  const scenario = parseScenario(`load kvm\nload kvm-amd\nvm v 1\n${again}close v\n`, "again.scn");
  const kernel = kernels["linux-6.12-patched"];
  const { faults, steps } = simulate(kernel, scenario);
  const every = plan(faults);
  const whole = await walkFaults(kernel, scenario);
  t.is(whole.planned.length, every.length);
  t.is(whole.skipped, 0);
  const first = await walkFaults(kernel, scenario, { budget: steps });
  t.is(first.planned.length + first.skipped, every.length);
  t.deepEqual(
    [...new Set(first.planned.map(({ point }) => point.line?.line))].filter((line) => (line ?? 0) > 3),
    [4],
  );
  const twice = await walkFaults(kernel, scenario, { budget: 2 * steps * first.planned.length });
  t.true(twice.planned.some(({ point }) => point.line?.line === 6));
  t.true(twice.skipped > 0);
  t.false(twice.planned.some(({ point }) => (point.line?.line ?? 0) > 6 && point.line?.line !== 64));
});
