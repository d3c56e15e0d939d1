/** The tour's words match its recordings: every number in them, and every claim that can be verified. */
import { readFileSync } from "node:fs";
import test, { type ExecutionContext } from "ava";
import type { CallNode } from "../../src/reduce/call-tree.js";
import { replay } from "../../src/replay/replay.js";
import { call } from "../../src/describe/call-text.js";
import { calls, findCall, markerText } from "../../src/tour/find.js";
import { TOUR } from "../../src/tour/index.js";
import {
  AFTER,
  BEFORE,
  BUSY,
  CLOSE_AND_UNBIND,
  CLOSE_AND_UNLOAD,
  FORGETS_MODULE_PUT,
  FORGETS_UNMOUNT,
  LOAD_FAILS,
  NO_DESCRIPTORS,
  NO_FILES,
  NO_MEMORY,
  NO_OWNER,
  SKIPS_UNBIND,
} from "../../src/tour/recordings.js";
import { type Replayed, replayed } from "../../src/tour/replayed.js";

interface Claim {
  readonly step: string;
  /** Words of the step, to the letter. */
  readonly words: string;
  readonly holds: (t: ExecutionContext) => Promise<unknown>;
}

const known = new Map<string, Promise<Replayed>>();
const load = (path: string): Promise<Replayed> => known.get(path) ?? known.set(path, replayed(path)).get(path)!;

const argument = (node: CallNode, name: string): number | undefined =>
  node.args.find((arg) => arg.name === name)?.number;
const named = (node: CallNode): string[] => [...calls([node])].map(({ operation }) => operation);
const resultOf = (node: CallNode): string => call.result(node.result!);
const output = (path: string): string => readFileSync(path.replace(".trace.gz", ".out"), "utf8");
const position = (id: string): number => TOUR.findIndex((step) => step.id === id) + 1;

/** Returns the changed counts inside a call, as `refcnt 2 → 3`, by kind. */
function counts(
  { row }: Replayed,
  node: CallNode,
  kind: string,
): (readonly [from: number | null, to: number | null])[] {
  const rows = [...calls([node])].flatMap(({ seq, returned }) => [row(seq), row(returned)]).flatMap((one) => one ?? []);
  return [...new Set(rows)]
    .sort((a, b) => a.seq - b.seq)
    .flatMap(({ changes }) =>
      changes.filter((c) => c.kind === kind && c.from !== c.to).map((c) => [c.from, c.to] as const),
    );
}

/** Kinds of the objects on which a file holds a reference after an event. */
async function heldBy(recording: Replayed, label: string, event: number): Promise<string[]> {
  const world = await recording.at(event);
  const file = [...world.store.live()].find((o) => world.label(o) === label)!;
  return [...world.store.live()]
    .filter((o) => o.references.some(({ owner }) => owner === file.id))
    .map((o) => o.kind)
    .sort();
}

