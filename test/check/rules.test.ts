/**
 * Every rule on facts written by hand: wrong, fine, cannot tell. A rule knows no recording and no state but the fact.
 */
import test from "ava";
import { type OperationName, points } from "../../events/index.js";
import { RULES, type RuleName, type Verdict } from "../../src/check/finding.js";
import { rules, type Words } from "../../src/check/rules.js";
import { BatchBuilder } from "../../src/log/batch-builder.js";
import { createTables } from "../../src/log/tables.js";
import { Cursor, type EventView, viewsOf } from "../../src/log/view.js";
import type { Fact, FactOf, Holding } from "../../src/reduce/facts.js";
import type { Kind, KernelObject, OfKind, Reference } from "../../src/reduce/objects.js";
import { blank } from "../../src/reduce/store.js";

const words: Words = { label: (o) => `${o.kind} ${o.id}`, task: (id) => `task-${id}` };

/** Event `seq`, an entry of this operation. */
function event(seq: number, operation: OperationName): EventView {
  const builder = new BatchBuilder(createTables().addresses);
  builder.begin(points.byEvent(operation)!.id, 0, 0, 0, 0, 0, seq);
  const cursor = new Cursor();
  cursor.move({ ...builder.seal(), firstSeq: seq }, 0);
  return viewsOf(points, cursor)[points.byEvent(operation)!.id]!;
}

function object<K extends Kind>(kind: K, id: number, fields: Partial<OfKind<K>> = {}): OfKind<K> {
  return { ...(blank(kind, id, id, 1, 1) as OfKind<K>), birth: 1, focus: true, ...fields };
}

const reference = (seq: number, by: string, owner = 0): Reference => ({ owner, seq, by, task: 0, left: undefined });
const holding = (target: KernelObject, seq: number, by: string): Holding => ({ target, reference: reference(seq, by) });

const at = { certain: true } as const;
const failed = (fields: Partial<FactOf<"call-failed">>): FactOf<"call-failed"> => ({
  ...at,
  type: "call-failed",
  event: event(90, "kvm_gmem_create"),
  operation: "kvm_gmem_create",
  entry: 50,
  result: -23,
  left: [],
  inodes: [],
  descriptors: [],
  overput: [],
  ...fields,
});
const kept = (left: readonly Holding[]): FactOf<"call-kept"> => ({
  ...at,
  type: "call-kept",
  event: event(90, "kvm_gmem_create"),
  operation: "kvm_gmem_create",
  left,
  files: [],
  descriptors: [],
});
const gone = (left: readonly Holding[]): FactOf<"owner-gone"> => ({
  ...at,
  type: "owner-gone",
  event: event(90, "mntput"),
  owner: object("file", 7),
  left,
});
const exited = (fields: Partial<FactOf<"module-exited">>): FactOf<"module-exited"> => ({
  ...at,
  type: "module-exited",
  event: event(90, "free_module"),
  module: object("module", 3, { name: "kvm_amd" }),
  how: "exit",
  exit: 80,
  live: [],
  mounts: [],
  ...fields,
});
const destroyed = (inodes: readonly KernelObject[]): FactOf<"cache-destroyed"> => ({
  ...at,
  type: "cache-destroyed",
  event: event(90, "kvm_gmem_init"),
  cache: object("cache", 8, { destroyed: 80 }),
  destroyed: 80,
  inodes,
});

interface Case {
  readonly rule: RuleName;
  readonly what: string;
  readonly wrong: Fact;
  /** The events that a finding must name. */
  readonly evidence: readonly number[];
  /** Words that its message must have. */
  readonly says: readonly string[];
  /** The same fact without a mistake; absent if the fact itself is the mistake. */
  readonly fine?: Fact;
}

