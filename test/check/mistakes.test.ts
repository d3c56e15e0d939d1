/**
 * A kernel's mistake, made by editing one line of a healthy life, is found by the rule that is about it, at the event
 * where it becomes certain, with the get (or the first of two) as evidence. If events were lost, or the operation that
 * would have shown the contrary is not probed, there is no finding.
 */
import test from "ava";
import type { RuleName } from "../../src/check/finding.js";
import type { Replay } from "../../src/replay/replay.js";
import { GMEM_MOUNT, healthyLife, Kernel, type Variant } from "../support/kernel.js";
import { type At, OTHER, RUNNER, type Script } from "../support/script.js";

const VARIANTS: readonly Variant[] = ["anonymous", "patched", "merged"];

interface Expected {
  readonly rule: RuleName;
  readonly at: At;
  /** The event that the finding must name as the one without its counterpart. */
  readonly names?: At;
}

interface Mistake {
  readonly what: string;
  /** The inode variants that have the code of the mistake; all by default. */
  readonly on?: readonly Variant[];
  readonly script: (variant: Variant) => Script;
  readonly finds: readonly Expected[];
  /** An operation without whose probe the rule cannot tell. */
  readonly unprobed?: readonly string[];
  /** A printed count, or an end that was seen, proves the mistake whatever was lost or not probed before. */
  readonly anyway?: readonly Expected[];
}

const line = (name: string, args = "", task = RUNNER, step = "mistake") => ({ step, name, args, task });

/** Leaves out later lines: a module that is kept is not unloaded, a mount that is kept not unmounted to its end. */
function stays(script: Script): Script {
  return script
    .dropFrom({ in: "unload", name: "kvm_exit" }, { in: "unload", name: "module_put" })
    .drop({ in: "unload kvm", name: "free_module" });
}

/** A life with two files of guest_memfd, one after the other; the second is bound and unbound twice. */
function bound(variant: Variant): Script {
  const k = new Kernel(variant).load();
  const vm = k.vm(6);
  k.close(k.gmem(vm, 5, "first gmem"), "first close");
  k.rcu("first rcu");
  const gmem = k.gmem(vm, 5);
  k.unbind(k.bind(gmem, 2, "first bind"), "first unbind");
  const slot = k.bind(gmem, 1);
  k.unbind(slot);
  k.close(gmem);
  k.rcu();
  k.closeVm(vm);
  k.unload();
  return k.script;
}

const life = healthyLife;
const freeing = (v: Variant): string => (v === "merged" ? "kvm_gmem_free_inode" : "free_inode_nonrcu");
const lastOfEvict = (v: Variant): string => (v === "merged" ? "kvm_gmem_destroy_inode" : "__destroy_inode");