const CLAIMS: readonly Claim[] = [
  {
    step: "anonymous",
    words: "What a process opens is three objects.",
    holds: async (t) => {
      const recording = await load(BEFORE);
      const { seq, returned } = findCall(recording.trees, ["kvm_gmem_create"]);
      const made = [...(await recording.at(returned)).store.live()].filter(
        ({ focus, birth }) => focus && birth > seq && birth <= returned,
      );
      t.deepEqual(made.map(({ kind }) => kind).sort(), ["dentry", "file", "inode"]);
    },
  },
  {
    step: "anonymous",
    words: "Two more stand behind them.",
    holds: async (t) => {
      const world = await (await load(BEFORE)).at(findCall((await load(BEFORE)).trees, ["kvm_gmem_create"]).returned);
      const older = [...world.store.live()].filter((o) => o.focus && o.birth === 0).map((o) => o.kind);
      t.deepEqual(older.sort(), ["mount", "superblock"]);
    },
  },
  {
    step: "anonymous",
    words: "Superblock and mount are older than the recording",
    holds: async (t) => {
      const world = await (await load(BEFORE)).at(findCall((await load(BEFORE)).trees, ["kvm_gmem_create"]).returned);
      for (const o of world.store.live())
        if (o.focus && (o.kind === "mount" || o.kind === "superblock")) t.deepEqual([o.birth, o.count], [0, null]);
    },
  },
  {
    step: "create",
    words: "Addresses are cut to their last four digits, and #6 is the sixth object that lived at that address.",
    holds: async (t) =>
      t.regex(
        findCall((await load(BEFORE)).trees, ["kvm_gmem_create", "alloc_file_pseudo"]).result!.object!.label,
        /#6$/,
      ),
  },
  {
    step: "create",
    words: "refcnt counts them, and one of its own",
    holds: async (t) => {
      const { trees } = await load(BEFORE);
      const said = trees
        .flatMap((node) => markerText(node) ?? [])
        .find((text) => text.startsWith("ret: refcnt kvm_amd = 0 refcnt=1"));
      t.truthy(said);
      t.is(argument(findCall(trees, ["kvm_gmem_create", "try_module_get"]), "refcnt"), 2);
    },
  },
  {
    step: "create",
    words:
      "The file holds four things: a module, a dentry and with it the inode, a mount, and the VM. All four have to come back.",
    holds: async (t) => {
      const recording = await load(BEFORE);
      const create = findCall(recording.trees, ["kvm_gmem_create"]);
      t.deepEqual(
        await heldBy(recording, findCall([create], ["alloc_file_pseudo"]).result!.object!.label, create.returned),
        ["dentry", "module", "mount", "vm"],
      );
    },
  },
  {
    step: "mount",
    words: "init_pseudo gives it 0x474d454d as its magic number, the letters GMEM",
    holds: async (t) => {
      const magic = argument(findCall((await load(AFTER)).trees, ["kern_mount", "init_pseudo"]), "magic")!;
      t.is(magic, 0x474d454d);
      t.is(Buffer.from(magic.toString(16), "hex").toString("ascii"), "GMEM");
    },
  },
  {
    step: "mount",
    words: "Nobody holds the module: its refcnt is 1, which is no user at all.",
    holds: async (t) => {
      const recording = await load(AFTER);
      const world = await recording.at(
        recording.trees.find((node) => markerText(node) === "ret: load kvm-amd = 0")!.seq,
      );
      const module = [...world.store.live()].find((o) => world.label(o) === "module kvm_amd")!;
      t.deepEqual([module.count, module.references.length], [1, 0]);
    },
  },
  {
    step: "difference",
    words: "anon_inode_create_getfile is gone.",
    holds: async (t) => {
      t.true(named(findCall((await load(BEFORE)).trees, ["kvm_gmem_create"])).includes("anon_inode_create_getfile"));
      t.false(named(findCall((await load(AFTER)).trees, ["kvm_gmem_create"])).includes("anon_inode_create_getfile"));
    },
  },
  {
    step: "close",
    words:
      "All four come back: kvm_gmem_release gives back the VM, module_put the module, dput the dentry, mntput the mount.",
    holds: async (t) => {
      const recording = await load(AFTER);
      const fput = findCall(recording.trees, ["__fput"]);
      t.deepEqual(
        fput.children.map(({ operation }) => operation),
        ["kvm_gmem_release", "module_put", "dput", "mntput"],
      );
      const file = fput.args[0]!.object!.label;
      const givers = [...calls([fput])]
        .flatMap(({ seq }) => recording.row(seq)?.changes ?? [])
        .filter(({ given }) => given.includes(file));
      t.deepEqual(
        givers.map(({ kind }) => kind),
        ["vm", "module", "dentry", "mount"],
      );
    },
  },
  {
    step: "close",
    words: "(there were none here)",
    holds: async (t) => t.is(argument(findCall((await load(AFTER)).trees, ["__fput", "evict"]), "nrpages"), 0),
  },
  {
    step: "close",
    words: "some forty milliseconds later",
    holds: async (t) => {
      const { row, trees } = await load(AFTER);
      const seconds = (node: CallNode): number => Number(row(node.seq)!.time);
      const [queued, called] = [findCall(trees, ["__fput", "destroy_inode"]), findCall(trees, ["i_callback"])];
      t.true(Math.abs(seconds(called) - seconds(queued) - 0.04) < 0.005);
      t.not(called.task, queued.task);
    },
  },
  {
    step: "close",
    words:
      "The module is given back first, and only then does the inode die, whose functions are KVM's. It was so before the patch, too.",
    holds: async (t) => {
      for (const path of [BEFORE, AFTER]) {
        const order = named(findCall((await load(path)).trees, ["__fput"]));
        t.true(order.indexOf("module_put") < order.indexOf("iput"), path);
      }
    },
  },
  { step: "close", words: "Step 11 shows what comes of it.", holds: async (t) => t.is(position("race-unload"), 11) },
  {
    step: "limits",
    words:
      "The descriptor's number is the first thing that a create asks for, so nothing was taken and nothing is given back.",
    holds: async (t) =>
      t.deepEqual(
        named(findCall((await load(NO_DESCRIPTORS)).trees, [{ operation: "kvm_gmem_create", result: "-EMFILE" }])),
        ["kvm_gmem_create", "get_unused_fd_flags"],
      ),
  },
  {
    step: "limits",
    words: "That shows late, in alloc_empty_file, when module, inode, dentry and mount are taken.",
    holds: async (t) => {
      const create = findCall((await load(NO_FILES)).trees, [{ operation: "kvm_gmem_create", result: "-ENFILE" }]);
      t.is(resultOf(findCall([create], ["alloc_empty_file"])), "ERR_PTR(-ENFILE)");
      t.is(resultOf(findCall([create], ["alloc_file_pseudo"])), "ERR_PTR(-ENFILE)");
      const order = named(create);
      for (const taken of ["try_module_get", "alloc_anon_inode", "d_alloc_pseudo", "mntget"])
        t.true(order.indexOf(taken) > 0 && order.indexOf(taken) < order.indexOf("alloc_empty_file"), taken);
    },
  },
  {
    step: "limits",
    words:
      "Then come the patch's own lines: iput for the inode, module_put for the module. Follow the counts down the tree: each ends where it began.",
    holds: async (t) => {
      const recording = await load(NO_FILES);
      const create = findCall(recording.trees, [{ operation: "kvm_gmem_create", result: "-ENFILE" }]);
      t.deepEqual(create.children.map(({ operation }) => operation).slice(-3), ["iput", "module_put", "put_unused_fd"]);
      for (const kind of ["module", "mount"]) {
        const steps = counts(recording, create, kind);
        t.is(steps.length, 2, kind);
        t.is(steps[0]![0], steps.at(-1)![1], kind);
      }
      for (const kind of ["inode", "dentry"]) t.is(counts(recording, create, kind).at(-1)![1], 0, kind);
    },
  },
  {
    step: "memory-runs-out",
    words: "A create asks for some in four places: for its own notes, the inode, the dentry and the file.",
    holds: async (t) => {
      const { trees } = await load(NO_MEMORY);
      const creates = [...calls(trees)].filter(({ operation }) => operation === "kvm_gmem_create").slice(1);
      t.deepEqual(creates.slice(0, 5).map(resultOf), ["-ENOMEM", "-ENOMEM", "-ENOMEM", "-ENOMEM", "8"]);
      t.deepEqual(named(creates[0]!), ["kvm_gmem_create", "get_unused_fd_flags", "put_unused_fd"]);
      t.is(resultOf(findCall([creates[1]!], ["alloc_anon_inode"])), "ERR_PTR(-ENOMEM)");
      t.is(resultOf(findCall([creates[2]!], ["d_alloc_pseudo"])), "NULL");
      t.is(resultOf(findCall([creates[3]!], ["alloc_empty_file"])), "ERR_PTR(-ENOMEM)");
    },
  },
  {
    step: "memory-runs-out",
    words: "here the first, the second, the third and the fourth of a create",
    holds: async (t) =>
      t.deepEqual(
        (await load(NO_MEMORY)).trees
          .flatMap((node) => /^op: gmem .* fail=(\d+)$/.exec(markerText(node) ?? "")?.[1] ?? [])
          .slice(0, 4),
        ["1", "2", "3", "4"],
      ),
  },
  {
    step: "memory-runs-out",
    words: "and kvm_amd can never be unloaded again",
    holds: async (t) => {
      t.regex(output(FORGETS_MODULE_PUT), /^unload kvm_amd = -1 EAGAIN$/m);
      const recording = await load(FORGETS_MODULE_PUT);
      const finding = recording.findings.find(({ rule }) => rule === "leaked-module-reference")!;
      t.is(
        finding.event,
        findCall(recording.trees, [{ operation: "kvm_gmem_create", result: "-ENOMEM", nth: 2 }]).returned,
      );
    },
  },
  {
    step: "memory-runs-out",
    words: "A star marks the events that prove it, the get and the end of the call.",
    holds: async (t) => {
      const { findings, steps } = await load(FORGETS_MODULE_PUT);
      const proof = steps(findings.find(({ rule }) => rule === "leaked-module-reference")!).filter(
        ({ evidence }) => evidence,
      );
      t.deepEqual(
        proof.map(({ what }) => what),
        ["try_module_get returns 1", "kvm_gmem_create returns -ENOMEM"],
      );
    },
  },
  {
    step: "owner",
    words: "Below, two unloads were refused: with VM and guest_memfd open, and when only the guest_memfd was left.",
    holds: async (t) =>
      t.regex(
        output(BUSY),
        /^vm v 1 = 6\ngmem g v 64K = 5\nunload kvm_amd = -1 EAGAIN\nclose v = 0\nunload kvm_amd = -1 EAGAIN\nclose g = 0\n/m,
      ),
  },
  {
    step: "owner",
    words:
      "Only the unload is not refused any more once the VM's file is closed. The close after it runs code that is gone, and in this recording the kernel killed the program there.",
    holds: async (t) => {
      t.regex(output(NO_OWNER), /^unload kvm_amd = -1 EAGAIN\nclose v = 0\nunload kvm_amd = 0\nKilled\n/m);
      const markers = (await load(NO_OWNER)).trees.flatMap((node) => markerText(node) ?? []);
      t.is(markers.at(-1), "op: close g");
    },
  },
  {
    step: "owner",
    words: "no count is ever wrong",
    holds: async (t) =>
      t.deepEqual(
        (await load(NO_OWNER)).findings.filter(({ rule }) => /^(refcount|leaked)/.test(rule)),
        [],
      ),
  },
  {
    step: "unload",
    words:
      "It was the last, so the chain of step 4 falls: mount, superblock, root inode. Only then is the module freed (free_module).",
    holds: async (t) => {
      t.is(position("mount"), 4);
      const recording = await load(AFTER);
      const exit = findCall(recording.trees, ["kvm_exit"]);
      for (const kind of ["mount", "superblock", "inode"]) t.deepEqual(counts(recording, exit, kind), [[1, 0]], kind);
      t.true(findCall([exit], ["destroy_inode"]).seq < findCall(recording.trees, ["free_module"]).seq);
      t.deepEqual(
        exit.children.map(({ operation }) => operation),
        ["misc_deregister", "kvm_gmem_exit"],
      );
    },
  },
  {
    step: "unload",
    words:
      "In another recording somebody had taken the number of /dev/kvm already: misc_register failed, and kvm_init unmounted what it had just mounted.",
    holds: async (t) => {
      t.regex(output(LOAD_FAILS), /^load squat = 0\nload kvm-amd = -1 EBUSY$/m);
      const recording = await load(LOAD_FAILS);
      const init = findCall(recording.trees, [{ operation: "kvm_init", result: "-EBUSY" }]);
      t.deepEqual(
        init.children.map(({ operation }) => operation),
        ["kvm_gmem_init", "misc_register", "kvm_gmem_exit"],
      );
      t.deepEqual(counts(recording, init, "mount").at(-1), [1, 0]);
      t.deepEqual(recording.findings, []);
    },
  },
  {
    step: "unload",
    words: "The program sees that the unload succeeded.",
    holds: async (t) => t.regex(output(FORGETS_UNMOUNT), /^unload kvm_amd = 0$/m),
  },
  {
    step: "race-unload",
    words: "A race is when two tasks run at once, and it matters who is first. Step 6 left a gap",
    holds: async (t) => t.is(position("close"), 6),
  },
  {
    step: "race-unload",
    words: "here 1048576 of them, four gigabytes",
    holds: async (t) => {
      t.is(argument(findCall([closeOf(await load(CLOSE_AND_UNLOAD))], ["evict"]), "nrpages"), 1048576);
      t.is((1048576 * 4096) / 2 ** 30, 4);
    },
  },
  {
    step: "race-unload",
    words: "Its module_put was the last: refcnt 1, no user.",
    holds: async (t) => {
      const recording = await load(CLOSE_AND_UNLOAD);
      t.deepEqual(counts(recording, closeOf(recording), "module"), [[2, 1]]);
    },
  },
  {
    step: "race-unload",
    words:
      "kern_unmount gives back one reference, ta's file has the other, the file system stays. The module is freed, and ta goes on with an inode, a file and a superblock of a module that is gone.",
    holds: async (t) => {
      const recording = await load(CLOSE_AND_UNLOAD);
      t.deepEqual(counts(recording, findCall(recording.trees, ["kern_unmount"]), "mount"), [[2, 1]]);
      const freed = findCall(recording.trees, ["free_module"]);
      const evict = findCall([closeOf(recording)], ["evict"]);
      t.true(evict.seq < freed.seq && freed.seq < findCall([evict], ["destroy_inode"]).seq);
      const world = await recording.at(freed.seq);
      const living = [...world.store.live()].filter((o) => o.focus && o.death === 0).map((o) => o.kind);
      for (const kind of ["inode", "file", "superblock"] as const) t.true(living.includes(kind), kind);
      t.deepEqual(
        [recording.task(evict.task), recording.task(freed.task)].map((name) => name.split("-")[0]),
        ["ta", "tb"],
      );
    },
  },
  {
    step: "race-unload",
    words: "only kvm_amd was unloaded",
    holds: async (t) => {
      const { trees } = await load(CLOSE_AND_UNLOAD);
      t.deepEqual(
        [...calls(trees)]
          .filter(({ operation }) => operation === "free_module")
          .map((node) => node.args[0]!.object!.label),
        ["module kvm_amd"],
      );
    },
  },
  {
    step: "race-unload",
    words:
      "Linux 6.18, which has the anonymous inode, was recorded doing the same. Where a guest_memfd is closed after its VM, kreel tells of a hazard",
    holds: async (t) => {
      const older = await replay("fixtures/recordings/race/linux-6.18-close-rmmod.trace.gz");
      t.deepEqual(
        older.findings.map(({ rule }) => rule),
        ["module-exit-in-use"],
      );
      const { findings, hazards } = await replay(BUSY);
      t.deepEqual([findings.length, hazards.map(({ rule }) => rule)], [0, ["module-unpinned-early"]]);
    },
  },
  {
    step: "race-unbind",
    words: "A binding is two pointers, from slot to file and from file to slot, and neither is a reference.",
    holds: async (t) => {
      const recording = await load(CLOSE_AND_UNBIND);
      const world = await recording.at(findCall(recording.trees, [{ operation: "kvm_gmem_bind", nth: 2 }]).returned);
      const slots = [...world.store.live()].filter((o) => o.kind === "memslot");
      t.is(slots.length, 2);
      t.false(
        [...world.store.live()].some((o) => o.references.some(({ owner }) => slots.some(({ id }) => id === owner))),
      );
      t.true(slots.every((slot) => slot.references.length === 0));
    },
  },
  {
    step: "race-unbind",
    words: "both slots are unbound while ta is inside kvm_gmem_release, and kreel finds nothing wrong",
    holds: async (t) => {
      const recording = await load(CLOSE_AND_UNBIND);
      const release = findCall(recording.trees, ["kvm_gmem_release"]);
      const unbinds = [...calls(recording.trees)].filter(({ operation }) => operation === "kvm_gmem_unbind");
      t.is(unbinds.length, 2);
      for (const { seq, task } of unbinds)
        t.true(task !== release.task && seq > release.seq && seq < findCall([release], ["kvm_put_kvm"]).seq);
      t.deepEqual(recording.findings, []);
    },
  },
  {
    step: "race-unbind",
    words: "two slots are deleted while their file lives on with both its pointers",
    holds: async (t) => {
      t.regex(output(SKIPS_UNBIND), /^unbind v 1 = 0\nunbind v 2 = 0\nclose g = 0$/m);
      const { findings, trees } = await load(SKIPS_UNBIND);
      t.deepEqual(
        findings.map(({ rule }) => rule),
        ["dangling-binding", "dangling-binding"],
      );
      t.false([...calls(trees)].some(({ operation }) => operation === "kvm_gmem_unbind"));
    },
  },
];