const mount = object("mount", 4, { fsName: "guest_memfd", references: [reference(10, "kern_mount", 3)] });
const inode = object("inode", 5, { references: [reference(61, "ihold")], count: 1 });
const dead = object("inode", 5, { death: 70 });
const slot = object("memslot", 6, { birth: 60, file: 7 });
const vm = object("vm", 2);
const kvmAmd = object("module", 3, { name: "kvm_amd" });
const file = object("file", 7, { gmem: true });

const CASES: readonly Case[] = [
  ...(
    [
      ["leaked-module-reference", kvmAmd, "try_module_get"],
      ["leaked-vm", vm, "kvm_get_kvm"],
      ["leaked-mount", mount, "mntget"],
      ["leaked-inode", inode, "ihold"],
    ] as const
  ).flatMap(([rule, target, by]): Case[] => [
    ...(target.kind === "inode"
      ? []
      : [
          {
            rule,
            what: "a call that failed keeps it",
            wrong: failed({ left: [holding(target, 60, by)] }),
            evidence: [60, 90],
            says: ["ENFILE", by, "event 60", words.label(target)],
            fine: failed({}),
          },
        ]),
    {
      rule,
      what: "a call that went well keeps it for nobody",
      wrong: kept([holding(target, 60, by)]),
      evidence: [60, 90],
      says: [by, "event 60"],
      fine: kept([]),
    },
    {
      rule,
      what: "its owner is gone",
      wrong: gone([holding(target, 60, by)]),
      evidence: [60, 90],
      says: ["file 7", by, "event 60"],
      fine: gone([]),
    },
  ]),
  {
    rule: "leaked-inode",
    what: "a call that failed leaves it behind",
    wrong: failed({ inodes: [inode] }),
    evidence: [61, 90],
    says: ["inode 5", "ihold", "ENFILE"],
    fine: failed({}),
  },
  {
    rule: "leaked-inode",
    what: "its superblock is shut down",
    wrong: {
      ...at,
      type: "superblock-gone",
      event: event(90, "free_module"),
      superblock: object("superblock", 9),
      inodes: [inode],
    },
    evidence: [61, 90],
    says: ["superblock 9", "inode 5"],
    fine: {
      ...at,
      type: "superblock-gone",
      event: event(90, "free_module"),
      superblock: object("superblock", 9),
      inodes: [],
    },
  },
  {
    rule: "leaked-file",
    what: "a bind keeps it",
    wrong: { ...at, type: "file-kept", event: event(90, "file_close_fd"), file, gets: [60, 62] },
    evidence: [60, 62, 90],
    says: ["file 7", "60, 62", "fput"],
  },
  {
    rule: "leaked-descriptor",
    what: "a call that failed keeps it",
    wrong: failed({ descriptors: [{ process: 7, fd: 5, seq: 55 }] }),
    evidence: [55, 90],
    says: ["descriptor 5", "put_unused_fd"],
    fine: failed({}),
  },
  {
    rule: "leaked-mount",
    what: "the module that mounted it is gone",
    wrong: exited({ mounts: [mount] }),
    evidence: [10, 80, 90],
    says: ["mount 4", "guest_memfd", "event 10", "kern_unmount"],
    fine: exited({}),
  },
  {
    rule: "leaked-mount",
    what: "the init that mounted it failed",
    wrong: exited({ how: "failed init", exit: 0, mounts: [mount] }),
    evidence: [10, 90],
    says: ["init", "mount 4"],
    fine: exited({ how: "failed init" }),
  },
  {
    rule: "missing-module-reference",
    what: "a file holds no reference on its module",
    wrong: { ...at, type: "file-made", event: event(90, "kvm_gmem_create"), file, module: kvmAmd, held: false },
    evidence: [1, 90],
    says: ["module 3", "file 7"],
    fine: { ...at, type: "file-made", event: event(90, "kvm_gmem_create"), file, module: kvmAmd, held: true },
  },
  {
    rule: "refcount-underflow",
    what: "a put has nothing to put",
    wrong: {
      ...at,
      type: "put-without-get",
      event: event(90, "module_put"),
      target: kvmAmd,
      by: "file 7",
      observed: 1,
    },
    evidence: [90],
    says: ["module_put", "module 3", "file 7", "1"],
  },
  {
    rule: "refcount-underflow",
    what: "a file is released under its descriptor",
    wrong: { ...at, type: "file-released", event: event(90, "mntput"), file, descriptors: [5] },
    evidence: [90],
    says: ["file 7", "descriptor 5"],
    fine: { ...at, type: "file-released", event: event(90, "mntput"), file, descriptors: [] },
  },
  {
    rule: "refcount-underflow",
    what: "a VM ends under its holder",
    wrong: {
      ...at,
      type: "ended-while-held",
      event: event(90, "kvm_destroy_vm"),
      object: vm,
      holders: [{ owner: file, reference: reference(60, "kvm_get_kvm", 7) }],
    },
    evidence: [60, 90],
    says: ["kvm_destroy_vm", "vm 2", "file 7", "kvm_get_kvm"],
    fine: { ...at, type: "ended-while-held", event: event(90, "kvm_destroy_vm"), object: vm, holders: [] },
  },
  {
    rule: "use-after-free",
    what: "an operation on an object that is gone",
    wrong: { ...at, type: "touched-dead", event: event(90, "ihold"), object: dead, operation: "ihold" },
    evidence: [70, 90],
    says: ["ihold", "inode 5", "70"],
  },
  {
    rule: "use-after-free",
    what: "code that is gone runs",
    wrong: {
      ...at,
      type: "code-gone",
      event: event(90, "evict"),
      module: kvmAmd,
      freed: 70,
      operation: "evict",
      through: inode,
    },
    evidence: [70, 90],
    says: ["evict", "inode 5", "module 3", "70"],
  },
  {
    rule: "double-free",
    what: "an end that comes twice",
    wrong: { ...at, type: "freed-twice", event: event(90, "destroy_inode"), object: dead, first: 70 },
    evidence: [70, 90],
    says: ["destroy_inode", "inode 5", "70"],
  },
  {
    rule: "module-exit-in-use",
    what: "an inode outlives the module",
    wrong: exited({ live: [{ ...inode, stage: "evicting" }] }),
    evidence: [90],
    says: ["module 3", "inode 5", "evicting"],
    fine: exited({}),
  },
  {
    rule: "module-exit-in-use",
    what: "a mount outlives the module",
    wrong: exited({ mounts: [mount] }),
    evidence: [90],
    says: ["module 3", "mount 4"],
    fine: exited({ how: "failed init", live: [inode], mounts: [mount] }),
  },
  ...(
    [
      "deleted and never unbound",
      "bound again before it was unbound",
      "bound to a file that is gone",
      "unbound although nothing bound it",
    ] as const
  ).map(
    (how): Case => ({
      rule: "dangling-binding",
      what: how,
      wrong: { ...at, type: "binding-checked", event: event(90, "kvm_set_memory_region"), slot, file, how },
      evidence: [60, 90],
      says: ["memslot 6", "file 7", how],
      fine: { ...at, type: "binding-checked", event: event(90, "kvm_gmem_unbind"), slot, file, how: "" },
    }),
  ),
  {
    rule: "unbalanced-error-path",
    what: "a failed call keeps what it took",
    wrong: failed({
      left: [holding(kvmAmd, 60, "try_module_get")],
      inodes: [inode],
      descriptors: [{ process: 7, fd: 5, seq: 55 }],
    }),
    evidence: [50, 55, 60, 90],
    says: ["module 3 +1", "inode 5", "descriptor 5"],
    fine: failed({}),
  },
  {
    rule: "unbalanced-error-path",
    what: "a failed call puts what it never took",
    wrong: failed({ overput: [{ target: vm, seq: 77 }] }),
    evidence: [50, 77, 90],
    says: ["vm 2 −1", "77"],
    fine: failed({}),
  },
  {
    rule: "cache-destroyed-in-use",
    what: "an inode lives",
    wrong: destroyed([{ ...inode, stage: "evicting" }]),
    evidence: [1, 80, 90],
    says: ["cache 8", "inode 5", "still lived", "event 80"],
    fine: destroyed([]),
  },
  {
    rule: "cache-destroyed-in-use",
    what: "an inode is handed back afterwards",
    wrong: destroyed([{ ...inode, death: 85 }]),
    evidence: [1, 80, 85, 90],
    says: ["cache 8", "inode 5", "handed back, at event 85", "event 80", "rcu_barrier"],
    fine: destroyed([]),
  },
  {
    rule: "module-unpinned-early",
    what: "the last reference goes before the inode",
    wrong: {
      ...at,
      type: "module-unpinned",
      event: event(90, "module_put"),
      module: kvmAmd,
      file,
      inode,
      remaining: 0,
    },
    evidence: [90],
    says: ["module 3", "file 7", "inode 5"],
    fine: { ...at, type: "module-unpinned", event: event(90, "module_put"), module: kvmAmd, file, inode, remaining: 1 },
  },
];

