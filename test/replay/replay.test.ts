/** The result of the library call: counts, operations and their results, moments, and the summary of the recording. */
import test from "ava";
import fc from "fast-check";
import { errnoName } from "../../src/base/errno.js";
import type { Finding } from "../../src/check/finding.js";
import { type Replay, replay } from "../../src/replay/replay.js";
import { PersistentStore } from "../../src/reduce/persistent-store.js";
import { healthyLife, Kernel } from "../support/kernel.js";
import {
  arg,
  HEALTHY,
  healthyRecordings,
  nameOf,
  outOf,
  RECORDINGS,
  recordingsOf,
  replayed,
  scenarioOf,
  type TextEvent,
  textEvents,
  textOf,
} from "../support/recordings.js";
import { replayText, Script } from "../support/script.js";

/** Counts births and deaths of guest_memfd's objects in the text, by an independent search. */
function countsIn(
  events: readonly TextEvent[],
): Record<"inode" | "file" | "dentry" | "vm" | "memslot" | "mount" | "superblock", { born: number; died: number }> {
  const named = (name: string): TextEvent[] => events.filter((e) => e.name === name);
  const count = (name: string): number => named(name).length;
  const good = (e: TextEvent, name: string): boolean =>
    !arg(e, name).startsWith("0xfffffffffffff") && arg(e, name) !== "0x0" && !arg(e, name).startsWith("-");
  // Inside a creation: between its entry and its return, in the same task.
  const creating = new Map<string, boolean>();
  let mounting = false;
  const inside = { inode: 0, dentry: 0, file: 0, root: 0 };
  for (const e of events) {
    if (e.name === "kvm_gmem_create") creating.set(e.task, true);
    if (e.name === "kvm_gmem_create_ret") creating.set(e.task, false);
    if (e.name === "kern_mount") mounting = true;
    if (e.name === "kern_mount_ret") mounting = false;
    // The compiler may have hidden the root's d_instantiate.
    if (mounting && e.name === "d_instantiate") inside.root++;
    if (!creating.get(e.task)) continue;
    if (e.name === "alloc_anon_inode_ret" && good(e, "inode")) inside.inode++;
    if (e.name === "d_alloc_pseudo_ret" && good(e, "dentry")) inside.dentry++;
    if (e.name === "alloc_empty_file_ret" && good(e, "file")) inside.file++;
  }
  const mounts = named("kern_mount_ret").filter((e) => good(e, "mnt")).length;
  const vms = named("kvm_arch_init_vm_ret").filter((e) => arg(e, "err") === "0").length;
  const binds = named("kvm_gmem_bind_ret").filter((e) => arg(e, "err") === "0").length;
  return {
    // The root's are born and die with the mount.
    inode: { born: inside.inode + mounts, died: inside.inode + mounts },
    dentry: { born: inside.dentry + inside.root, died: inside.dentry + inside.root },
    file: { born: inside.file, died: inside.file },
    vm: { born: vms, died: count("kvm_destroy_vm") },
    memslot: { born: binds, died: binds },
    mount: { born: mounts, died: mounts },
    superblock: { born: mounts, died: count("kern_unmount") },
  };
}

for (const kernel of HEALTHY) {
  test(`objects of guest_memfd, born and died, are those of the text: ${kernel}`, async (t) => {
    for (const path of recordingsOf(kernel).filter((p) => /s01|s02|s04|s09|s14/.test(p))) {
      const { objects } = await replayed(path);
      for (const [kind, { born, died }] of Object.entries(countsIn(textEvents(path))))
        t.like(objects[kind], { born, died }, `${nameOf(path)}: ${kind}`);
    }
  });
}

test("a scenario that cleans up leaves nothing of guest_memfd alive", async (t) => {
  for (const path of recordingsOf(...HEALTHY).filter((p) => /s0[1-9]|s1[0-6]/.test(p))) {
    const { objects } = await replayed(path);
    // The system's own anonymous inodes exist before and after.
    for (const kind of ["inode", "dentry", "file", "vm", "memslot"])
      t.is(objects[kind]!.live, 0, `${nameOf(path)}: ${kind}`);
    for (const kind of ["inode", "dentry", "file", "vm", "memslot"])
      t.is(objects[kind]!.born, objects[kind]!.died, `${nameOf(path)}: ${kind}`);
  }
});

/** Returns the results of the scenario's lines of one operation. */
function resultsIn(out: readonly string[], operation: string): number[] {
  return out.flatMap((line) => {
    const match = new RegExp(`^${operation} .* = (-?\\d+)(?: ([A-Z0-9]+))?$`).exec(line);
    if (!match) return [];
    return [match[2] ? -errnoNumber(match[2]) : Number(match[1])];
  });
}

