/**
 * Kernels with one deliberate mistake each: replay reports the rule that each breaks and the object, and its evidence
 * names the get or the put concerned. Kernels without a mistake, newer than those that the rules were written against,
 * have no finding.
 */
import test from "ava";
import type { RuleName } from "../../src/check/finding.js";
import { replay } from "../../src/replay/replay.js";
import { arg, nameOf, recordingsOf, type TextEvent, textEvents } from "../support/recordings.js";

/**
 * The place of an event: the operation of user space that it is inside of (`#2`: the second of that name; none: any),
 * and its number among the events of its name there.
 */
type Place = readonly [operation: string, event: string, nth?: number];

interface Expected {
  readonly rule: RuleName;
  /** The beginning of the finding's object. */
  readonly of: string;
  /** Events that its evidence must name. */
  readonly names: readonly Place[];
}

const expect = (rule: RuleName, of: string, ...names: readonly Place[]): Expected => ({ rule, of, names });
const LAST = -1;

/** The findings about an error path that keeps or loses something: one on the object, one on the call. */
const unbalanced = (gmem: string, names: readonly Place[] = []): Expected =>
  expect("unbalanced-error-path", "kvm_gmem_create", [gmem, "kvm_gmem_create"], ...names, [
    gmem,
    "kvm_gmem_create_ret",
  ]);
const keptDescriptor = (gmem: string): Expected[] => [
  expect("leaked-descriptor", "descriptor", [gmem, "get_unused_fd_flags_ret"], [gmem, "kvm_gmem_create_ret"]),
  unbalanced(gmem, [[gmem, "get_unused_fd_flags_ret"]]),
];
const keptModule = (gmem: string): Expected =>
  expect("leaked-module-reference", "module kvm_amd", [gmem, "try_module_get_ret"], [gmem, "kvm_gmem_create_ret"]);
/** `taken`: the reference that is left on the inode, by its allocation or by the dentry's. */
const keptInode = (gmem: string, taken: string): Expected =>
  expect("leaked-inode", "inode", [gmem, taken], [gmem, "kvm_gmem_create_ret"]);
const keptVm = (gmem: string): Expected[] => [
  expect("leaked-vm", "vm", [gmem, "kvm_get_kvm"], [gmem, "kvm_gmem_create_ret"]),
  unbalanced(gmem, [[gmem, "kvm_get_kvm"]]),
];
const putTwice = (gmem: string): Expected[] => [
  expect("refcount-underflow", "module kvm_amd", [gmem, "module_put", LAST]),
  unbalanced(gmem, [[gmem, "module_put", LAST]]),
];
const exitInUse = (unload: string): Expected =>
  expect("module-exit-in-use", "module kvm_amd", [unload, "kvm_gmem_exit"], [unload, "free_module"]);
const unpinned = (gmem: string): Expected =>
  expect("missing-module-reference", "module kvm_amd", [gmem, "kvm_gmem_create_ret"]);

