/** Tests the identification of arguments, event by event: cases without a doubt, and cases with one. */
import test, { type ExecutionContext } from "ava";
import { points } from "../../../events/index.js";
import { createTables } from "../../../src/log/tables.js";
import { FtraceReader } from "../../../src/read/ftrace/index.js";
import { ReadReport } from "../../../src/read/report.js";
import { ftrace, readAs, type TextReading } from "../text.js";
import { line } from "../helpers.js";
import { text } from "./edited.js";

const MODULE = "0xffffffffa0163640";
const INODE = "0xffff888100b08000";
const FILE = "0xffff888100c08000";

/** Returns events of `name`, with these arguments each. */
function events(name: string, ...args: readonly string[]): TextReading {
  return readAs(ftrace, text(args.map((of) => line(`${name}: (${name}+0x4/0x20)${of === "" ? "" : ` ${of}`}`))));
}

/** Returns the last event's arguments that are present. */
function says(name: string, ...args: readonly string[]): Record<string, string> {
  const said = events(name, ...args).events.at(-1)!.args;
  return Object.fromEntries(
    Object.entries(said).flatMap(([arg, value]) =>
      value === null
        ? []
        : [[arg, typeof value === "bigint" ? `0x${BigInt.asUintN(64, value).toString(16)}` : String(value)]],
    ),
  );
}

function table(
  t: ExecutionContext,
  rows: readonly (readonly [name: string, args: string, expected: Readonly<Record<string, string>>])[],
): void {
  for (const [name, args, expected] of rows) t.deepEqual(says(name, args), expected, `${name}: ${args}`);
}

test("a result is the only thing that a return prints, or is called ret", (t) => {
  table(t, [
    ["alloc_anon_inode_ret", `arg1=${INODE}`, { inode: INODE }],
    ["alloc_anon_inode_ret", `new=${INODE}`, { inode: INODE }],
    ["alloc_anon_inode_ret", "arg1=0xfffffffffffffff4", { inode: "0xfffffffffffffff4" }],
    ["d_alloc_pseudo_ret", "ret=0x0", { dentry: "0x0" }],
    ["kvm_gmem_create_ret", "arg1=0x5", { fd: "5" }],
    ["kvm_gmem_create_ret", "arg1=0xfffffff4", { fd: "-12" }],
    ["kvm_gmem_create_ret", "arg1=0xfffffffffffffff4", { fd: "-12" }],
    ["kvm_gmem_fallocate_ret", "rc=-95", { err: "0xffffffffffffffa1" }],
    ["try_module_get_ret", "arg1=0x1", { ok: "1" }],
    ["try_module_get_ret", "arg1=0xff00", { ok: "0" }],
    ["alloc_anon_inode_ret", `ret=${INODE} s=${FILE}`, { inode: INODE }],
    // A number is no pointer, a pointer no number, and an argument no result.
    ["alloc_anon_inode_ret", "arg1=0x5", {}],
    ["kvm_gmem_create_ret", `arg1=${INODE}`, {}],
    ["kvm_gmem_create_ret", "arg1=-70000", {}],
    ["try_module_get_ret", "arg1=0x7", {}],
    ["alloc_anon_inode_ret", `s=${INODE}`, {}],
    ["alloc_anon_inode_ret", `sb=${INODE}`, {}],
    ["alloc_anon_inode_ret", `arg1=${INODE} arg2=${FILE}`, {}],
  ]);
});

test("the only pointer is the one that is missing, where no other can be meant", (t) => {
  table(t, [
    ["module_put", `mod=${MODULE}`, { module: MODULE }],
    ["module_put", `mod=${MODULE} name="kvm" refcnt=3`, { module: MODULE, name: "kvm", refcnt: "3" }],
    ["module_put", "mod=0x0 name=(fault) refcnt=-1", { module: "0x0", refcnt: "-1" }],
    ["kvm_gmem_release", `i=${INODE} file=${FILE}`, { inode: INODE, file: FILE }],
    ["kvm_gmem_create", `vm=${FILE} size=4096 flags=0x0`, { kvm: FILE, size: "0x1000", flags: "0x0" }],
    // In another position, or one of two, or the name of another function's argument, or of a member, or no address.
    ["kvm_gmem_release", `file=${FILE} i=${INODE}`, { file: FILE }],
    ["kvm_gmem_release", `i=${INODE}`, {}],
    ["kvm_gmem_release", `i=${INODE} f=${FILE}`, {}],
    ["iput", `x=${INODE}`, {}],
    ["iput", `inode=${INODE} i_count=1 i_nlink=0 mapping=${FILE}`, { inode: INODE, i_count: "1", i_nlink: "0" }],
    ["dput", `inode=${INODE}`, {}],
    ["dput", `d_parent=${INODE}`, {}],
    ["dput", "d=0x7ffd1234", {}],
    ["dput", "flags=0x0", {}],
    ["kvm_gmem_create", `vm=${FILE}`, {}],
    ["filp_close", `f=${FILE}`, {}],
    ["kvm_arch_init_vm", "type=0 x=0x0", { type: "0x0" }],
  ]);
});