function errnoNumber(name: string): number {
  for (let n = 1; n < 134; n++) if (errnoName(n) === name) return n;
  throw new Error(`${name} is no error`);
}

for (const path of [...healthyRecordings(), ...recordingsOf("broken", "race")]) {
  test(`creations return what user space saw: ${nameOf(path)}`, async (t) => {
    const { operations } = await replayed(path);
    const mine = operations.filter((o) => o.name === "kvm_gmem_create");
    const seen = resultsIn(outOf(path), "gmem");
    // Threads run at once: the lines of the outcome are in the order of the scenario, the events in that of the clock.
    const threads = new Set(mine.map((o) => o.task)).size > 1;
    const order = (results: readonly (number | undefined)[]): (number | undefined)[] =>
      threads ? [...results].sort((a, b) => a! - b!) : [...results];
    t.true(seen.length > 0);
    t.deepEqual(order(mine.map((o) => o.result)), order(seen));
    for (const o of mine) t.is(o.error, o.result! < 0 ? errnoName(o.result!) : undefined);
  });
}

test("operations are in the order of their events, with the task that entered the kernel", async (t) => {
  for (const path of healthyRecordings()) {
    const { operations } = await replayed(path);
    const events = textEvents(path);
    let last = 0;
    for (const o of operations) {
      if (o.event <= last || events[o.event - 1]!.task !== o.task || events[o.event - 1]!.name !== o.name)
        t.fail(`${nameOf(path)}: ${o.name} at ${o.event}`);
      last = o.event;
    }
  }
  t.pass();
});

test("the trace is summed up as its text has it", async (t) => {
  for (const path of healthyRecordings().filter((p) => scenarioOf(p) === "s01-create-close")) {
    const events = textEvents(path);
    const r = await replayed(path);
    t.like(r.trace, { path, format: "ftrace", events: events.length, lost: 0, skipped: 0, unknown: 0, warnings: [] });
    t.is(r.trace.tasks, new Set(events.map((e) => e.task)).size);
    t.is(r.trace.seconds, Math.round((Number(events.at(-1)!.seconds) - Number(events[0]!.seconds)) * 1e6) / 1e6);
  }
});

test("the state at an event is the state of a recording that ends there", async (t) => {
  const path = `${RECORDINGS}/linux-7.2/s04-bind-unbind.trace.gz`;
  const lines = textOf(path).split("\n");
  const header = lines.filter((l) => l.startsWith("#"));
  const body = lines.filter((l) => l !== "" && !l.startsWith("#"));
  for (const event of [1, 2, 700, 1250, 1262, 1275, 1290, body.length - 1, body.length, body.length + 5]) {
    const moment = await replay(path, { at: { event } });
    const cut = await replayText([...header, ...body.slice(0, event), ""].join("\n"), { at: { event } });
    t.deepEqual([...moment.world.store.live()], [...cut.world.store.live()], `event ${event}`);
    t.deepEqual(moment.objects, cut.objects);
    t.deepEqual(moment.operations, cut.operations);
  }
});

test("the state at a time is that after the last event not later than it, to the nanosecond", async (t) => {
  const script = healthyLife();
  const shown = (r: Replay): string => JSON.stringify([...r.world.store.live()]);
  await fc.assert(
    fc.asyncProperty(fc.integer({ min: 1, max: script.lines.length }), async (event) => {
      // Events are a millisecond apart, from second 1 on.
      const time = 1_000_000_000n + BigInt(event - 1) * 1_000_000n;
      const at = shown(await script.replay({ at: { event } }));
      t.is(shown(await script.replay({ at: { time } })), at);
      t.is(shown(await script.replay({ at: { time: time + 999_999n } })), at);
      t.is(
        shown(await script.replay({ at: { time: time - 1n } })),
        shown(await script.replay({ at: { event: event - 1 } })),
      );
    }),
    { numRuns: 25 },
  );
});

test("before the first event there is nothing, after the last one everything", async (t) => {
  const script = healthyLife();
  t.deepEqual([...(await script.replay({ at: { event: 0 } })).world.store.live()], []);
  t.deepEqual([...(await script.replay({ at: { time: 0n } })).world.store.live()], []);
  t.deepEqual((await script.replay({ at: { event: 10 ** 9 } })).objects, (await script.replay()).objects);
});

