/**
 * An object is an address and a lifetime; one that was met mid-life has an unknown birth, and no verdict rests on it.
 */
import test from "ava";
import { labelOf, type World } from "../../src/reduce/world.js";
import type { Kind, OfKind } from "../../src/reduce/objects.js";
import { GMEM_MOUNT, healthyLife, Kernel } from "../support/kernel.js";
import { type At, type Line, RUNNER, Script } from "../support/script.js";

/** The object of a kind at an address, at a moment of the script. */
async function at<K extends Kind>(
  script: Script,
  moment: At,
  kind: K,
  address: string,
): Promise<OfKind<K> | undefined> {
  const { world } = await script.replay({ at: { event: script.event(moment) } });
  return find(world, kind, address);
}

function find<K extends Kind>(world: World, kind: K, address: string): OfKind<K> | undefined {
  const n = BigInt(address);
  const id = world.addresses.find(Number(n & 0xffffffffn), Number(n >> 32n));
  return id === undefined ? undefined : world.at(kind, id);
}

const ADDRESSES = { file: "0xffff888020000000", inode: "0xffff888021000000", dentry: "0xffff888022000000" };

function lives(variant: "patched" | "merged", times: number): Script {
  const k = new Kernel(variant).load();
  const vm = k.vm(6);
  for (let i = 1; i <= times; i++) {
    k.close(k.gmem(vm, 5, `gmem ${i}`, ADDRESSES), `close ${i}`);
    k.rcu(`rcu ${i}`);
  }
  k.closeVm(vm);
  k.unload();
  return k.script;
}