/** The verdicts of the rules of one name on a fact. */
function judge(name: RuleName, fact: Fact): Verdict[] {
  return rules.filter((r) => r.name === name && r.on === fact.type).map((r) => r.judge(fact as never, words));
}

for (const { rule, what, wrong, evidence, says, fine } of CASES) {
  test(`${rule}: ${what} (${wrong.type})`, (t) => {
    const verdicts = judge(rule, wrong).filter((v) => v.verdict === "wrong");
    t.is(verdicts.length, 1, "one rule of the name speaks");
    const [claim] = verdicts[0]!.verdict === "wrong" ? verdicts[0]!.findings : [];
    t.deepEqual(claim!.evidence, evidence);
    for (const word of says) t.true(claim!.message.includes(word), `"${word}" in: ${claim!.message}`);

    if (fine)
      t.true(
        judge(rule, fine).every((v) => v.verdict === "fine"),
        "fine where nothing is wrong",
      );

    const unknown = wrong.type === "module-unpinned" ? { ...wrong, remaining: null } : { ...wrong, certain: false };
    const said = judge(rule, unknown);
    t.true(said.every((v) => v.verdict !== "wrong"));
    t.true(
      said.some((v) => v.verdict === "cannot tell"),
      "cannot tell where what is known does not suffice",
    );
  });
}

