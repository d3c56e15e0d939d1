/**
 * A recording that plainly is of another release or another machine decides nothing about a simulated kernel, unless
 * that admits it.
 */
import test from "ava";
import { conform } from "../../src/conform/index.js";
import { evidenceOf } from "../../src/conform/evidence.js";
import { signsOfAnother } from "../../src/conform/other-kernel.js";
import type { Conformance } from "../../src/conform/verdict.js";
import { kernels } from "../../src/kernels/index.js";
import { openRecording } from "../../src/read/recording.js";
import { readScenario } from "../../src/scenario/parse.js";
import { HEALTHY, nameOf, recordingsOf, scenarioOf, textOf } from "../support/recordings.js";

const ARM64 = "fixtures/recordings/arm64/s03-vm-closed-first.trace.gz";

/** A recording's text, edited. */
async function conformed(text: string, scenario: string, kernel: keyof typeof kernels): Promise<Conformance> {
  const input = (async function* () {
    yield Buffer.from(text, "latin1");
  })();
  return conform(await openRecording("-", { input }), await readScenario(scenario), kernels[kernel]);
}

const headless = (path: string): string => textOf(path).replaceAll(/^# kreel .*\n/gm, "");

for (const path of recordingsOf("recorded")) {
  const own = path.split("/").at(-2)!;
  test(`the head says the release: ${nameOf(path)}`, async (t) => {
    const scenario = await readScenario(`fixtures/scenarios/${scenarioOf(path)}.scn`);
    for (const name of HEALTHY) {
      const { verdict, reasons } = await conform(path, scenario, kernels[name]);
      if (name === own) t.is(verdict, "admitted");
      else if (verdict !== "admitted") {
        t.is(verdict, "inconclusive", name);
        t.regex(
          reasons[0]!,
          new RegExp(`^its head says release ${own.slice(6)}.* and ${name} stands for ${/\d+\.\d+/.exec(name)![0]}$`),
        );
      }
    }
  });
}

test("without a head, one of the four is no other of the four", async (t) => {
  const path = "fixtures/recordings/recorded/linux-7.2/s09-enfile.trace.gz";
  t.is((await conformed(headless(path), "fixtures/scenarios/s09-enfile.scn", "linux-6.18")).verdict, "not admitted");
});

test("a function that only a newer release has", async (t) => {
  const path = "fixtures/recordings/recorded/linux-7.3/s04-bind-unbind.trace.gz";
  const { verdict, reasons } = await conformed(headless(path), "fixtures/scenarios/s04-bind-unbind.scn", "linux-7.2");
  t.is(verdict, "inconclusive");
  t.deepEqual(reasons, [
    "it has kvm_gmem_commit_memory_region, kvm_gmem_prepare_memory_region, which no simulated kernel up to 7.2 has",
  ]);
});

test("another architecture: by the head, or by where its functions are and how they are spelled", async (t) => {
  const scenario = ARM64.replace(".trace.gz", ".scn");
  const whole = await conform(ARM64, await readScenario(scenario), kernels["linux-7.2"]);
  t.is(whole.verdict, "inconclusive");
  t.true(whole.reasons.includes("its head says machine aarch64, and linux-7.2 is simulated on x86_64"));
  const { verdict, reasons } = await conformed(headless(ARM64), scenario, "linux-7.2");
  t.is(verdict, "inconclusive");
  t.deepEqual(reasons, [
    "its functions lie at 0xffff800082311ff0, where x86-64 has none",
    "KVM is built into its kernel, and is a module of linux-7.2",
  ]);
  const called = await conformed(
    textOf("fixtures/recordings/linux-7.2/s09-enfile.trace.gz").replaceAll("do_sys_openat2+", "__arm64_sys_openat+"),
    "fixtures/scenarios/s09-enfile.scn",
    "linux-6.18",
  );
  t.deepEqual(called.reasons, ["it has __arm64_sys_openat, which is not x86-64's"]);
});

test("recordings of the four kernels, with mistakes or without, have no sign of another", async (t) => {
  // One of each folder: how a kernel is written does not depend on what it does.
  const folders = new Map(
    [...recordingsOf(...HEALTHY, "again", "random", "broken", "race"), ...recordingsOf("mistakes")]
      .filter((path) => !path.includes("linux-7.3"))
      .map((path) => [path.slice(0, path.lastIndexOf("/")), path]),
  );
  for (const path of [
    ...folders.values(),
    "fixtures/recordings/perf-script/linux-7.2-s04-bind-unbind.script-ns.gz",
    "fixtures/recordings/trace-dat/linux-7.2-s09-enfile.v7.dat.gz",
  ]) {
    const { evidence } = await evidenceOf(await openRecording(path));
    t.deepEqual(signsOfAnother(kernels["linux-6.12"], evidence), [], path);
  }
});

test("what the head says was refused is not missing", async (t) => {
  const [path, scenario] = [
    "fixtures/recordings/linux-7.2/s04-bind-unbind.trace.gz",
    "fixtures/scenarios/s04-bind-unbind.scn",
  ];
  const without = textOf(path).replaceAll(/^.*: kvm_gmem_unbind: .*\n/gm, "");
  t.is((await conformed(without, scenario, "linux-7.2")).verdict, "not admitted");
  t.is(
    (await conformed(`# tracer: nop\n# kreel refused: kvm_gmem_unbind\n${without}`, scenario, "linux-7.2")).verdict,
    "admitted",
  );
});

test("a recording in which the kernel has nothing to account for admits nothing", async (t) => {
  const { verdict, reasons, events } = await conformed(
    "# tracer: nop\n             a-1       [000] .....     1.000001: fput: (fput+0x4/0x60) file=0xffff888000010000\n",
    "fixtures/scenarios/s09-enfile.scn",
    "linux-7.2",
  );
  t.is(events.total, 0);
  t.is(verdict, "inconclusive");
  t.deepEqual(reasons, ["it has no event that the kernel must account for"]);
});
