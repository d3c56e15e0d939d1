/**
 * The owner of each reference, moment by moment: it is the call that took the reference, then the object that the call
 * made.
 */
import test from "ava";
import type { KernelObject } from "../../src/reduce/objects.js";
import { trailOf } from "../../src/reduce/transitions.js";
import type { World } from "../../src/reduce/world.js";
import { type Gmem, GMEM_MOUNT, healthyLife, Kernel, KVM_AMD, type Vm } from "../support/kernel.js";
import type { At, Script } from "../support/script.js";

const k = new Kernel().load();
const vm: Vm = k.vm(6);
const gmem: Gmem = k.gmem(vm, 5);
k.close(gmem);
k.rcu();
k.closeVm(vm);
const script: Script = k.script;

async function world(moment: At): Promise<World> {
  return (await script.replay({ at: { event: script.event(moment) } })).world;
}

function at(w: World, kind: KernelObject["kind"], address: string): KernelObject {
  const n = BigInt(address);
  return w.at(kind, w.addresses.find(Number(n & 0xffffffffn), Number(n >> 32n))!)!;
}

/** The references on an object: of each the operation that took it, and its owner. */
function holders(w: World, kind: KernelObject["kind"], address: string): string[] {
  return at(w, kind, address)
    .references.map(({ by, owner }) => {
      if (owner === 0) return `${by}: nobody seen`;
      if (owner < 0) return `${by}: call at ${-owner}`;
      return `${by}: ${w.store.any(owner)?.kind ?? "gone"}`;
    })
    .sort();
}

const CREATE = `call at ${script.event({ in: "gmem", name: "kvm_gmem_create" })}`;

test("what a call takes is the call's, passes to its caller when it returns, and to the file when that is made", async (t) => {
  const inside = await world({ in: "gmem", name: "try_module_get_ret" });
  t.true(holders(inside, "module", KVM_AMD).includes(`try_module_get: ${CREATE}`));
  const inner = script.event({ in: "gmem", name: "anon_inode_make_secure_inode" });
  t.deepEqual(holders(await world({ in: "gmem", name: "alloc_anon_inode_ret" }), "inode", gmem.inode), [
    `alloc_anon_inode: call at ${inner}`,
  ]);
  t.deepEqual(holders(await world({ in: "gmem", name: "anon_inode_make_secure_inode_ret" }), "inode", gmem.inode), [
    `alloc_anon_inode: ${CREATE}`,
  ]);
  t.deepEqual(holders(await world({ in: "gmem", name: "d_instantiate" }), "inode", gmem.inode), [
    "alloc_anon_inode: dentry",
  ]);
  t.true(
    holders(await world({ in: "gmem", name: "mntget" }), "mount", GMEM_MOUNT).includes(
      `mntget: call at ${script.event({ in: "gmem", name: "alloc_file_pseudo" })}`,
    ),
  );
  t.true(
    holders(await world({ in: "gmem", name: "alloc_file_pseudo_ret" }), "mount", GMEM_MOUNT).includes("mntget: file"),
  );
  t.true(holders(await world({ in: "gmem", name: "kvm_get_kvm" }), "vm", vm.kvm).includes(`kvm_get_kvm: ${CREATE}`));
  const made = await world({ in: "gmem", name: "kvm_gmem_create_ret" });
  t.deepEqual(holders(made, "vm", vm.kvm), ["kvm_create_vm: file", "kvm_get_kvm: file"]);
  t.true(holders(made, "module", KVM_AMD).includes("try_module_get: file"));
  t.deepEqual(holders(made, "dentry", gmem.dentry), ["d_alloc_pseudo: file"]);
});

test("a file at rest holds one reference each on its module, its VM, its dentry and its mount, and the dentry one on the inode", async (t) => {
  const w = await world({ in: "gmem", name: "kvm_gmem_create_ret" });
  const file = at(w, "file", gmem.file);
  const held = [...w.store.live()].flatMap((o) => o.references.filter((r) => r.owner === file.id).map(() => o.kind));
  t.deepEqual(held.sort(), ["dentry", "module", "mount", "vm"]);
  t.is(at(w, "inode", gmem.inode).count, 1);
  t.is(at(w, "vm", vm.kvm).count, 2);
  t.is(at(w, "dentry", gmem.dentry).count, 1);
});

