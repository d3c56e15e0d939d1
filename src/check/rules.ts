/**
 * The rules of the contract, each a pure function of one fact: wrong, fine, or cannot tell. A fact carries all that a
 * rule may rest on, so that a rule can be tested with literals and knows no recording.
 */
import { kinds } from "../../events/kinds/index.js";
import type { Fact, FactOf, Holding } from "../reduce/facts.js";
import type { KernelObject, Step } from "../reduce/objects.js";
import { trailOf } from "../reduce/transitions.js";
import { errnoName } from "../base/errno.js";
import { CANNOT_TELL, type Claim, FINE, type RuleName, type Verdict, wrong } from "./finding.js";

/** The names of objects and tasks in messages. */
export interface Words {
  label(object: KernelObject): string;
  task(id: number): string;
}

const of = (left: readonly Holding[], kind: KernelObject["kind"]): readonly Holding[] =>
  left.length === 0 ? left : left.filter((h) => h.target.kind === kind);

export interface Rule<T extends Fact["type"] = Fact["type"]> {
  readonly name: RuleName;
  readonly severity: "error" | "warning";
  readonly on: T;
  judge(fact: FactOf<T>, words: Words): Verdict;
}

function rule<T extends Fact["type"]>(
  name: RuleName,
  on: T,
  judge: (fact: FactOf<T>, words: Words) => Verdict,
  severity: "error" | "warning" = "error",
): Rule<T> {
  return { name, on, judge, severity };
}

function sorted(events: readonly number[]): number[] {
  return [...new Set(events)].sort((a, b) => a - b);
}

/** The rules about references on one kind of object that their owners did not give back. */
function leaks(kind: KernelObject["kind"], name: RuleName): Rule[] {
  const claim = (
    who: string,
    at: number,
    { target, reference }: Holding,
    because: string,
    put: string,
    words: Words,
  ): Claim => ({
    object: words.label(target),
    message: `${who} a reference on ${words.label(target)}, taken by ${reference.by} at event ${reference.seq}${because} ${put}`,
    evidence: sorted([reference.seq, at]),
    steps: trailOf(target).filter((s) => s.seq >= reference.seq),
    unreturned: { event: reference.seq, by: reference.by, put },
    kept: [target.id],
  });
  const { onRelease, onError } = kinds[kind].givenBack!;
  return [
    rule(name, "owner-gone", (f, words) => {
      const left = of(f.left, kind);
      if (left.length === 0) return FINE;
      if (!f.certain) return CANNOT_TELL;
      return wrong(
        ...left.map((h) =>
          claim(
            `${words.label(f.owner)} is gone and still holds`,
            f.event.seq,
            h,
            "; the healthy path gives it back with",
            onRelease,
            words,
          ),
        ),
      );
    }) as Rule,
    rule(name, "call-failed", (f, words) => {
      const left = of(f.left, kind);
      if (left.length === 0) return FINE;
      if (!f.certain) return CANNOT_TELL;
      return wrong(
        ...left.map((h) =>
          claim(
            `${f.operation} failed with ${errnoName(f.result)} and still holds`,
            f.event.seq,
            h,
            "; the healthy path gives it back with",
            onError,
            words,
          ),
        ),
      );
    }) as Rule,
    rule(name, "call-kept", (f, words) => {
      const left = of(f.left, kind);
      if (left.length === 0) return FINE;
      if (!f.certain) return CANNOT_TELL;
      return wrong(
        ...left.map((h) =>
          claim(
            `${f.operation} returned and left`,
            f.event.seq,
            h,
            ", that belongs to nothing it made: nobody will give it back; what the healthy path takes is given back with",
            onRelease,
            words,
          ),
        ),
      );
    }) as Rule,
  ];
}

