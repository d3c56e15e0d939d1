/** `kreel conform`, as its users run it. */
import test from "ava";
import { fileOf, kreel } from "./run.js";

const SCENARIO = "fixtures/scenarios/linux-6.12/s09-enfile.scn";
const HEALTHY = "fixtures/recordings/linux-6.12-patched/s09-enfile.trace.gz";
const LEAK = "fixtures/recordings/broken/leak-module-on-error/s09-enfile.trace.gz";

test("admitted: status 0, and how much was explained", (t) => {
  const { code, out, err } = kreel(["conform", HEALTHY, SCENARIO, "--kernel", "custom-inode"]);
  t.is(code, 0);
  t.is(err, "");
  t.regex(
    out,
    /^admitted: fixtures\/\S+ is a run of linux-6\.12-patched\n(\d+) of \1 events that it must account for, \d+ states of the kernel gone through\n$/,
  );
});

test("not admitted: status 1, the step that is blocked and what is there instead", (t) => {
  const { code, out } = kreel(["conform", LEAK, SCENARIO, "--kernel", "linux-6.12-patched"]);
  t.is(code, 1);
  t.regex(out, /^not admitted: /);
  t.regex(
    out,
    /s09-enfile\.trace\.gz:1135: gmemrun-104, in gmem h v 64K, at event 1123\n {4}the kernel's next step {2}module_put\(name="kvm_amd", refcnt=4\)\n {4}what stands against it {2}the recording has put_unused_fd\(fd=7\)\n/,
  );
});

test("undecided: status 2, never 0", (t) => {
  const { code, out } = kreel(["conform", HEALTHY, SCENARIO, "--kernel", "custom-inode", "--budget", "50"]);
  t.is(code, 2);
  t.regex(out, /^inconclusive: .*may be a run of/);
  t.regex(out, /--budget allows more states/);
});

test("one document as JSON", (t) => {
  const { code, out } = kreel(["conform", LEAK, SCENARIO, "--kernel", "custom-inode", "--json"]);
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

test("a simulated log is admitted by its kernel, and by one that forgets nothing only where it forgot nothing", (t) => {
  const log = fileOf("", "log.trace");
  t.is(kreel(["simulate", SCENARIO, "--kernel", "./examples/forgets-module-put.js", "--log", log]).code, 1);
  t.is(kreel(["conform", log, SCENARIO, "--kernel", "./examples/forgets-module-put.js"]).code, 0);
  t.is(kreel(["conform", log, SCENARIO, "--kernel", "custom-inode"]).code, 1);
});

test("trouble is one line and status 2", (t) => {
  const trouble = (args: readonly string[], said: RegExp): void => {
    const { code, out, err } = kreel(["conform", ...args]);
    t.is(code, 2, args.join(" "));
    t.is(out, "");
    t.regex(err, /^kreel: [^\n]+\n$/);
    t.regex(err, said);
  };
  trouble([HEALTHY, SCENARIO], /--kernel/);
  trouble([HEALTHY, SCENARIO, "--kernel", "linux-5.10"], /no kernel linux-5\.10/);
  trouble(["none.trace", SCENARIO, "--kernel", "custom-inode"], /none\.trace/);
  trouble([HEALTHY, "none.scn", "--kernel", "custom-inode"], /none\.scn: no such file/);
  trouble([SCENARIO, SCENARIO, "--kernel", "custom-inode"], /not a recording/);
  trouble([HEALTHY, HEALTHY, "--kernel", "custom-inode"], /s09-enfile\.trace\.gz/);
  trouble(["-", "-", "--kernel", "custom-inode"], /only one of the two/);
  trouble([HEALTHY, SCENARIO, "--kernel", "custom-inode", "--budget", "x"], /--budget x/);
});