const MISTAKES: readonly Mistake[] = [
  {
    what: "the error path of a creation keeps the module",
    script: (v) => stays(life(v).drop({ in: "gmem fails", name: "module_put" })),
    finds: [
      {
        rule: "leaked-module-reference",
        at: { in: "gmem fails", name: "kvm_gmem_create_ret" },
        names: { in: "gmem fails", name: "try_module_get_ret" },
      },
      {
        rule: "unbalanced-error-path",
        at: { in: "gmem fails", name: "kvm_gmem_create_ret" },
        names: { in: "gmem fails", name: "try_module_get_ret" },
      },
    ],
    unprobed: ["try_module_get"],
  },
  {
    what: "the error path of a creation keeps the inode",
    script: (v) =>
      life(v)
        .dropFrom({ in: "gmem fails", name: "iput", nth: 1 }, { in: "gmem fails", name: lastOfEvict(v) })
        .drop({ in: "other rcu", name: "i_callback" }, { in: "other rcu", name: freeing(v) }),
    finds: [
      { rule: "leaked-inode", at: { in: "gmem fails", name: "kvm_gmem_create_ret" } },
      { rule: "unbalanced-error-path", at: { in: "gmem fails", name: "kvm_gmem_create_ret" } },
    ],
  },
  {
    what: "the error path of a creation puts the inode once too often",
    script: (v) => life(v).double({ in: "gmem fails", name: "iput", nth: 1 }),
    finds: [
      { rule: "refcount-underflow", at: { in: "gmem fails", name: "iput", nth: 2 } },
      { rule: "unbalanced-error-path", at: { in: "gmem fails", name: "kvm_gmem_create_ret" } },
    ],
    anyway: [{ rule: "refcount-underflow", at: { in: "gmem fails", name: "iput", nth: 2 } }],
  },
  {
    what: "the error path of a creation puts the module once too often",
    script: (v) => life(v).double({ in: "gmem fails", name: "module_put" }),
    finds: [
      { rule: "refcount-underflow", at: { in: "gmem fails", name: "module_put", nth: 1 } },
      { rule: "unbalanced-error-path", at: { in: "gmem fails", name: "kvm_gmem_create_ret" } },
    ],
    unprobed: ["try_module_get"],
  },
  {
    what: "the error path of a creation keeps the descriptor",
    script: (v) => life(v).drop({ in: "gmem fails", name: "put_unused_fd" }),
    finds: [
      {
        rule: "leaked-descriptor",
        at: { in: "gmem fails", name: "kvm_gmem_create_ret" },
        names: { in: "gmem fails", name: "get_unused_fd_flags_ret" },
      },
      {
        rule: "unbalanced-error-path",
        at: { in: "gmem fails", name: "kvm_gmem_create_ret" },
        names: { in: "gmem fails", name: "get_unused_fd_flags_ret" },
      },
    ],
    unprobed: ["get_unused_fd_flags"],
  },
  {
    what: "the error path of a creation keeps the mount",
    script: (v) => stays(life(v).drop({ in: "gmem fails", name: "mntput" })),
    finds: [
      {
        rule: "leaked-mount",
        at: { in: "gmem fails", name: "kvm_gmem_create_ret" },
        names: { in: "gmem fails", name: "mntget" },
      },
      {
        rule: "unbalanced-error-path",
        at: { in: "gmem fails", name: "kvm_gmem_create_ret" },
        names: { in: "gmem fails", name: "mntget" },
      },
    ],
    unprobed: ["mntget"],
  },
  {
    what: "a creation does not take the module",
    script: (v) => life(v).drop({ in: "gmem", name: "try_module_get" }, { in: "gmem", name: "try_module_get_ret" }),
    finds: [
      { rule: "missing-module-reference", at: { in: "gmem", name: "kvm_gmem_create_ret" } },
      { rule: "refcount-underflow", at: { in: "close", name: "module_put" } },
    ],
    unprobed: ["try_module_get"],
  },
  {
    what: "a creation holds the inode once more than its dentry needs",
    script: (v) => {
      const s = life(v);
      const { args } = s.line({ in: "gmem", name: "security_inode_init_security_anon" });
      return s
        .after(
          { in: "gmem", name: "alloc_file_pseudo_ret" },
          { step: "gmem", name: "ihold", args: `${args} i_count=?`, task: RUNNER },
        )
        .dropFrom({ in: "close", name: "evict" }, { in: "close", name: lastOfEvict(v) })
        .drop({ in: "rcu", name: "i_callback" }, { in: "rcu", name: freeing(v) });
    },
    finds: [
      { rule: "leaked-inode", at: { in: "gmem", name: "kvm_gmem_create_ret" }, names: { in: "gmem", name: "ihold" } },
    ],
  },
  {
    what: "a creation takes the mount twice",
    script: (v) => {
      const s = life(v);
      return stays(s.after({ in: "gmem", name: "alloc_file_pseudo_ret" }, s.line({ in: "gmem", name: "mntget" })));
    },
    finds: [
      {
        rule: "leaked-mount",
        at: { in: "gmem", name: "kvm_gmem_create_ret" },
        names: { in: "gmem", name: "mntget", nth: 1 },
      },
    ],
    unprobed: ["mntget"],
  },
  {
    what: "a release keeps the VM",
    script: (v) =>
      life(v).drop(
        { in: "close", name: "kvm_put_kvm" },
        { in: "close vm", name: "kvm_destroy_vm" },
        { in: "close vm", name: "kvm_arch_destroy_vm" },
      ),
    finds: [{ rule: "leaked-vm", at: { in: "close", name: "mntput" }, names: { in: "gmem", name: "kvm_get_kvm" } }],
    unprobed: ["kvm_get_kvm"],
  },
  {
    what: "a release keeps the module",
    script: (v) => stays(life(v).drop({ in: "close", name: "module_put" })),
    finds: [
      {
        rule: "leaked-module-reference",
        at: { in: "close", name: "mntput" },
        names: { in: "gmem", name: "try_module_get_ret" },
      },
    ],
    unprobed: ["module_put"],
  },
  {
    what: "a release puts the VM twice, and so destroys it under its open file",
    script: (v) => {
      const s = life(v);
      const { args } = s.line({ in: "close", name: "kvm_put_kvm" });
      return s
        .double({ in: "close", name: "kvm_put_kvm" })
        .after(
          { in: "close", name: "kvm_put_kvm", nth: 1 },
          { step: "close", name: "kvm_destroy_vm", args, task: RUNNER },
        )
        .drop({ in: "close vm", name: "kvm_destroy_vm" }, { in: "close vm", name: "kvm_arch_destroy_vm" });
    },
    finds: [
      { rule: "refcount-underflow", at: { in: "close", name: "kvm_put_kvm", nth: 1 } },
      {
        rule: "refcount-underflow",
        at: { in: "close", name: "kvm_destroy_vm" },
        names: { in: "vm", name: "kvm_arch_init_vm_ret" },
      },
      { rule: "use-after-free", at: { in: "close vm", name: "kvm_put_kvm" } },
    ],
    anyway: [{ rule: "use-after-free", at: { in: "close vm", name: "kvm_put_kvm" } }],
  },
  {
    what: "a creation does not take the VM, whose close then destroys it under the file",
    script: (v) => {
      const k = new Kernel(v).load();
      const vm = k.vm(6);
      const gmem = k.gmem(vm, 5);
      k.closeVm(vm);
      k.close(gmem);
      k.rcu().unload();
      return k.script.drop({ in: "gmem", name: "kvm_get_kvm" });
    },
    finds: [
      { rule: "use-after-free", at: { in: "close", name: "kvm_gmem_release" } },
      { rule: "use-after-free", at: { in: "close", name: "kvm_put_kvm" } },
    ],
  },
  {
    what: "a bind keeps the file",
    script: (v) =>
      bound(v)
        .drop(
          { in: "bind", name: "fput" },
          { in: "rcu", name: "i_callback" },
          { in: "rcu", name: freeing(v) },
          { in: "close vm", name: "kvm_destroy_vm" },
          { in: "close vm", name: "kvm_arch_destroy_vm" },
        )
        .dropFrom({ in: "close", name: "__fput" }, { in: "close", name: "mntput" })
        .dropFrom({ in: "unload", name: "kvm_exit" }, { in: "unload", name: "module_put" }),
    finds: [
      {
        rule: "leaked-file",
        at: { in: "close vm", name: "file_close_fd" },
        names: { in: "bind", name: "kvm_gmem_bind" },
      },
    ],
    unprobed: ["fput"],
  },
  {
    what: "an unbind keeps the file",
    script: (v) =>
      bound(v)
        .drop(
          { in: "unbind", name: "fput" },
          { in: "rcu", name: "i_callback" },
          { in: "rcu", name: freeing(v) },
          { in: "close vm", name: "kvm_destroy_vm" },
          { in: "close vm", name: "kvm_arch_destroy_vm" },
        )
        .dropFrom({ in: "close", name: "__fput" }, { in: "close", name: "mntput" })
        .dropFrom({ in: "unload", name: "kvm_exit" }, { in: "unload", name: "module_put" }),
    finds: [
      {
        rule: "leaked-file",
        at: { in: "close vm", name: "file_close_fd" },
        names: { in: "unbind", name: "kvm_gmem_unbind" },
      },
    ],
    unprobed: ["fput"],
  },
  {
    what: "a slot is deleted without being unbound",
    script: (v) => bound(v).drop({ in: "unbind", name: "kvm_gmem_unbind" }, { in: "unbind", name: "fput" }),
    finds: [
      {
        rule: "dangling-binding",
        at: { in: "unbind", name: "kvm_set_memory_region_ret" },
        names: { in: "bind", name: "kvm_gmem_bind_ret" },
      },
    ],
  },
  {
    what: "the module's exit leaves the mount",
    on: ["patched", "merged"],
    script: (v) => life(v).dropFrom({ in: "unload", name: "kern_unmount" }, { in: "unload", name: freeing(v) }),
    finds: [
      {
        rule: "leaked-mount",
        at: { in: "unload", name: "free_module" },
        names: { in: "load", name: "kern_mount_ret" },
      },
      { rule: "module-exit-in-use", at: { in: "unload", name: "free_module" } },
    ],
  },
  {
    what: "the module's exit unmounts twice",
    on: ["patched", "merged"],
    script: (v) =>
      life(v).after({ in: "unload", name: "delayed_free_vfsmnt" }, line("kern_unmount", `mnt=${GMEM_MOUNT}`)),
    finds: [
      {
        rule: "double-free",
        at: { in: "mistake", name: "kern_unmount" },
        names: { in: "unload", name: "kern_unmount" },
      },
    ],
  },
  {
    what: "a file is released twice",
    script: (v) => {
      const s = life(v);
      return s.after({ in: "close", name: "mntput" }, { ...s.line({ in: "close", name: "__fput" }), step: "mistake" });
    },
    finds: [{ rule: "double-free", at: { in: "mistake", name: "__fput" } }],
  },
  {
    what: "an inode's memory is handed back twice",
    script: (v) => life(v).double({ in: "rcu", name: freeing(v) }),
    finds: [{ rule: "double-free", at: { in: "rcu", name: "free", nth: 1 } }],
  },
  {
    what: "an inode is held after its memory was handed back",
    on: ["merged"],
    script: (v) => {
      const s = life(v);
      const { args } = s.line({ in: "gmem", name: "security_inode_init_security_anon" });
      return s.after({ in: "rcu", name: "kvm_gmem_free_inode" }, line("ihold", `${args} i_count=0`));
    },
    finds: [{ rule: "use-after-free", at: { in: "mistake", name: "ihold" } }],
  },
  {
    what: "kvm_amd is freed while another task still evicts an inode",
    script: (v) => {
      const k = new Kernel(v).load();
      const vm = k.vm(6);
      const gmem = k.gmem(vm, 5);
      k.as(OTHER).closeVm(vm, false);
      k.as(RUNNER).close(gmem);
      k.as(OTHER).unload();
      k.as(RUNNER).rcu();
      // The file still holds the mount, so that kern_unmount gives back one reference of two and ends nothing.
      const s =
        v === "anonymous"
          ? k.script
          : k.script.dropFrom({ in: "unload", name: "deactivate_super" }, { in: "unload", name: freeing(v) });
      return s.move("unload", { in: "close", name: "evict" });
    },
    finds: [{ rule: "module-exit-in-use", at: { in: "unload", name: "free_module" } }],
  },
  {
    what: "an inode's callback runs after the exit of the module whose cache it goes to",
    on: ["merged"],
    script: (v) => life(v).move("rcu", { in: "unload kvm", name: "free_module" }),
    finds: [{ rule: "module-exit-in-use", at: { in: "rcu", name: "i_callback" } }],
  },
  {
    what: "code of kvm runs after kvm was freed",
    script: (v) => {
      const s = life(v);
      return s.after(
        { in: "unload kvm", name: "free_module" },
        line("kvm_gmem_fault_user_mapping", "vmf=0xffff888004000000"),
      );
    },
    finds: [
      {
        rule: "use-after-free",
        at: { in: "mistake", name: "kvm_gmem_fault_user_mapping" },
        names: { in: "unload kvm", name: "free_module" },
      },
    ],
    unprobed: ["free_module"],
  },
];