/** The findings in each recording, in the order of their events; any other finding is wrong. */
const MISTAKES: { readonly [recording: string]: readonly Expected[] } = {
  "bind-error-no-fput/s07-bad-args": [
    expect(
      "leaked-file",
      "file",
      ["bind w 1", "kvm_gmem_bind"],
      ["bind v 1 0x100000 128K g", "kvm_gmem_bind"],
      ["bind v 2", "kvm_gmem_bind"],
    ),
  ],
  "bind-no-fput/s04-bind-unbind": [
    expect("leaked-file", "file", ["bind v 1", "kvm_gmem_bind"], ["bind v 2", "kvm_gmem_bind"]),
  ],
  "bind-no-fput/s05-close-while-bound": [expect("leaked-file", "file", ["bind v 1", "kvm_gmem_bind"])],
  "double-iput-on-error/s09-enfile": [
    expect("use-after-free", "inode", ["gmem h", "destroy_inode"], ["gmem h", "iput", LAST]),
    expect("refcount-underflow", "inode", ["gmem h", "iput", LAST]),
  ],
  "double-iput-on-error/s18-fail-nth": [
    expect("use-after-free", "inode", ["gmem x3", "destroy_inode"], ["gmem x3", "iput", LAST]),
    expect("refcount-underflow", "inode", ["gmem x3", "iput", LAST]),
  ],
  "double-module-put-on-error/s09-enfile": ["gmem h", "gmem i"].flatMap(putTwice),
  "double-module-put-on-error/s18-fail-nth": ["gmem x2", "gmem x3", "gmem x4"].flatMap(putTwice),
  "double-unmount/s01-create-close": [
    expect("double-free", "mount", ["unload kvm_amd", "kern_unmount"], ["unload kvm_amd", "kern_unmount", 1]),
  ],
  "double-unmount/s19-init-fails": [
    expect("double-free", "mount", ["load kvm-amd", "kern_unmount"], ["load kvm-amd", "kern_unmount", 1]),
    expect("double-free", "mount", ["unload kvm_amd", "kern_unmount"], ["unload kvm_amd", "kern_unmount", 1]),
  ],
  "error-path-forgets-everything/s09-enfile": ["gmem h", "gmem i"].flatMap((gmem) => [
    keptInode(gmem, "ihold"),
    keptModule(gmem),
    unbalanced(gmem, [[gmem, "try_module_get_ret"]]),
  ]),
  "error-path-forgets-everything/s18-fail-nth": [
    keptModule("gmem x2"),
    unbalanced("gmem x2", [["gmem x2", "try_module_get_ret"]]),
    keptModule("gmem x3"),
    unbalanced("gmem x3", [["gmem x3", "try_module_get_ret"]]),
    keptInode("gmem x3", "alloc_anon_inode_ret"),
    unbalanced("gmem x3"),
    keptInode("gmem x4", "ihold"),
    keptModule("gmem x4"),
    unbalanced("gmem x4", [["gmem x4", "try_module_get_ret"]]),
  ],
  "extra-ihold/s01-create-close": [
    expect("leaked-inode", "inode", ["gmem g", "ihold", LAST], ["gmem g", "kvm_gmem_create_ret"]),
  ],
  "extra-ihold/s12-rmmod-busy": [
    expect("leaked-inode", "inode", ["gmem g", "ihold", LAST]),
    expect("leaked-inode", "inode", ["gmem g#2", "ihold", LAST]),
  ],
  "extra-ihold/s13-fork": [expect("leaked-inode", "inode", ["gmem g", "ihold", LAST])],
  "extra-mntget/s01-create-close": [
    expect("leaked-mount", "mount", ["gmem g", "mntget", LAST], ["gmem g", "kvm_gmem_create_ret"]),
    exitInUse("unload kvm_amd"),
  ],
  "extra-mntget/s12-rmmod-busy": [
    expect("leaked-mount", "mount", ["gmem g", "mntget", LAST]),
    exitInUse("unload kvm_amd#3"),
    expect("leaked-mount", "mount", ["gmem g#2", "mntget", LAST]),
    exitInUse("unload kvm_amd#4"),
  ],
  "extra-s-active/s01-create-close": [exitInUse("unload kvm_amd")],
  "fops-owner-null/s01-create-close": [unpinned("gmem g")],
  "fops-owner-null/s12-rmmod-busy": [unpinned("gmem g"), exitInUse("unload kvm_amd#2")],
  "fput-after-install/s01-create-close": [
    expect("refcount-underflow", "file", ["gmem g", "fd_install"], ["gmem g", "fput", LAST], ["gmem g", "__fput"]),
  ],
  "fput-after-install/s13-fork": [
    expect("refcount-underflow", "file", ["gmem g", "fd_install"], ["gmem g", "fput", LAST]),
    expect("double-free", "file", ["gmem g", "__fput"], ["close g", "__fput"]),
    expect("use-after-free", "file", ["close g", "kvm_gmem_release"]),
  ],
  "init-error-leaks-mount/s19-init-fails": [
    expect("leaked-mount", "mount", ["load kvm-amd", "kern_mount_ret"], ["load kvm-amd", "kvm_init_ret"]),
  ],
  "iput-on-success/s01-create-close": [
    expect("refcount-underflow", "inode", ["gmem g", "iput", LAST]),
    expect("use-after-free", "inode", ["gmem g", "destroy_inode"], ["close g", "iput"]),
    expect("refcount-underflow", "inode", ["close g", "iput"]),
  ],
  "iput-on-success/s03-vm-closed-first": [
    expect("refcount-underflow", "inode", ["gmem g", "iput", LAST]),
    expect("use-after-free", "inode", ["close g", "kvm_gmem_release"]),
    expect("use-after-free", "inode", ["close g", "iput", LAST]),
  ],
  "iput-on-success/s13-fork": [
    expect("refcount-underflow", "inode", ["gmem g", "iput", LAST]),
    expect("use-after-free", "inode", ["", "kvm_gmem_release"]),
  ],
  "kvm-get-not-undone-on-error/s09-enfile": ["gmem h", "gmem i"].flatMap(keptVm),
  "kvm-get-not-undone-on-error/s18-fail-nth": ["gmem x2", "gmem x3", "gmem x4"].flatMap(keptVm),
  "kvm-put-on-error/s09-enfile": [
    expect("refcount-underflow", "vm", ["gmem h", "kvm_put_kvm"]),
    unbalanced("gmem h", [["gmem h", "kvm_put_kvm"]]),
    expect("refcount-underflow", "vm", ["gmem i", "kvm_put_kvm"]),
    expect("refcount-underflow", "vm", ["gmem i", "kvm_destroy_vm"], ["gmem g", "kvm_get_kvm"]),
  ],
  "kvm-put-on-error/s18-fail-nth": [
    expect("refcount-underflow", "vm", ["gmem x2", "kvm_put_kvm"]),
    unbalanced("gmem x2", [["gmem x2", "kvm_put_kvm"]]),
    expect("refcount-underflow", "vm", ["gmem x3", "kvm_put_kvm"]),
    expect("refcount-underflow", "vm", ["gmem x3", "kvm_destroy_vm"], ["gmem g", "kvm_get_kvm"]),
    expect("use-after-free", "vm", ["gmem x4", "kvm_gmem_create"]),
    expect("refcount-underflow", "vm", ["gmem x4", "kvm_put_kvm"]),
    unbalanced("gmem x4", [["gmem x4", "kvm_put_kvm"]]),
  ],
  "mntput-in-release/s01-create-close": [
    expect("refcount-underflow", "mount", ["close g", "mntput", LAST]),
    exitInUse("unload kvm_amd"),
  ],
  "mntput-in-release/s12-rmmod-busy": [
    expect("refcount-underflow", "mount", ["close g", "mntput", LAST]),
    exitInUse("unload kvm_amd#3"),
    expect("refcount-underflow", "mount", ["close g#2", "mntput", LAST]),
    exitInUse("unload kvm_amd#4"),
  ],
  "module-put-in-release/s01-create-close": [
    expect("refcount-underflow", "module kvm_amd", ["close g", "module_put", LAST]),
  ],
  "module-put-in-release/s03-vm-closed-first": [
    expect("refcount-underflow", "module kvm_amd", ["close g", "module_put", LAST]),
  ],
  "mount-per-create/s01-create-close": [
    expect("leaked-mount", "mount", ["load kvm-amd", "kern_mount_ret"], ["unload kvm_amd", "free_module"]),
    expect("module-exit-in-use", "module kvm_amd", ["unload kvm_amd", "free_module"]),
  ],
  "mount-per-create/s08-emfile": [
    expect("leaked-mount", "mount", ["load kvm-amd", "kern_mount_ret"], ["unload kvm_amd", "free_module"]),
    expect("module-exit-in-use", "module kvm_amd", ["unload kvm_amd", "free_module"]),
  ],
  "mount-per-create/s14-two-vms": [
    expect("leaked-mount", "mount", ["load kvm-amd", "kern_mount_ret"]),
    expect("leaked-mount", "mount", ["gmem a", "kern_mount_ret"]),
    expect("leaked-mount", "mount", ["gmem b", "kern_mount_ret"]),
    expect("module-exit-in-use", "module kvm_amd", ["unload kvm_amd", "free_module"]),
  ],
  "no-iput-on-error/s09-enfile": ["gmem h", "gmem i"].flatMap((gmem) => [keptInode(gmem, "ihold"), unbalanced(gmem)]),
  "no-iput-on-error/s18-fail-nth": [
    keptInode("gmem x3", "alloc_anon_inode_ret"),
    unbalanced("gmem x3"),
    keptInode("gmem x4", "ihold"),
    unbalanced("gmem x4"),
  ],
  "no-kvm-get/s01-create-close": [
    expect("refcount-underflow", "vm", ["close g", "kvm_put_kvm"], ["close g", "kvm_destroy_vm"]),
  ],
  "no-kvm-get/s03-vm-closed-first": [expect("use-after-free", "vm", ["close g", "kvm_gmem_release"])],
  "no-kvm-get/s13-fork": [expect("refcount-underflow", "vm", ["", "kvm_put_kvm"], ["", "kvm_destroy_vm"])],
  "no-kvm-put-in-release/s01-create-close": [expect("leaked-vm", "vm", ["gmem g", "kvm_get_kvm"])],
  "no-kvm-put-in-release/s12-rmmod-busy": [expect("leaked-vm", "vm", ["gmem g", "kvm_get_kvm"])],
  "no-module-get/s01-create-close": [
    unpinned("gmem g"),
    expect("refcount-underflow", "module kvm_amd", ["close g", "module_put"]),
  ],
  "no-module-get/s09-enfile": [
    unpinned("gmem g"),
    ...["gmem h", "gmem i"].flatMap(putTwice),
    unpinned("gmem j"),
    expect("refcount-underflow", "module kvm_amd", ["close j", "module_put"]),
    expect("refcount-underflow", "module kvm_amd", ["close g", "module_put"]),
  ],
  "no-module-get/s12-rmmod-busy": [unpinned("gmem g"), exitInUse("unload kvm_amd#2")],
  "no-put-unused-fd/s09-enfile": ["gmem h", "gmem i"].flatMap(keptDescriptor),
  "no-put-unused-fd/s18-fail-nth": ["gmem x1", "gmem x2", "gmem x3", "gmem x4"].flatMap(keptDescriptor),
  "owner-kvm-not-vendor/s01-create-close": [unpinned("gmem g")],
  "owner-kvm-not-vendor/s12-rmmod-busy": [unpinned("gmem g"), exitInUse("unload kvm_amd#2")],
  "unbind-double-fput/s04-bind-unbind": [
    expect("refcount-underflow", "file", ["unbind v 1", "fput"], ["unbind v 1", "fput", 1], ["unbind v 1", "__fput"]),
  ],
  "unbind-double-fput/wide/s04-bind-unbind": [
    expect("refcount-underflow", "file", ["unbind v 1", "fput"], ["unbind v 1", "fput", 1], ["unbind v 1", "__fput"]),
  ],
  "unbind-no-fput/s04-bind-unbind": [
    expect("leaked-file", "file", ["unbind v 1", "kvm_gmem_unbind"], ["unbind v 2", "kvm_gmem_unbind"]),
  ],
  "unbind-no-fput/wide/s04-bind-unbind": [
    expect("leaked-file", "file", ["unbind v 1", "kvm_gmem_unbind"], ["unbind v 2", "kvm_gmem_unbind"]),
  ],
  // Only kvm_gmem_unbind is absent, which may not be probed: the rule cannot tell.
  "unbind-skipped/s04-bind-unbind": [],
  "unbind-skipped/wide/s04-bind-unbind": [
    expect(
      "dangling-binding",
      "memslot",
      ["bind v 1", "kvm_gmem_bind_ret"],
      ["unbind v 1", "kvm_set_memory_region_ret"],
    ),
    expect(
      "dangling-binding",
      "memslot",
      ["bind v 2", "kvm_gmem_bind_ret"],
      ["unbind v 2", "kvm_set_memory_region_ret"],
    ),
  ],
  // Its file was closed before, and left no binding.
  "unbind-skipped/wide/s05-close-while-bound": [],
  "unmount-at-release/s01-create-close": [
    expect("double-free", "mount", ["close g", "kern_unmount"], ["unload kvm_amd", "kern_unmount"]),
  ],
  "unmount-at-release/s03-vm-closed-first": [
    expect("double-free", "mount", ["close g", "kern_unmount"], ["unload kvm_amd", "kern_unmount"]),
  ],
};