/** The close of the guest_memfd: its file is not the one that was a VM's. */
function closeOf({ trees }: Replayed): CallNode {
  return [...calls(trees)].find((node) => node.operation === "__fput" && named(node).includes("kvm_gmem_release"))!;
}

for (const { step, words, holds } of CLAIMS) {
  test(`${step}: ${words}`, async (t) => {
    t.true(
      TOUR.find(({ id }) => id === step)!.paragraphs.some((paragraph) => paragraph.includes(words)),
      "the words are the step's",
    );
    await holds(t);
  });
}

/** Numerals and words for numbers; `one` and `first` mostly mean something else. */
const NUMBER =
  /\b(?:\d[\dxa-f]*|two|both|three|four|five|six|seven|eight|nine|ten|dozen|forty|second|third|fourth)\b/gi;
/** Names with digits, and numbers that count nothing in a recording. */
const NO_COUNT =
  /CVE-\d+-\d+|Linux 6\.18|two things happen at once|if both die at once|two recordings beside|the two columns|only in the second/g;

test("every number in the words is one that is looked up", (t) => {
  for (const { id, paragraphs } of TOUR) {
    for (const paragraph of paragraphs) {
      const left = CLAIMS.filter(({ step }) => step === id)
        .reduce((text, { words }) => text.replace(words, ""), paragraph)
        .replace(NO_COUNT, "");
      t.deepEqual(left.match(NUMBER) ?? [], [], `${id}: ${left}`);
    }
  }
});