/** `free` stands for the operation that hands an inode's memory back, which differs between the variants. */
function place(at: At, variant: Variant): At {
  return at.name === "free" ? { ...at, name: freeing(variant) } : at;
}

function said(replay: Replay): string[] {
  return replay.findings.map((f) => `${f.rule} at ${f.event}`).sort();
}

function expected(script: Script, findings: readonly Expected[], variant: Variant): string[] {
  return findings.map((f) => `${f.rule} at ${script.event(place(f.at, variant))}`).sort();
}

for (const mistake of MISTAKES) {
  for (const variant of mistake.on ?? VARIANTS) {
    test(`found: ${mistake.what} (${variant})`, async (t) => {
      const script = mistake.script(variant);
      const replay = await script.replay();
      t.deepEqual(said(replay), expected(script, mistake.finds, variant));
      for (const { rule, at, names } of mistake.finds) {
        const finding = replay.findings.find((f) => f.rule === rule && f.event === script.event(place(at, variant)))!;
        if (names)
          t.true(
            finding.evidence.includes(script.event(names)),
            `${finding.message} names ${names.name}: ${finding.evidence}`,
          );
        t.true(finding.evidence.every((seq) => seq > 0 && seq <= finding.event));
      }
      t.is(replay.trace.skipped, 0);
    });

    test(`cannot tell, for events were lost: ${mistake.what} (${variant})`, async (t) => {
      const script = mistake.script(variant);
      const replay = await script.loseBefore(place(mistake.finds[0]!.at, variant)).replay();
      t.is(replay.trace.lost, 7);
      t.deepEqual(said(replay), expected(script, mistake.anyway ?? [], variant));
    });

    if (mistake.unprobed) {
      test(`cannot tell without a probe on ${mistake.unprobed.join(" and ")}: ${mistake.what} (${variant})`, async (t) => {
        const script = mistake.script(variant).unseen(...mistake.unprobed!);
        t.deepEqual(said(await script.replay()), expected(script, mistake.anyway ?? [], variant));
      });
    }
  }
}