const leakedInode = [
  rule("leaked-inode", "call-failed", (f, words) => {
    if (f.inodes.length === 0) return FINE;
    if (!f.certain) return CANNOT_TELL;
    return wrong(
      ...f.inodes.map((inode) => ({
        object: words.label(inode),
        message: `${f.operation} failed with ${errnoName(f.result)} and left ${words.label(inode)} behind, ${held(inode)}; the healthy path drops it with ${kinds.inode.givenBack!.onError}`,
        evidence: sorted([...inode.references.map((r) => r.seq), f.event.seq]),
        steps: trailOf(inode),
        kept: [inode.id],
      })),
    );
  }),
  rule("leaked-inode", "inode-kept", (f, words) => {
    if (!f.certain) return CANNOT_TELL;
    return wrong({
      object: words.label(f.inode),
      message: `alloc_file_pseudo failed with ${errnoName(f.error)} at event ${f.call}, and whoever called it left ${words.label(f.inode)} behind, ${held(f.inode)}; the healthy path drops it with ${kinds.inode.givenBack!.onError}`,
      evidence: sorted([f.inode.birth || f.inode.met, ...f.inode.references.map((r) => r.seq), f.call, f.event.seq]),
      steps: trailOf(f.inode),
      kept: [f.inode.id],
    });
  }),
  rule("leaked-inode", "superblock-gone", (f, words) => {
    if (f.inodes.length === 0) return FINE;
    if (!f.certain) return CANNOT_TELL;
    return wrong(
      ...f.inodes.map((inode) => ({
        object: words.label(inode),
        message: `${words.label(f.superblock)} is shut down and ${words.label(inode)} of it still lives, ${held(inode)}`,
        evidence: sorted([...inode.references.map((r) => r.seq), f.event.seq]),
        steps: trailOf(inode),
        kept: [inode.id],
      })),
    );
  }),
];

function held(object: KernelObject): string {
  if (object.references.length === 0)
    return object.count ? `its count at ${object.count}` : "held by an untraced caller";
  return `held by ${object.references.map((r) => `the reference that ${r.by} took at event ${r.seq}`).join(" and ")}`;
}

const leakedFile = rule("leaked-file", "file-kept", (f, words) => {
  if (!f.certain) return CANNOT_TELL;
  return wrong({
    object: words.label(f.file),
    message: `the last descriptor of ${words.label(f.file)} is closed and the file is not released: a bind or an unbind took a reference on it at event ${f.gets.join(", ")} and ended without giving it back; the healthy path does with fput at its end`,
    evidence: sorted([...f.gets, f.event.seq]),
    steps: trailOf(f.file),
    kept: [f.file.id],
    ...(f.gets.length === 1
      ? { unreturned: { event: f.gets[0]!, by: "a bind or an unbind", put: "fput at its end" } }
      : {}),
  });
});

const uninstalledFile = rule("leaked-file", "call-kept", (f, words) => {
  if (f.files.length === 0) return FINE;
  if (!f.certain) return CANNOT_TELL;
  return wrong(
    ...f.files.map((file) => ({
      object: words.label(file),
      message: `${f.operation} returned a descriptor and installed ${words.label(file)} under none: nobody can close it; the healthy path calls fd_install before it returns`,
      evidence: sorted([file.birth || file.met, f.event.seq]),
      steps: trailOf(file),
      kept: [file.id],
    })),
  );
});

const uninstalledDescriptor = rule("leaked-descriptor", "call-kept", (f) => {
  if (f.descriptors.length === 0) return FINE;
  if (!f.certain) return CANNOT_TELL;
  return wrong(
    ...f.descriptors.map(({ process, fd, seq }) => ({
      object: `descriptor ${fd}`,
      reserved: [{ process, fd }],
      message: `${f.operation} returned and descriptor ${fd}, taken by get_unused_fd_flags at event ${seq}, is still reserved with nothing installed under it; the healthy path calls fd_install`,
      evidence: sorted([seq, f.event.seq]),
      unreturned: { event: seq, by: "get_unused_fd_flags", put: "fd_install" },
    })),
  );
});