test("a moment is of whichever store is asked for", async (t) => {
  const script = healthyLife();
  const event = script.event({ in: "bind", name: "kvm_gmem_bind_ret" });
  const kept = new PersistentStore();
  const r = await script.replay({ at: { event }, store: kept });
  t.is(r.world.store, kept);
  t.deepEqual([...kept.objects], [...(await script.replay({ at: { event } })).world.store.live()]);
});

test("findings are told while the recording is read, and returned in the order of their events", async (t) => {
  const path = recordingsOf("broken/leak-module-on-error").find((p) => scenarioOf(p) === "s18-fail-nth")!;
  const told: Finding[] = [];
  const progress: number[] = [];
  const r = await replay(path, {
    onFinding: (finding) => told.push(finding),
    onProgress: (events) => progress.push(events),
  });
  t.is(told.length, r.findings.length);
  t.deepEqual(new Set(told), new Set(r.findings));
  t.deepEqual(
    r.findings.map((f) => f.event),
    r.findings.map((f) => f.event).sort((a, b) => a - b),
  );
  t.is(progress.at(-1), r.trace.events);
  const lines = textOf(path).split("\n");
  for (const f of r.findings) {
    const line = lines[f.line! - 1]!;
    t.true(
      line.includes(`${f.time}: `) && line.includes(f.task),
      "its line, its time and its task are those of the file",
    );
    t.is(f.severity, "error");
  }
});

test("how often each rule was asked, and what it said, adds up", async (t) => {
  const path = recordingsOf("broken/leak-module-on-error").find((p) => scenarioOf(p) === "s09-enfile")!;
  const r = await replay(path);
  t.is(
    r.rules.get("leaked-module-reference")!.wrong,
    r.findings.filter((f) => f.rule === "leaked-module-reference").length,
  );
  for (const tally of r.rules.values()) t.true(tally.wrong >= 0 && tally.fine >= 0 && tally.cannotTell >= 0);
  const healthy = await replayed(`${RECORDINGS}/linux-6.12-patched/s09-enfile.trace.gz`);
  t.true([...healthy.rules].every(([name, tally]) => name === "module-unpinned-early" || tally.wrong === 0));
  t.true(healthy.rules.get("leaked-module-reference")!.fine > 0);
});

test("everything counts what has nothing to do with guest_memfd too, and finds nothing more", async (t) => {
  for (const kernel of HEALTHY) {
    const path = `${RECORDINGS}/${kernel}/s01-create-close.trace.gz`;
    const [few, all] = [await replayed(path), await replay(path, { everything: true })];
    for (const kind of ["inode", "file", "dentry", "module"])
      t.true(all.objects[kind]!.born >= few.objects[kind]!.born, kind);
    t.true(all.objects["file"]!.born > few.objects["file"]!.born);
    t.deepEqual(all.findings, []);
    t.deepEqual(all.operations, few.operations);
  }
});

test("two tasks' operations are each under their own name, whatever the interleaving", async (t) => {
  const one = (pid: number, cpu: number) => ({ comm: "runner", pid, cpu, flags: "....." });
  const life = (pid: number, fd: number, base: string) => {
    const k = new Kernel().as(one(pid, 0)).load();
    const vm = k.vm(6);
    const before = k.lines.length;
    const at = { file: `${base}1000`, inode: `${base}2000`, dentry: `${base}3000` };
    k.close(k.gmem(vm, fd, "gmem", at));
    return {
      setup: k.lines.slice(0, before),
      steps: k.lines.slice(before).map((l) => ({ ...l, task: one(pid, pid % 2) })),
    };
  };
  const [a, b] = [life(1, 5, "0xffff88805000"), life(2, 9, "0xffff88806000")];
  const alone = await new Script([...a.setup, ...a.steps, ...b.steps]).replay();
  await fc.assert(
    fc.asyncProperty(fc.infiniteStream(fc.boolean()), async (choices) => {
      const merged = [...a.setup];
      let [i, j] = [0, 0];
      for (const first of choices) {
        if (i === a.steps.length && j === b.steps.length) break;
        merged.push(j === b.steps.length || (first && i < a.steps.length) ? a.steps[i++]! : b.steps[j++]!);
      }
      const r = await new Script(merged).replay();
      t.deepEqual(r.findings, []);
      t.is(r.missing.total, 0);
      t.is(r.counts.unexplained, 0);
      t.deepEqual(r.objects, alone.objects);
      const of = (x: Replay, task: string) =>
        x.operations.filter((o) => o.task === task).map((o) => [o.name, o.result]);
      for (const task of ["runner-1", "runner-2"]) t.deepEqual(of(r, task), of(alone, task));
    }),
    { numRuns: 60 },
  );
});