test("the kernel's own names are known", (t) => {
  table(t, [
    ["filp_close", `filp=${FILE} id=${INODE}`, { file: FILE }],
    ["kvm_vm_release", `inode=${INODE} filp=${FILE}`, { inode: INODE, file: FILE }],
    ["alloc_anon_inode", `s=${INODE}`, { sb: INODE }],
    ["iput", `inode=${INODE} i_sb=${FILE}`, { inode: INODE, sb: FILE }],
    ["d_instantiate", `entry=${INODE} inode=${FILE}`, { dentry: INODE, inode: FILE }],
    ["kvm_gmem_create", `kvm=${FILE} args=${INODE}`, { kvm: FILE }],
    ["filp_close", "filp=5", {}],
  ]);
});

test("numbers without a name are in the catalogue's order, or can stand at one place only", (t) => {
  table(t, [
    ["module_put", `arg1=${MODULE} arg2="kvm" arg3=3`, { module: MODULE, name: "kvm", refcnt: "3" }],
    ["module_put", "arg1=0x0 arg2=(fault) arg3=-1", { module: "0x0", refcnt: "-1" }],
    ["fd_install", `arg1=0x5 arg2=${FILE}`, { fd: "5", file: FILE }],
    ["iput", `inode=${INODE} arg2=1 arg3=0 arg4=${FILE}`, { inode: INODE, i_count: "1", i_nlink: "0", sb: FILE }],
    ["kvm_gmem_bind", `arg1=${FILE} arg2=${INODE}`, { kvm: FILE, slot: INODE }],
    ["fd_install", `arg1=${FILE}`, { file: FILE }],
    ["iput", `arg1=${INODE} arg2=1`, { inode: INODE }],
    ["try_module_get", `arg1=${MODULE} arg2="kvm" arg3=3`, { module: MODULE, name: "kvm" }],
    // Another register beside the inode is not its count.
    ["ihold", `arg1=${INODE} arg2=0x1`, { inode: INODE }],
    ["iput", `arg1=${INODE}`, {}],
    ["d_instantiate", `arg1=${INODE}`, {}],
    ["kvm_gmem_bind", `arg1=${FILE} arg2=5 arg3=0`, {}],
    ["kvm_arch_init_vm", "arg1=0x0", {}],
    ["module_put", `arg2=${MODULE} arg1="kvm"`, { module: MODULE, name: "kvm" }],
  ]);
});

test("other numbers are never taken, but of a function that is given nothing else", (t) => {
  table(t, [
    ["file_close_fd", "x=5", { fd: "5" }],
    ["fd_install", `x=5 file=${FILE}`, { file: FILE }],
    ["ihold", `inode=${INODE} count=1`, { inode: INODE }],
    ["iput", `inode=${INODE} i_count=1 generation=7 sb=${FILE}`, { inode: INODE, i_count: "1", sb: FILE }],
  ]);
});

test("a string between foreign names ends where nothing else could", (t) => {
  table(t, [
    ["module_put", `mod=${MODULE} nm="kvm" refs=3`, { module: MODULE, name: "kvm" }],
    ["module_put", `module=${MODULE} name="a" refcnt=7" refs=3`, { module: MODULE, name: 'a" refcnt=7' }],
    ["module_put", `module=${MODULE} nm="a" b=7" refcnt=3`, { module: MODULE, refcnt: "3" }],
    ["module_put", `module=${MODULE} a="x" b="y" refcnt=3`, { module: MODULE, refcnt: "3" }],
  ]);
});

test("what an event teaches holds for those that follow, also where they alone would not", (t) => {
  t.deepEqual(says("module_put", `mod=${MODULE} flag=0x1`, "mod=0x0 flag=0x0"), { module: "0x0" });
  t.deepEqual(says("kvm_gmem_release", `i=${INODE} file=${FILE}`, `i=${INODE}`), { inode: INODE });
  t.deepEqual(says("module_put", "mod=0x0 flag=0x0", `mod=${MODULE} flag=0x0`), {}, "either may be the pointer still");
  t.deepEqual(says("module_put", "mod=0x0 flag=0x0", "mod=0x0 flag=0x1"), { module: "0x0" });
  t.deepEqual(
    says("iput", `arg1=${INODE} arg2=1 arg3=0 arg4=${FILE}`, `arg1=${FILE}`),
    {},
    "numbers are those of events that have as many",
  );
});

