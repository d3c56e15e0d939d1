/** `kreel conform`, as its users run it. */
import test from "ava";
import { fileOf, kreel, spawned } from "./run.js";

const SCENARIO = "fixtures/scenarios/linux-6.12/s09-enfile.scn";
const HEALTHY = "fixtures/recordings/linux-6.12-patched/s09-enfile.trace.gz";
const LEAK = "fixtures/recordings/broken/leak-module-on-error/s09-enfile.trace.gz";

test("admitted: status 0, and how much was explained", async (t) => {
  const { code, out, err } = await kreel(["conform", HEALTHY, SCENARIO, "--kernel", "custom-inode"]);
  t.is(code, 0);
  t.is(err, "");
  t.regex(
    out,
    /^admitted: fixtures\/\S+ is a run of linux-6\.12-patched\n(\d+) of \1 events that it must account for, \d+ states of the kernel gone through\n$/,
  );
});

test("not admitted: status 1, the step that is blocked and what is there instead", async (t) => {
  const { code, out } = await kreel(["conform", LEAK, SCENARIO, "--kernel", "linux-6.12-patched"]);
  t.is(code, 1);
  t.regex(out, /^not admitted: /);
  t.regex(
    out,
    /s09-enfile\.trace\.gz:1135: gmemrun-104, in gmem h v 64K, at event 1123\n {4}the kernel's next step {2}module_put\(name="kvm_amd", refcnt=4\)\n {4}what stands against it {2}the recording has put_unused_fd\(fd=7\)\n/,
  );
});

test("undecided: status 2, never 0", async (t) => {
  const { code, out } = await kreel(["conform", HEALTHY, SCENARIO, "--kernel", "custom-inode", "--budget", "50"]);
  t.is(code, 2);
  t.regex(out, /^inconclusive: .*may be a run of/);
  t.regex(out, /--budget allows more states/);
});

test("one document as JSON", async (t) => {
  const { code, out } = await kreel(["conform", LEAK, SCENARIO, "--kernel", "custom-inode", "--json"]);
  t.is(code, 1);
  const document = JSON.parse(out) as { readonly blocked: readonly (readonly object[])[]; readonly trace: object };
  t.like(document, {
    kreel: "conform",
    version: 1,
    verdict: "not admitted",
    kernel: "linux-6.12-patched",
    scenario: SCENARIO,
  });
  t.like(document.trace, { path: LEAK, format: "ftrace" });
  t.like(document.blocked[0]![0], { task: "gmemrun-104", during: "gmem h v 64K", event: 1123, line: 1135 });
});

test("a simulated log is admitted by its kernel, and by one that forgets nothing only where it forgot nothing", async (t) => {
  const log = fileOf("", "log.trace");
  t.is(spawned(["simulate", SCENARIO, "--kernel", "./examples/forgets-module-put.js", "--log", log]).code, 1);
  t.is(spawned(["conform", log, SCENARIO, "--kernel", "./examples/forgets-module-put.js"]).code, 0);
  t.is((await kreel(["conform", log, SCENARIO, "--kernel", "custom-inode"])).code, 1);
});

test("trouble is one line and status 2", async (t) => {
  const trouble = async (args: readonly string[], said: RegExp): Promise<void> => {
    const { code, out, err } = await kreel(["conform", ...args]);
    t.is(code, 2, args.join(" "));
    t.is(out, "");
    t.regex(err, /^kreel: [^\n]+\n$/);
    t.regex(err, said);
  };
  await trouble([HEALTHY, SCENARIO], /--kernel/);
  await trouble([HEALTHY, SCENARIO, "--kernel", "linux-5.10"], /no kernel linux-5\.10/);
  await trouble(["none.trace", SCENARIO, "--kernel", "custom-inode"], /none\.trace/);
  await trouble([HEALTHY, "none.scn", "--kernel", "custom-inode"], /none\.scn: no such file/);
  await trouble([SCENARIO, SCENARIO, "--kernel", "custom-inode"], /not a recording/);
  await trouble([HEALTHY, HEALTHY, "--kernel", "custom-inode"], /s09-enfile\.trace\.gz/);
  await trouble(["-", "-", "--kernel", "custom-inode"], /only one of the two/);
  await trouble([HEALTHY, SCENARIO, "--kernel", "custom-inode", "--budget", "x"], /--budget x/);
});