test("every rule of the contract has a case, and no other rule exists", (t) => {
  const names = [...RULES].sort();
  t.deepEqual([...new Set(CASES.map((c) => c.rule))].sort(), names);
  t.deepEqual([...new Set(rules.map((r) => r.name))].sort(), names);
});

test("only module-unpinned-early is a hazard", (t) => {
  for (const rule of rules) t.is(rule.severity, rule.name === "module-unpinned-early" ? "warning" : "error", rule.name);
});

test("a VM, a mount and a module that one file holds are three findings of three rules", (t) => {
  const fact = gone([
    holding(kvmAmd, 60, "try_module_get"),
    holding(vm, 61, "kvm_get_kvm"),
    holding(mount, 62, "mntget"),
  ]);
  const wrong = rules.filter((r) => r.on === fact.type && r.judge(fact as never, words).verdict === "wrong");
  t.deepEqual(wrong.map((r) => r.name).sort(), ["leaked-module-reference", "leaked-mount", "leaked-vm"]);
});

test("an inode that is gone, or others that still hold the module, leave no window", (t) => {
  const open: FactOf<"module-unpinned"> = {
    ...at,
    type: "module-unpinned",
    event: event(90, "module_put"),
    module: kvmAmd,
    file,
    inode,
    remaining: 0,
  };
  for (const fact of [
    { ...open, inode: undefined },
    { ...open, inode: dead },
    { ...open, remaining: 3 },
  ])
    t.true(judge("module-unpinned-early", fact).every((v) => v.verdict === "fine"));
});
