import test from "ava";
import { bpftraceProgram } from "../../events/bpftrace.js";
import { probeFile } from "../../events/probe-file.js";
import { kreel } from "./run.js";

test("record prints the probes, and beside them what to do with them", (t) => {
  const { out, err, code } = kreel(["record", "--print"]);
  t.is(out, probeFile());
  t.regex(err, /kprobe_events/);
  t.is(code, 0);
});

test("record --bpftrace prints a program, of all operations or those of a kernel", (t) => {
  const { out, err, code } = kreel(["record", "--bpftrace"]);
  t.is(out, bpftraceProgram());
  t.regex(err, /bpftrace -f json -o LINES PROGRAM/);
  t.is(code, 0);
  t.is(kreel(["record", "--bpftrace", "linux-6.18"]).out, bpftraceProgram(undefined, "linux-6.18"));
  const wrong = kreel(["record", "--bpftrace", "linux-9"]);
  t.is(wrong.code, 2);
  t.regex(wrong.err, /^kreel: --bpftrace linux-9: none of linux-6\.12/);
});