for (const variant of VARIANTS) {
  test(`a healthy life has no finding and no count that the ledger cannot explain (${variant})`, async (t) => {
    const replay = await healthyLife(variant).replay();
    t.deepEqual(said(replay), []);
    t.is(replay.counts.unexplained, 0);
    t.is(replay.counts.explained.size, 0);
    t.is(replay.missing.total, 0);
    t.is(replay.trace.skipped, 0);
    for (const kind of ["inode", "dentry", "file", "vm", "memslot", "module"])
      t.is(replay.objects[kind]!.live, 0, kind);
    for (const kind of ["inode", "dentry", "file", "vm", "memslot", "module"])
      t.is(replay.objects[kind]!.born, replay.objects[kind]!.died, kind);
  });
}

test("a descriptor that a failed creation kept shows in the numbers that follow, where no probe shows one given back", async (t) => {
  const k = new Kernel().load();
  const vm = k.vm(6);
  k.gmemFails(vm, 7);
  k.gmem(vm, 8);
  const kept = k.script.unseen("put_unused_fd");
  t.deepEqual(said(await kept.replay()), [
    `leaked-descriptor at ${kept.event({ in: "gmem fails", name: "kvm_gmem_create_ret" })}`,
    `unbalanced-error-path at ${kept.event({ in: "gmem fails", name: "kvm_gmem_create_ret" })}`,
  ]);

  const again = new Kernel().load();
  const other = again.vm(6);
  again.gmemFails(other, 7);
  again.gmem(other, 7);
  t.deepEqual(
    said(await again.script.unseen("put_unused_fd").replay()),
    [],
    "the lowest free descriptor is the one that was given back",
  );
});