test("a value that contradicts ends what was taken, from there on and with what was learned with it", (t) => {
  const { events: read, report } = events("module_put", `mod=${MODULE}`, "mod=0x0", "mod=5", `mod=${MODULE}`);
  t.deepEqual(
    read.map(({ args }) => args["module"]),
    [BigInt(MODULE), 0n, null, null],
  );
  t.deepEqual(report.arguments.saved(), {
    lacking: { module_put: { module: 2, name: 4, refcnt: 4 } },
    taken: { module_put: { module: ["mod"] } },
    refused: [{ event: "module_put", argument: "module", name: "mod", line: 3 }],
  });
  const together = events(
    "module_put",
    `arg1=${MODULE} arg2="kvm" arg3=3`,
    `arg1=${MODULE} arg2="kvm" arg3=${INODE}`,
    `arg1=${MODULE} arg2="kvm" arg3=3`,
  );
  t.deepEqual(
    together.events.map(({ args }) => Object.values(args)),
    [
      [BigInt(MODULE), "kvm", 3],
      [null, null, null],
      [null, null, null],
    ],
  );
  const unreadable = events("module_put", `mod=${MODULE}`, "mod=0xffz", `mod=${MODULE}`);
  t.deepEqual(
    unreadable.events.map(({ args }) => args["module"]),
    [BigInt(MODULE), null, BigInt(MODULE)],
    "what cannot be read contradicts nothing",
  );
});

test("a file that begins anew may have other probes", (t) => {
  const report = new ReadReport();
  const reader = new FtraceReader(points, createTables(), report);
  const put = (value: string): Buffer => text([line(`module_put: (a) mod=${value} name="kvm" refcnt=1`)]);
  reader.push(Buffer.concat([put(MODULE), put(MODULE)]));
  const batches = [...reader.restart(), ...reader.push(Buffer.concat([put("5"), put("0x0")])), ...reader.end()];
  t.deepEqual(
    batches.flatMap((batch) => [...batch.fault]),
    [0, 0, 1, 1],
  );
  t.deepEqual(report.arguments.saved().refused, []);
});

test("a line that is not understood teaches nothing", (t) => {
  t.deepEqual(says("module_put", `mod=${MODULE} and more`), {});
  t.deepEqual(says("module_put", Array.from({ length: 200 }, (_, k) => `x${k}=${MODULE}`).join(" ")), {});
});

test("what a mailer puts into the next line is joined where it is the rest of the event", (t) => {
  const broken = (
    ...lines: readonly string[]
  ): {
    readonly args: readonly unknown[];
    readonly place: string;
    readonly skipped: number;
    readonly lacking: object;
  } => {
    const { events: read, report } = readAs(
      ftrace,
      text([line(lines[0]!), ...lines.slice(1), line("dput: (dput+0x4/0x20) dentry=0x0")]),
    );
    return {
      args: Object.values(read[0]!.args),
      place: read[0]!.place,
      skipped: report.skipped,
      lacking: report.arguments.saved().lacking,
    };
  };
  const whole = { args: [BigInt(MODULE), "kvm", 3], place: "module_put+0x4/0x20 [kvm]", skipped: 0, lacking: {} };
  t.deepEqual(broken(`module_put: (module_put+0x4/0x20 [kvm]) module=${MODULE} name="kvm"`, "refcnt=3"), whole);
  t.deepEqual(broken(`module_put: (module_put+0x4/0x20 [kvm]) module=${MODULE} `, '  name="kvm" refcnt=3'), whole);
  t.deepEqual(broken(`module_put: (module_put+0x4/0x20 [kvm])`, `module=${MODULE}`, 'name="kvm"', "refcnt=3"), whole);
  t.deepEqual(broken(`module_put: (module_put+0x4/0x20`, `[kvm]) module=${MODULE} name="kvm" refcnt=3`), whole);
  t.deepEqual(broken("module_put:", `(module_put+0x4/0x20 [kvm]) module=${MODULE} name="kvm" refcnt=3`), whole);
  t.deepEqual(broken(`module_put: (module_put+0x4/0x20 [kvm]) arg1=${MODULE}`, 'arg2="kvm" arg3=3'), whole);
  t.deepEqual(broken("kvm_init:", "(kvm_init+0x0/0x1)"), {
    args: [],
    place: "kvm_init+0x0/0x1",
    skipped: 0,
    lacking: {},
  });
  // Arguments that the event has or cannot have, other text, and lines that do not follow at once.
  const left = {
    args: [BigInt(MODULE), "kvm", null],
    place: "module_put+0x4/0x20 [kvm]",
    skipped: 1,
    lacking: { module_put: { refcnt: 1 } },
  };
  for (const rest of [
    "module=0x0",
    "count=3",
    "refcnt=3 and more",
    "refcnt 3",
    "(module_put+0x4/0x20) refcnt=3",
    "Re: refcnt=3",
  ])
    t.deepEqual(broken(`module_put: (module_put+0x4/0x20 [kvm]) module=${MODULE} name="kvm"`, rest), left, rest);
  t.deepEqual(broken(`module_put: (module_put+0x4/0x20 [kvm]) module=${MODULE} name="kvm"`, "", "refcnt=3"), left);
  const cut = readAs(ftrace, `${line(`module_put: (module_put+0x4/0x20) module=${MODULE} name="kvm"`)}\nrefcnt=3`);
  t.is(cut.events[0]!.args["refcnt"], null, "the file may have been cut within the number");
});
