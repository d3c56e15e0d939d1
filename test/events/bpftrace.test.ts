import test from "ava";
import { bpftraceProgram } from "../../events/bpftrace.js";
import { hiddenEverywhere, KERNELS, operation, pointer, value } from "../../events/definition.js";
import { catalogue, operations, points } from "../../events/index.js";
import { recordedProbes } from "../../events/probe-file.js";

const lines = (program: string): string[] => program.trimEnd().split("\n");
const eventOf = (line: string): string => /pid, "(\w+)"/.exec(line)?.[1] ?? "";

test("a probe for every entry and return that is probed, and for the markers", (t) => {
  const expected = points.points.flatMap((point) =>
    point && recordedProbes.includes(point.operation) && !hiddenEverywhere(point.operation) ? [point.event] : [],
  );
  t.deepEqual(lines(bpftraceProgram()).map(eventOf), ["", ...expected, "tracing_mark_write"]);
  t.is(lines(bpftraceProgram())[0], 'BEGIN { print(("kreel", 1)); }');
});

test("each line prints as many values as its event has arguments", (t) => {
  for (const line of lines(bpftraceProgram(catalogue)).slice(1, -1)) {
    const values = line
      .slice(line.indexOf("((") + 2, line.lastIndexOf(")); }"))
      .replace(/\([^()]*(?:\([^()]*\)[^()]*)*\)/g, "")
      .split(", ");
    t.is(values.length - 6, points.byEvent(eventOf(line))!.args.length, line);
  }
});

test("every way in which a kprobe fetches a value has its words", (t) => {
  const printed = (name: string): string => lines(bpftraceProgram(catalogue)).find((line) => eventOf(line) === name)!;
  t.is(
    printed("iput"),
    'kprobe:iput { print((nsecs, cpu, comm, tid, pid, "iput", arg0, (int32)((struct inode *)arg0)->i_count.counter, (uint32)((struct inode *)arg0)->i_nlink, (uint64)((struct inode *)arg0)->i_sb)); }',
  );
  t.is(
    printed("kern_mount"),
    'kprobe:kern_mount { print((nsecs, cpu, comm, tid, pid, "kern_mount", arg0, str(*(uint64*)(arg0 + 0)))); }',
  );
  t.is(
    printed("try_module_get_ret"),
    'kretprobe:try_module_get { print((nsecs, cpu, comm, tid, pid, "try_module_get_ret", (uint8)retval)); }',
  );
  t.regex(printed("kvm_gmem_create"), /, arg0, \*\(uint64\*\)\(arg1 \+ 0\), \*\(uint64\*\)\(arg1 \+ 8\)/);
  t.regex(
    printed("module_put"),
    /, \(\(struct module \*\)arg0\)->name, /,
    "an array of characters is a string already",
  );
  t.regex(printed("kmem_cache_destroy"), /str\(\(\(struct kmem_cache \*\)arg0\)->name\)/);
  t.regex(printed("__do_sys_delete_module"), /str\(uptr\(arg0\)\)/);
});

test("a marker, with its length, for bpftrace takes the bytes that it is told to or one less", (t) => {
  t.is(
    lines(bpftraceProgram()).at(-1),
    'kprobe:vfs_write /str(((struct file *)arg0)->f_path.dentry->d_name.name) == "trace_marker"/ { print((nsecs, cpu, comm, tid, pid, "tracing_mark_write", str(uptr(arg1), arg2 + 1), arg2)); }',
  );
});

test("what no recording shows is not printed either: one that did would differ from all others", (t) => {
  t.true(hiddenEverywhere(operations.do_init_module));
  t.false(bpftraceProgram().includes("do_init_module"));
});

test("of a kernel, what it has", (t) => {
  for (const kernel of KERNELS) {
    const program = bpftraceProgram(undefined, kernel);
    for (const o of recordedProbes)
      t.is(
        program.includes(`"${o.name}"`),
        o.kernels.includes(kernel) && !o.unseen?.kernels.includes(kernel),
        `${o.name} on ${kernel}`,
      );
  }
});

test("a fetch expression that there are no words for is an error", (t) => {
  const strange = (fetch: string): string =>
    bpftraceProgram([
      operation({
        name: "x",
        prototype: "void x(struct y *y)",
        source: "x.c",
        summary: "x",
        args: [pointer("y", "other", "%di", "it"), value("z", "u32", fetch, "it")],
      }),
    ]);
  t.throws(() => strange("$stack3:u32"), { message: /x: no bpftrace expression for z=\$stack3:u32/ });
  t.throws(() => strange("w->z:u32"));
});
