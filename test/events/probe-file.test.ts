import { readFileSync } from "node:fs";
import test from "ava";
import { operations } from "../../events/index.js";
import { probeFile, probeLines } from "../../events/probe-file.js";

test("the standard probe file is the one that the recordings were made with, to the letter", (t) => {
  const recorded = readFileSync("fixtures/probes.txt", "utf8").split("\n");
  const generated = probeFile().split("\n");
  t.is(generated.length, recorded.length);
  t.deepEqual(generated.sort(), recorded.sort());
});

test("an operation has an entry line, and a return line where it has a result", (t) => {
  t.deepEqual(probeLines(operations.mntget), ["p:gmem/mntget mntget mnt=%di"]);
  t.deepEqual(probeLines(operations.kvm_gmem_init, "mine"), [
    "p:mine/kvm_gmem_init kvm:kvm_gmem_init module=%di",
    "r:mine/kvm_gmem_init_ret kvm:kvm_gmem_init err=$retval:s32",
  ]);
});

test("a symbol that differs from the event is the one that is probed", (t) => {
  t.deepEqual(probeLines(operations.kvm_gmem_invalidate_start), [
    "p:gmem/kvm_gmem_invalidate_start kvm:__kvm_gmem_invalidate_start gmem=%di start=%si:u64 end=%dx:u64",
  ]);
});

test("tracepoints and markers need no dynamic event", (t) => {
  t.deepEqual(probeLines(operations.module_load), []);
  t.is(probeFile([operations.tracing_mark_write, operations.kvm_exit]), "p:gmem/kvm_exit kvm:kvm_exit\n");
});