for (const variant of ["patched", "merged"] as const) {
  test(`a new life at an old address is a new object, with the next generation (${variant})`, async (t) => {
    const script = lives(variant, 3);
    const ids = new Set<number>();
    for (let i = 1; i <= 3; i++) {
      const moment: At = { in: `gmem ${i}`, name: "kvm_gmem_create_ret" };
      const { world } = await script.replay({ at: { event: script.event(moment) } });
      for (const kind of ["file", "inode", "dentry"] as const) {
        const object = find(world, kind, ADDRESSES[kind])!;
        t.is(object.generation, i);
        t.is(object.death, 0);
        t.true(object.birth >= script.event({ in: `gmem ${i}`, name: "kvm_gmem_create" }), "born in this creation");
        t.false(ids.has(object.id));
        ids.add(object.id);
        t.is(labelOf(object, world.addresses), `${kind} ${ADDRESSES[kind]}${i > 1 ? `#${i}` : ""}`);
      }
    }
    const r = await script.replay();
    t.deepEqual(r.findings, []);
    t.deepEqual(r.objects["inode"], { born: 4, died: 4, live: 0 }, "three and the root's");
  });
}

test("an address that is handed out again ends the life that was there, though nothing showed its end", async (t) => {
  const script = lives("patched", 2);
  const unseen = script.drop({ in: "rcu 1", name: "i_callback" }, { in: "rcu 1", name: "free_inode_nonrcu" });
  const r = await unseen.replay();
  t.deepEqual(r.findings, []);
  t.deepEqual(r.objects["inode"], { born: 3, died: 3, live: 0 });
});

test("an inode is born when its allocation returns and dies when its memory is handed back", async (t) => {
  const script = lives("patched", 1);
  const before = await at(script, { in: "gmem 1", name: "alloc_anon_inode" }, "inode", ADDRESSES.inode);
  t.is(before, undefined);
  const born = await at(script, { in: "gmem 1", name: "alloc_anon_inode_ret" }, "inode", ADDRESSES.inode);
  t.is(born!.birth, script.event({ in: "gmem 1", name: "alloc_anon_inode_ret" }));
  const waiting = await at(script, { in: "close 1", name: "mntput" }, "inode", ADDRESSES.inode);
  t.is(waiting!.stage, "destroyed");
  t.is(waiting!.death, 0);
  t.is(waiting!.pendingRcu, script.event({ in: "close 1", name: "destroy_inode" }));
  const dead = await at(script, { in: "rcu 1", name: "i_callback" }, "inode", ADDRESSES.inode);
  t.is(dead!.stage, "freed");
  t.is(dead!.death, script.event({ in: "rcu 1", name: "i_callback" }));
});

/** The healthy life in a recording that begins in the middle of it, at the first event of a step. */
function begunAt(step: string): Script {
  const script = healthyLife();
  const from = script.lines.findIndex((line) => line.step === step);
  return script.hide((i) => i < from);
}

for (const step of [
  "vm",
  "first gmem fails",
  "gmem",
  "other gmem",
  "gmem fails",
  "bind",
  "unbind",
  "other close",
  "other rcu",
  "close",
  "rcu",
  "close vm",
  "unload",
  "unload kvm",
]) {
  test(`a recording that begins with "${step}" has no finding and no unexplained count`, async (t) => {
    const r = await begunAt(step).replay();
    t.deepEqual(r.findings, []);
    t.is(r.counts.unexplained, 0);
  });
}

test("a recording that begins at any event of a healthy life, and ends at any later one, has no finding", async (t) => {
  for (const [i, variant] of (["anonymous", "patched", "merged"] as const).entries()) {
    const script = healthyLife(variant);
    // Every third event of each variant, and every event of some variant.
    for (let from = 1 + i; from < script.lines.length; from += 3) {
      const r = await script.hide((i) => i < from).replay();
      if (r.findings.length > 0)
        t.fail(
          `${variant} from ${from} (${script.lines[from]!.step}: ${script.lines[from]!.name}): ${r.findings.map((f) => f.message).join("; ")}`,
        );
    }
    for (let to = 1 + i; to < script.lines.length; to += 3) {
      const r = await script.hide((i) => i >= to).replay();
      if (r.findings.length > 0)
        t.fail(
          `${variant} up to ${to} (${script.lines[to]!.step}: ${script.lines[to]!.name}): ${r.findings.map((f) => f.message).join("; ")}`,
        );
    }
  }
  t.pass();
});

test("events lost anywhere in a healthy life are no finding", async (t) => {
  for (const [i, variant] of (["anonymous", "patched", "merged"] as const).entries()) {
    const script = healthyLife(variant);
    const loss: Line = { step: "loss", name: "LOST", args: "", task: RUNNER };
    for (let from = i; from + 5 < script.lines.length; from += 3) {
      const lossy = script.hide((i) => i >= from && i < from + 5);
      const r = await new Script([...lossy.lines.slice(0, from + 5), loss, ...lossy.lines.slice(from + 5)]).replay();
      if (r.findings.length > 0)
        t.fail(
          `${variant} without 5 events from ${from} (${script.lines[from]!.step}: ${script.lines[from]!.name}): ${r.findings.map((f) => f.message).join("; ")}`,
        );
    }
  }
  t.pass();
});

test("an object met mid-life has no birth, and a count only from the probe that prints it", async (t) => {
  const script = begunAt("close");
  const file = /file=(\S+)/.exec(script.line({ in: "close", name: "__fput" }).args)![1]!;
  const inode = /inode=(\S+)/.exec(script.line({ in: "close", name: "__fput" }).args)![1]!;
  const released = { in: "close", name: "kvm_gmem_release" };
  t.is((await at(script, released, "file", file))!.birth, 0);
  t.is((await at(script, released, "inode", inode))!.count, null);
  t.is((await at(script, { in: "close", name: "iput" }, "inode", inode))!.birth, 0);
  const r = await script.replay();
  t.is(r.objects["inode"]!.born, 0);
  t.is(r.objects["file"]!.born, 0);
});

test("kinds do not share addresses: a mount is not the inode that was there", async (t) => {
  const script = healthyLife();
  t.is(await at(script, { in: "gmem", name: "kvm_gmem_create" }, "inode", GMEM_MOUNT), undefined);
  t.is((await at(script, { in: "gmem", name: "kvm_gmem_create" }, "mount", GMEM_MOUNT))!.fsName, "guest_memfd");
});