test("a release gives back what the file holds, one after the other, the module before the inode", async (t) => {
  const put = await world({ in: "close", name: "kvm_put_kvm" });
  t.deepEqual(holders(put, "vm", vm.kvm), ["kvm_create_vm: file"]);
  t.is(at(put, "inode", gmem.inode).count, 1);
  const unpinned = await world({ in: "close", name: "module_put" });
  t.is(
    holders(unpinned, "module", KVM_AMD).filter((h) => h === "try_module_get: file").length,
    1,
    "the VM's file's is left",
  );
  t.is((at(unpinned, "inode", gmem.inode) as { stage?: string }).stage, "live");
  const evicted = await world({ in: "close", name: "evict" });
  t.deepEqual(holders(evicted, "inode", gmem.inode), []);
  t.is(at(evicted, "inode", gmem.inode).count, 0);
  t.truthy(at(evicted, "dentry", gmem.dentry).death);
  const over = await world({ in: "close", name: "mntput" });
  t.deepEqual(holders(over, "mount", GMEM_MOUNT), ["kern_mount: module"]);
  t.truthy(at(over, "file", gmem.file).death);
});

test("the last reference on a VM is its file's, and ends it", async (t) => {
  const w = await world({ in: "close vm", name: "kvm_put_kvm" });
  t.deepEqual(holders(w, "vm", vm.kvm), []);
  t.is(at(w, "vm", vm.kvm).count, 0);
});

test("a count that a probe prints is taken over, and what nobody was seen to take is nobody's", async (t) => {
  const from = script.lines.findIndex((line) => line.step === "gmem");
  const late = script.hide((i) => i < from);
  const { world: w } = await late.replay({ at: { event: late.event({ in: "gmem", name: "try_module_get" }) } });
  const module = at(w, "module", KVM_AMD);
  t.is(module.count, 2, "the loader's and the VM's file's");
  t.is(module.unprobed, 2);
  t.is(module.birth, 0);
});

test("a trail holds an object's steps in order, with what each did", async (t) => {
  const { world: w } = await script.replay({ at: { event: script.event({ in: "close", name: "evict" }) } });
  const inode = at(w, "inode", gmem.inode);
  const steps = trailOf(inode);
  t.deepEqual(
    steps.map((s) => s.seq),
    steps.map((s) => s.seq).sort((a, b) => a - b),
  );
  t.is(steps[0]!.seq, inode.birth);
  t.is(steps.at(-1)!.seq, script.event({ in: "close", name: "evict" }));
  t.is(steps.at(-1)!.note, "evicted with 0 pages");
});

test("a long life's trail keeps its first steps and its latest, and its size", async (t) => {
  const long = new Kernel().load();
  const lives = long.vm(6);
  const file = long.gmem(lives, 5);
  for (let i = 0; i < 400; i++) long.unbind(long.bind(file, 1, `bind ${i}`), `unbind ${i}`);
  const s = long.script;
  const r = await s.replay({ at: { event: s.last } });
  t.deepEqual(r.findings, []);
  const object = at(r.world, "file", file.file);
  const steps = trailOf(object);
  t.true(steps.length <= 64);
  t.is(steps[0]!.seq, object.birth);
  t.is(steps.at(-1)!.seq, s.event({ in: "unbind 399", name: "fput" }));
});

test("a healthy life leaves no reference behind, whatever the inode's kind", async (t) => {
  for (const variant of ["anonymous", "patched", "merged"] as const) {
    const { world: w } = await healthyLife(variant).replay();
    for (const o of w.store.live()) {
      if (!o.focus) continue;
      t.deepEqual(
        o.references.filter((r) => r.owner !== 0),
        [],
        `${variant}: ${w.label(o)}`,
      );
    }
  }
});