const leakedDescriptor = rule("leaked-descriptor", "call-failed", (f) => {
  if (f.descriptors.length === 0) return FINE;
  if (!f.certain) return CANNOT_TELL;
  return wrong(
    ...f.descriptors.map(({ process, fd, seq }) => ({
      object: `descriptor ${fd}`,
      reserved: [{ process, fd }],
      message: `${f.operation} failed with ${errnoName(f.result)} and keeps descriptor ${fd} reserved, taken by get_unused_fd_flags at event ${seq}; the healthy path gives it back with put_unused_fd before the call returns`,
      evidence: sorted([seq, f.event.seq]),
      unreturned: { event: seq, by: "get_unused_fd_flags", put: "put_unused_fd before the call returns" },
    })),
  );
});

const unusedDescriptor = rule("leaked-descriptor", "descriptor-kept", (f) => {
  if (!f.certain) return CANNOT_TELL;
  const { process, fd, seq } = f.descriptor;
  return wrong({
    object: `descriptor ${fd}`,
    reserved: [{ process, fd }],
    message: `descriptor ${fd}, taken by get_unused_fd_flags at event ${seq}, is still reserved with nothing installed under it after its task was back in user space; the healthy path calls fd_install, or put_unused_fd where it fails`,
    evidence: sorted([seq, f.event.seq]),
    unreturned: { event: seq, by: "get_unused_fd_flags", put: "fd_install or put_unused_fd" },
  });
});

const leakedMountAtExit = rule("leaked-mount", "module-exited", (f, words) => {
  if (f.mounts.length === 0) return FINE;
  if (!f.certain) return CANNOT_TELL;
  return wrong(
    ...f.mounts
      .map((mount) => ({
        mount,
        by: mount.references.find((r) => r.by === "kern_mount")?.seq ?? (mount.birth || mount.met),
      }))
      .map(({ mount, by }) => ({
        object: words.label(mount),
        message: `${f.how === "exit" ? `${words.label(f.module)} is gone` : `the init of ${words.label(f.module)} failed`} and ${words.label(mount)}${mount.kind === "mount" && mount.fsName ? ` of ${mount.fsName}` : ""} is still mounted, by kern_mount at event ${by}; the healthy path unmounts it with kern_unmount in kvm_gmem_exit`,
        evidence: sorted([by, ...(f.exit ? [f.exit] : []), f.event.seq]),
        steps: trailOf(mount),
        kept: [mount.id],
        unreturned: { event: by, by: "kern_mount", put: "kern_unmount in kvm_gmem_exit" },
      })),
  );
});

const missingModuleReference = rule("missing-module-reference", "file-made", (f, words) => {
  if (f.held) return FINE;
  if (!f.certain) return CANNOT_TELL;
  return wrong({
    object: words.label(f.module),
    message: `${words.label(f.file)} can be used and holds no reference on ${words.label(f.module)}, whose code it reaches; the healthy path takes one with try_module_get before the file is made`,
    evidence: sorted([f.file.birth || f.file.met, f.event.seq]),
    steps: trailOf(f.file),
    lacking: [f.module.id],
  });
});

const refcountUnderflow = rule("refcount-underflow", "put-without-get", (f, words) => {
  if (!f.certain) return CANNOT_TELL;
  const count = f.observed === null ? "" : ` (the count was ${f.observed})`;
  return wrong({
    object: words.label(f.target),
    message: `${f.event.point!.operation.name} drops a reference on ${words.label(f.target)} that ${f.by} does not hold${count}`,
    evidence: sorted([
      ...trailOf(f.target)
        .slice(-4)
        .map((s) => s.seq),
      f.event.seq,
    ]),
    steps: trailOf(f.target).slice(-12),
    lacking: [f.target.id],
  });
});

const releasedInUse = rule("refcount-underflow", "file-released", (f, words) => {
  if (f.descriptors.length === 0) return FINE;
  if (!f.certain) return CANNOT_TELL;
  return wrong({
    object: words.label(f.file),
    message: `${words.label(f.file)} is released while descriptor ${f.descriptors.join(", ")} still refers to it: a reference was dropped that nobody had taken`,
    evidence: sorted([
      ...trailOf(f.file)
        .slice(-6)
        .map((s) => s.seq),
      f.event.seq,
    ]),
    steps: trailOf(f.file).slice(-12),
  });
});

