import test from "ava";
import { bpftraceProgram } from "../../events/bpftrace.js";
import { probeFile } from "../../events/probe-file.js";
import { recordScript } from "../../src/record/script.js";
import { kreel } from "./run.js";

test("record prints the probes, and beside them what to do with them", async (t) => {
  const { out, err, code } = await kreel(["record", "--print"]);
  t.is(out, probeFile());
  t.regex(err, /kprobe_events/);
  t.is(code, 0);
});

test("record --bpftrace prints a program, of all operations or those of a kernel", async (t) => {
  const { out, err, code } = await kreel(["record", "--bpftrace"]);
  t.is(out, bpftraceProgram());
  t.regex(err, /bpftrace -f json -o LINES PROGRAM/);
  t.is(code, 0);
  t.is((await kreel(["record", "--bpftrace", "linux-6.18"])).out, bpftraceProgram(undefined, "linux-6.18"));
  const wrong = await kreel(["record", "--bpftrace", "linux-9"]);
  t.is(wrong.code, 2);
  t.regex(wrong.err, /^kreel: --bpftrace linux-9: none of linux-6\.12/);
});

test("record --script prints the script of ftrace, or of bpftrace", async (t) => {
  t.is((await kreel(["record", "--script"])).out, recordScript());
  const { out, err, code } = await kreel(["record", "--script", "--bpftrace"]);
  t.is(out, recordScript("bpftrace"));
  t.regex(err, /sh SCRIPT/);
  t.is(code, 0);
  for (const [flags, reason] of [
    ["--script --bpftrace linux-7.2", "one thing at a time"],
    ["--script --perf", "one thing at a time"],
    ["--script --bpftrace --print", "one thing at a time"],
  ] as const) {
    const wrong = await kreel(["record", ...flags.split(" ")]);
    t.is(wrong.code, 2, flags);
    t.true(wrong.err.includes(reason), flags);
  }
});