/** Mistakes that break no rule, or that no probe shows: only a diff shows them, if anything does. */
const CONTROLS = [
  "exit-unmounts-early",
  "install-before-kvm-get",
  "no-i-size",
  "no-security-hook",
  "release-leaves-binding",
  "unbind-leaves-entry",
  "wrong-errno",
];

/** The number of the event at a place. */
function at(events: readonly TextEvent[], [operation, name, nth = 0]: Place): number {
  if (operation === "") return nthOf(events, name, nth)!;
  const [command, occurrence = "1"] = operation.split("#");
  const start = events.filter((e) => e.name === "tracing_mark_write" && `${e.text} `.startsWith(`op: ${command} `))[
    Number(occurrence) - 1
  ];
  if (!start) throw new Error(`no ${operation}`);
  const rest = events.filter((e) => e.task === start.task && e.seq > start.seq);
  const end = rest.findIndex((e) => e.name === "tracing_mark_write" && e.text.startsWith("ret: "));
  const within = end < 0 ? rest : rest.slice(0, end);
  // User space also opens files, to have an allocation fail, which are no creations.
  const entered = within.findIndex((e) => e.name === "kvm_gmem_create");
  const returned = within.findIndex((e) => e.name === "kvm_gmem_create_ret");
  const seq =
    (entered < 0 ? undefined : nthOf(within.slice(entered, returned < 0 ? undefined : returned + 1), name, nth)) ??
    nthOf(within, name, nth);
  if (seq === undefined) throw new Error(`no ${name} in ${operation}`);
  return seq;
}