const endedWhileHeld = rule("refcount-underflow", "ended-while-held", (f, words) => {
  if (f.holders.length === 0) return FINE;
  if (!f.certain) return CANNOT_TELL;
  return wrong({
    object: words.label(f.object),
    message: `${f.event.point!.operation.name} ends ${words.label(f.object)} while ${f.holders.map((h) => `${words.label(h.owner)} still holds the reference that ${h.reference.by} took at event ${h.reference.seq}`).join(" and ")}: one was dropped that nobody had taken`,
    evidence: sorted([
      ...f.holders.map((h) => h.reference.seq),
      ...trailOf(f.object)
        .slice(-4)
        .map((s) => s.seq),
      f.event.seq,
    ]),
    steps: trailOf(f.object).slice(-12),
  });
});

const useAfterFree = [
  rule("use-after-free", "touched-dead", (f, words) => {
    if (!f.certain) return CANNOT_TELL;
    const end = f.object.death || ("pendingRcu" in f.object ? f.object.pendingRcu : 0);
    return wrong({
      object: words.label(f.object),
      message: `${f.operation} on ${words.label(f.object)}, which was gone at event ${end}`,
      evidence: sorted([end, f.event.seq]),
      steps: trailOf(f.object),
    });
  }),
  rule("use-after-free", "code-gone", (f, words) => {
    if (!f.certain) return CANNOT_TELL;
    const through = f.through ? ` for ${words.label(f.through)}` : "";
    return wrong({
      object: words.label(f.module),
      message: `${f.operation}${through} needs the code of ${words.label(f.module)}, which was freed at event ${f.freed}`,
      evidence: sorted([f.freed, f.event.seq]),
      steps: [...trailOf(f.module).slice(-8), ...(f.through ? trailOf(f.through).slice(-8) : [])],
    });
  }),
];

const doubleFree = rule("double-free", "freed-twice", (f, words) => {
  if (!f.certain) return CANNOT_TELL;
  return wrong({
    object: words.label(f.object),
    message: `${f.event.point!.operation.name} on ${words.label(f.object)} for the second time in one life; the first was at event ${f.first}`,
    evidence: sorted([f.first, f.event.seq]),
    steps: trailOf(f.object),
  });
});

const moduleExitInUse = rule("module-exit-in-use", "module-exited", (f, words) => {
  if (f.how === "failed init") return FINE;
  const live = [...f.live, ...f.mounts];
  if (live.length === 0) return FINE;
  if (!f.certain) return CANNOT_TELL;
  const steps = race(f, live);
  return wrong({
    object: words.label(f.module),
    message: `the exit of ${words.label(f.module)} ran to its end while ${live.map((o) => `${words.label(o)}${stage(o)}`).join(", ")} still live${live.length === 1 ? "s" : ""}`,
    evidence: sorted([...steps.map((s) => s.seq), f.event.seq]),
    steps,
  });
});

function stage(o: KernelObject): string {
  if (o.kind === "inode" && o.stage !== "live")
    return ` (${o.stage === "destroyed" ? "waiting for its RCU callback" : o.stage})`;
  return "";
}

/**
 * The steps that led to it, of the module and of the objects that live: from the release that unpinned the module, or
 * from the exit.
 */
function race(f: FactOf<"module-exited">, live: readonly KernelObject[]): Step[] {
  const unpinned = f.module.kind === "module" ? f.module.unpinned : 0;
  return together([f.module, ...live], unpinned || f.exit || f.event.seq);
}

/**
 * The steps of several objects, in order. An event that concerns several is a step of the first on which it had an
 * effect.
 */
function together(objects: readonly KernelObject[], from = 0): Step[] {
  const bySeq = new Map<number, Step>();
  for (const o of objects)
    for (const s of trailOf(o)) if (s.seq >= from && !bySeq.get(s.seq)?.note) bySeq.set(s.seq, s);
  return [...bySeq.values()].sort((a, b) => a.seq - b.seq);
}

