/**
 * Each allocation of KVM_CREATE_GUEST_MEMFD fails on the simulated kernel as it was recorded to fail on the real one.
 */
import test from "ava";
import { historyOf } from "../../src/compare/history.js";
import { type ComparedNode, flatten } from "../../src/compare/calls.js";
import { kernels } from "../../src/kernels/index.js";
import type { Recorded } from "../../src/read/report.js";
import { parseScenario } from "../../src/scenario/parse.js";
import { simulate } from "../../src/workload/simulate.js";
import { walkFaults } from "../../src/workload/faults.js";

const FAILED = "gmem x v 64K 0";
/** A guest_memfd is there already, as in the recording. */
const SCENARIO = parseScenario(`load kvm\nload kvm-amd\nvm v 1\ngmem g v 64K\n${FAILED}\n`, "one-failure.scn");

/**
 * The calls of each operation of the scenario, by what its mark says: depth, operation, and whether it came to an
 * error.
 */
async function callsOf(log: string | Recorded): Promise<Map<string, string[]>> {
  const calls = new Map<string, string[]>();
  let during: string[] | undefined;
  const { actors, outermostOperations, trees } = await historyOf(log);
  for (const root of actors
    .flatMap(({ steps }) => [...steps])
    .map((step) => trees.get(outermostOperations.tree(step)))) {
    const text = mark(root);
    if (text?.startsWith("op: ")) calls.set(text.slice(4), (during = []));
    else if (text?.startsWith("ret: ")) during = undefined;
    else if (text === undefined)
      during?.push(
        ...flatten(root).map(
          ({ node, depth }) =>
            `${"  ".repeat(depth)}${node.operation}${node.result?.number === undefined || node.result.number >= 0 ? "" : ` = ${node.result.number}`}`,
        ),
      );
  }
  return calls;
}

function mark(root: ComparedNode): string | undefined {
  return root.operation === "tracing_mark_write" ? (JSON.parse(root.args[0]!.text) as string).trimEnd() : undefined;
}

for (const kernel of ["linux-6.12", "linux-6.12-patched"] as const) {
  test(`the error paths of ${kernel}, call for call`, async (t) => {
    const recorded = await callsOf(`fixtures/recordings/${kernel}/s18-fail-nth.trace.gz`);
    const walk = await walkFaults(kernels[kernel], SCENARIO);
    const allocations = walk.planned.filter(({ point }) => point.line?.text === FAILED && point.fault.allocation);
    // The first four of fourteen tries were to fail: the call has no more allocations.
    const failed = [...recorded].filter(
      ([text, calls]) =>
        /^gmem x\d+ .* fail=\d+$/.test(text) && calls.some((call) => call.startsWith("kvm_gmem_create = -")),
    );
    t.is(failed.length, 4);
    t.is(allocations.length, failed.length);
    for (const [k, [text, calls]] of failed.entries()) {
      const { point, errno } = allocations[k]!;
      const simulated = await callsOf(
        simulate(kernels[kernel], SCENARIO, { fail: { number: point.number, errno } }).recording,
      );
      t.deepEqual(simulated.get(FAILED), calls, `${text}: ${point.fault.site}`);
    }
  });
}

test("all seven failure points of KVM_CREATE_GUEST_MEMFD are walked, and none leaves anything behind", async (t) => {
  for (const kernel of ["linux-6.12", "linux-6.12-patched", "linux-6.18", "linux-7.2"] as const) {
    const scenario = kernel.startsWith("linux-6.12")
      ? SCENARIO
      : parseScenario("load kvm\nload kvm-amd\nvm v\ngmem g v 64K\ngmem x v 64K 0\n", "one-failure.scn");
    const walk = await walkFaults(kernels[kernel], scenario);
    const errors = new Map<string, Set<string>>();
    for (const planned of walk.planned) {
      if (planned.point.line?.text !== FAILED) continue;
      const { outcome, findings, waiting } = await walk.run(planned);
      t.deepEqual(findings, [], planned.point.fault.site);
      t.deepEqual(waiting, []);
      const site = planned.point.fault.site;
      errors.set(site, (errors.get(site) ?? new Set()).add(outcome!.text.split(" ").at(-1)!));
    }
    const found = [...errors.values()].flatMap((names) => [...names]);
    for (const name of ["EMFILE", "ENOMEM", "ENOENT", "EACCES", "ENFILE"])
      t.true(found.includes(name), `${kernel}: ${name}`);
    t.true(errors.size >= 7, `${kernel}: ${[...errors.keys()].join(", ")}`);
  }
});

test("the same scenario, kernel and choices: the same log, byte for byte", async (t) => {
  const { ftraceText } = await import("../../src/write/ftrace.js");
  const text = (): string => {
    const { recording } = simulate(
      kernels["linux-7.2"],
      parseScenario(
        "load kvm\nload kvm-amd\nvm v\n@ta gmem a v 64K\n@ta close a\n@tb gmem b v 64K\n@tb close b\ngo\nrcu\nclose v\nunload kvm_amd\n",
        "s.scn",
      ),
      { seed: 7 },
    );
    return [...ftraceText(recording.sealed, recording.tables)].join("");
  };
  t.is(text(), text());
});