function nthOf(events: readonly TextEvent[], name: string, nth: number): number | undefined {
  return events.filter((e) => e.name === name).at(nth)?.seq;
}

const inMistakes = (path: string): string => nameOf(path).slice("mistakes/".length);
const recorded = recordingsOf("mistakes").filter((path) => !inMistakes(path).startsWith("healthy/"));

for (const path of recorded.filter((p) => inMistakes(p) in MISTAKES)) {
  test(`the mistake is found, at the get or put concerned, and nothing else is: ${inMistakes(path)}`, async (t) => {
    const expected = MISTAKES[inMistakes(path)]!;
    const r = await replay(path);
    t.deepEqual(
      r.findings.map((f) => f.rule),
      expected.map((x) => x.rule),
    );
    const events = textEvents(path);
    r.findings.forEach((finding, i) => {
      const { rule, of, names } = expected[i]!;
      t.true(finding.object.startsWith(of), `${rule}: ${finding.object}`);
      for (const place of names)
        t.true(
          finding.evidence.includes(at(events, place)),
          `${rule} at ${finding.event} names ${place.join(" ")} in ${finding.evidence.join()}`,
        );
      t.true(finding.evidence.every((seq) => seq > 0 && seq <= r.trace.events));
      t.true(finding.message.includes(finding.object), finding.message);
    });
    t.is(r.trace.skipped + r.missing.total + r.counts.unexplained, 0, JSON.stringify(r.counts.shown));
  });
}