const cacheDestroyedInUse = rule("cache-destroyed-in-use", "cache-destroyed", (f, words) => {
  if (!f.certain) return CANNOT_TELL;
  if (f.inodes.length === 0) return FINE;
  const still = (o: KernelObject): string =>
    o.death ? `was still to be handed back, at event ${o.death}` : "still lived";
  const inodes = f.inodes.map((o) => `${words.label(o)} of it ${still(o)}`).join(", ");
  const healthy =
    "on the healthy path every inode is evicted by then, and rcu_barrier has waited for their RCU callbacks";
  return wrong({
    object: words.label(f.cache),
    message: `${words.label(f.cache)} was destroyed at event ${f.destroyed} while ${inodes}; ${healthy}`,
    evidence: sorted([
      ...f.inodes.flatMap((o) => (o.death ? [o.birth, o.death] : [o.birth])),
      f.destroyed,
      f.event.seq,
    ]),
    steps: together([f.cache, ...f.inodes]),
  });
});

const danglingBinding = rule("dangling-binding", "binding-checked", (f, words) => {
  if (f.how === "") return FINE;
  if (!f.certain) return CANNOT_TELL;
  const file = f.file ? ` to ${words.label(f.file)}` : "";
  return wrong({
    object: words.label(f.slot),
    message: `${words.label(f.slot)}, bound${file} at event ${f.slot.birth || f.slot.met}, was ${f.how}; the healthy path calls kvm_gmem_unbind when a slot goes`,
    evidence: sorted([f.slot.birth || f.slot.met, f.event.seq]),
    steps: trailOf(f.slot),
  });
});

const unbalancedErrorPath = rule("unbalanced-error-path", "call-failed", (f, words) => {
  const kept = [
    ...f.left.map((h) => `${words.label(h.target)} +1 (${h.reference.by}, event ${h.reference.seq})`),
    ...f.inodes.map((i) => `${words.label(i)} alive`),
    ...f.descriptors.map((d) => `descriptor ${d.fd} reserved`),
  ];
  const lost = f.overput.map((o) => `${words.label(o.target)} −1 (event ${o.seq})`);
  if (kept.length + lost.length === 0) return FINE;
  if (!f.certain) return CANNOT_TELL;
  return wrong({
    object: f.operation,
    message: `${f.operation} failed with ${errnoName(f.result)} and left a difference: ${[...kept, ...lost].join(", ")}; an error path gives back all that it took and no more`,
    evidence: sorted([
      f.entry,
      ...f.left.map((h) => h.reference.seq),
      ...f.descriptors.map((d) => d.seq),
      ...f.overput.map((o) => o.seq),
      f.event.seq,
    ]),
    kept: [...f.left.map((h) => h.target.id), ...f.inodes.map((i) => i.id)],
    ...(f.descriptors.length > 0 ? { reserved: f.descriptors.map(({ process, fd }) => ({ process, fd })) } : {}),
  });
});

const moduleUnpinnedEarly = rule(
  "module-unpinned-early",
  "module-unpinned",
  (f, words) => {
    if (f.remaining === null) return CANNOT_TELL;
    if (f.remaining > 0 || !f.inode || f.inode.death) return FINE;
    if (!f.certain) return CANNOT_TELL;
    return wrong({
      object: words.label(f.module),
      message: `${words.label(f.file)} drops the last reference on ${words.label(f.module)} while ${words.label(f.inode)} is still to be evicted and freed by its code; an rmmod from here on finds nothing to wait for`,
      evidence: [f.event.seq],
      steps: trailOf(f.file).slice(-6),
    });
  },
  "warning",
);

export const rules: readonly Rule[] = [
  ...leakedInode,
  leakedFile,
  uninstalledFile,
  leakedDescriptor,
  uninstalledDescriptor,
  unusedDescriptor,
  leakedMountAtExit,
  ...leaks("inode", "leaked-inode"),
  ...leaks("mount", "leaked-mount"),
  ...leaks("vm", "leaked-vm"),
  ...leaks("module", "leaked-module-reference"),
  missingModuleReference,
  refcountUnderflow,
  releasedInUse,
  endedWhileHeld,
  ...useAfterFree,
  doubleFree,
  moduleExitInUse,
  cacheDestroyedInUse,
  danglingBinding,
  unbalancedErrorPath,
  moduleUnpinnedEarly,
] as readonly Rule[];
