/** `diff --scenario`: two simulated kernels, and the differences of their error paths. */
import test from "ava";
import { compareKernels, isSame } from "../../src/compare/kernels.js";
import { kernels } from "../../src/kernels/index.js";
import { readScenario } from "../../src/scenario/parse.js";
import { HEALTHY } from "../support/recordings.js";
import { kreel, spawned } from "./run.js";

const CREATE = "fixtures/scenarios/linux-6.12/s01-create-close.scn";
const ENFILE = "fixtures/scenarios/linux-6.12/s09-enfile.scn";

test("a kernel is the same as itself, error paths and all", async (t) => {
  for (const kernel of HEALTHY) {
    for (const name of [["s01-create-close", "s09-enfile", "s13-fork"][HEALTHY.indexOf(kernel) % 3]!]) {
      const { differences, firstDivergence, errorPaths } = await compareKernels(
        kernels[kernel],
        kernels[kernel],
        await readScenario(`fixtures/scenarios/${name}.scn`),
      );
      t.deepEqual(differences, [], `${kernel} ${name}`);
      t.is(firstDivergence, null);
      t.true(errorPaths.length > 15);
      t.true(errorPaths.every(isSame), `${kernel} ${name}`);
    }
  }
  const { code, out } = await kreel(["diff", "--scenario", CREATE, "anon-inode", "linux-6.12"]);
  t.is(code, 0);
  t.regex(out, /^they do not part\n/);
  t.regex(out, /\nno differences\n/);
  t.regex(out, /\nerror paths: (\d+) faults, one at a time: \1 the same\n$/);
});

test("the patch: where the two part, what differs, what fails in one only", async (t) => {
  const { code, out, err } = await kreel(["diff", "--scenario", CREATE, "anon-inode", "custom-inode"]);
  t.is(code, 1);
  t.is(err, "");
  t.regex(
    out,
    /^they part in load kvm-amd \(line 2\): kern_mount\(.*\) = mount kvm_guest_memory — only linux-6\.12-patched\n\n--- linux-6\.12: /,
  );
  t.regex(out, /\n~ gmem g v 2M: the file's inode is an anonymous one → on kvm_guest_memory/);
  t.regex(
    out,
    /\nerror paths: \d+ faults, one at a time: \d+ the same, \d+ different, \d+ only on linux-6\.12-patched\n/,
  );
  t.regex(
    out,
    /\n2: load kvm-amd\n[^]*kzalloc\(struct fs_context\)[^]*\n {6}only on linux-6\.12-patched: = -1 ENOMEM\n/,
  );
  t.regex(out, /\n6: gmem g v 2M\n[^]*\n {6}\+alloc_anon_secure_inode -anon_inode_create_getfile\n/);
});

test("an error path that forgets something differs in what it calls and in what is wrong", async (t) => {
  const { code, out } = spawned(["diff", "--scenario", CREATE, "custom-inode", "./examples/forgets-module-put.js"]);
  t.is(code, 1);
  t.regex(out, /^they do not part\n/);
  t.regex(
    out,
    /\n6: gmem g v 2M\n[^]*\n {6}-module_put\n {6}! only on forgets module_put: leaked-module-reference: module kvm_amd\n/,
  );
});

test("another error is a difference", async (t) => {
  const patched = kernels["linux-6.12-patched"];
  const other = patched.with("other", {
    *__kvm_gmem_create(...args) {
      const fd = yield* patched.functions.__kvm_gmem_create.apply(this, args);
      return fd === -12 ? -23 : fd;
    },
  });
  const { differences, errorPaths } = await compareKernels(patched, other, await readScenario(CREATE));
  t.deepEqual(differences, []);
  const differing = errorPaths.filter((path) => !isSame(path));
  t.true(differing.length >= 3);
  for (const { line, outcome, errno, before, after } of differing) {
    t.is(line!.marker, "gmem g v 2M");
    t.true(outcome);
    t.is(errno, -12);
    t.regex(before!.outcome!.text, /ENOMEM$/);
    t.regex(after!.outcome!.text, /ENFILE$/);
  }
});

test("the document is diff's, with where they part and the error paths", async (t) => {
  const { code, out } = await kreel(["diff", "--scenario", ENFILE, "anon-inode", "custom-inode", "--json"]);
  t.is(code, 1);
  const document = JSON.parse(out) as { errorPaths: { same: boolean; before: object | null }[] } & Record<
    string,
    unknown
  >;
  t.deepEqual(Object.keys(document), [
    "kreel",
    "version",
    "before",
    "after",
    "differences",
    "summary",
    "incomparable",
    "firstDivergence",
    "errorPaths",
    "skippedFaults",
  ]);
  t.like(document, {
    kreel: "diff",
    version: 1,
    firstDivergence: { where: "load kvm-amd", line: 2, operation: "kern_mount", before: null },
  });
  t.true(document.errorPaths.some(({ same }) => same));
  t.like(
    document.errorPaths.find(({ before }) => before === null),
    {
      line: 2,
      operation: "load kvm-amd",
      error: "ENOMEM",
      same: false,
      after: { outcome: { result: -1, error: "ENOMEM" }, findings: [] },
    },
  );
});

test("trouble is one line", async (t) => {
  const trouble = async (args: readonly string[], said: RegExp): Promise<void> => {
    const { code, out, err } = await kreel(["diff", ...args]);
    t.is(code, 2);
    t.is(out, "");
    t.regex(err, /^kreel: [^\n]+\n$/);
    t.regex(err, said);
  };
  await trouble(["--scenario", CREATE, "anon-inode"], /missing .*after/);
  await trouble(["--scenario", CREATE, "anon-inode", "nope"], /no kernel nope: there is linux-6\.12/);
  await trouble(["--scenario", "none.scn", "anon-inode", "custom-inode"], /none\.scn: no such file/);
  await trouble(["--scenario", CREATE, "--from", "ftrace", "anon-inode", "custom-inode"], /--from is for recordings/);
  await trouble(["--config", "CONFIG_KVM_PRIVATE_MEM=n", "a", "b"], /--config is for simulated kernels/);
});