test("every recording of a mistake is expected to show it, or is a control", (t) => {
  t.deepEqual(
    recorded.map(inMistakes).filter((name) => !CONTROLS.includes(name.split("/")[0]!)),
    Object.keys(MISTAKES).sort(),
  );
});

const controls = recorded.filter((p) => CONTROLS.includes(inMistakes(p).split("/")[0]!));
for (const path of [...controls, ...recordingsOf("mistakes/healthy", "again", "random", "linux-7.3")]) {
  test(`nothing is found where no rule is broken: ${nameOf(path)}`, async (t) => {
    const r = await replay(path);
    t.deepEqual(r.findings, []);
    t.is(r.counts.unexplained, 0, JSON.stringify(r.counts.shown));
    t.is(r.missing.total, 0, JSON.stringify(r.missing.shown));
    t.is(r.trace.skipped + r.trace.lost, 0);
    t.true(r.trace.events > 1000);
  });
}

test("a newer kernel's creations pin the module, and its binds hold the file while they run", async (t) => {
  const [path] = recordingsOf("linux-7.3").filter((p) => p.includes("s04"));
  const created = textEvents(path!).find((e) => e.name === "kvm_gmem_create_ret")!;
  const r = await replay(path!);
  t.is(r.operations.find((o) => o.name === "kvm_gmem_create")!.result, Number(arg(created, "fd")));
  t.is(r.rules.get("missing-module-reference")!.fine, 1);
});
