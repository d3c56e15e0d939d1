/**
 * The calls that an event is inside of: pairs of entry and return, missing halves, interrupts, and tasks that change
 * their name.
 */
import test from "ava";
import { type OperationName, points } from "../../events/index.js";
import type { Replay } from "../../src/replay/replay.js";
import { Calls } from "../../src/reduce/calls.js";
import { fileOf, kreel } from "../cli/run.js";
import { healthyLife, Kernel, KVM_AMD } from "../support/kernel.js";
import { type Line, OTHER, RUNNER, Script } from "../support/script.js";

const said = (r: Replay): string[] => r.findings.map((f) => f.rule);
const line = (step: string, name: string, args = "", task = RUNNER): Line => ({ step, name, args, task });

/**
 * The operations that each event of the script is inside of, outermost first: of entries, without the operation itself.
 */
async function insides(script: Script): Promise<string[][]> {
  const inside: string[][] = [];
  await script.replay({
    observe: () => ({
      reduced: (e, stack, frame) => {
        const own = frame && e.point!.phase === "entry" ? 1 : 0;
        inside[e.seq] = Array.from(
          { length: stack.depth - own },
          (_, i) => stack.at(stack.depth - 1 - i)!.operation.name,
        );
      },
    }),
  });
  return inside;
}

test("an event is inside the calls of its task that are open: until their return, or as long as the catalogue says they reach", async (t) => {
  const script = healthyLife();
  const inside = await insides(script);
  const of = (step: string, name: string, nth = 0): string[] => inside[script.event({ in: step, name, nth })]!;
  t.deepEqual(of("gmem", "kvm_gmem_create"), []);
  t.deepEqual(of("gmem", "alloc_anon_inode"), ["kvm_gmem_create", "anon_inode_make_secure_inode"]);
  t.deepEqual(of("gmem", "mntget"), ["kvm_gmem_create", "alloc_file_pseudo"]);
  t.deepEqual(of("gmem", "kvm_get_kvm"), ["kvm_gmem_create"]);
  t.deepEqual(of("gmem", "kvm_gmem_create_ret"), []);
  t.deepEqual(of("gmem fails", "iput"), ["kvm_gmem_create", "alloc_file_pseudo", "dput"]);
  t.deepEqual(of("gmem fails", "iput", 1), ["kvm_gmem_create"], "past the return of alloc_file_pseudo");
  t.is(of("close", "module_put")[0], "__fput", "after what kvm_gmem_release calls, still in the release");
  t.deepEqual([of("close", "evict")[0], ...of("close", "evict").slice(-2)], ["__fput", "dput", "iput"]);
  t.is(of("close", "mntput")[0], "__fput");
  t.deepEqual(of("close vm", "__fput"), [], "one release does not reach into the next");
  t.deepEqual(of("unload", "kvm_exit"), [], "nor into a module's exit");
});

test("the put of a released file's own inode ends what the release called before, unless it is inside the put of a dentry that is known", async (t) => {
  const of = async (script: Script, name: string): Promise<string[]> =>
    (await insides(script))[script.event({ in: "close", name })]!;
  const known = healthyLife().unseen("module_put");
  t.deepEqual(await of(known, "iput"), ["__fput", "dput"]);
  const unseen = healthyLife().unseen("module_put", "dput");
  const unknown = healthyLife().unseen("module_put", "d_alloc_pseudo", "d_instantiate");
  for (const script of [unseen, unknown]) {
    t.deepEqual(await of(script, "iput"), ["__fput"]);
    t.deepEqual(await of(script, "evict"), ["__fput", "iput"]);
    t.deepEqual(await of(script, "mntput"), ["__fput"]);
  }
});

test("two tasks' calls are each inside their own", async (t) => {
  const k = new Kernel().load();
  const vm = k.vm(6);
  const start = k.lines.length;
  k.gmem(vm, 5, "one");
  const second = k.lines.length;
  k.as(OTHER).gmem(vm, 7, "two");
  const [one, two] = [k.lines.slice(start, second), k.lines.slice(second)];
  k.lines.length = start;
  one.forEach((_, i) => k.lines.push(one[i]!, two[i]!));
  const interleaved = k.script;
  const inside = await insides(interleaved);
  const alone = await insides(healthyLife());
  const reference = healthyLife();
  for (const step of ["one", "two"]) {
    for (const { name } of one)
      t.deepEqual(
        inside[interleaved.event({ in: step, name })],
        alone[reference.event({ in: "gmem", name })],
        `${step}: ${name}`,
      );
  }
  const r = await interleaved.replay();
  t.deepEqual(said(r), []);
  t.is(r.missing.total, 0);
  t.deepEqual(
    r.operations.filter((o) => o.name === "kvm_gmem_create").map((o) => [o.task, o.result]),
    [
      ["gmemrun-100", 5],
      ["gmemrun-200", 7],
    ],
  );
});

test("a return whose entry is missing is reported, and proves nothing", async (t) => {
  const script = healthyLife().drop({ in: "gmem", name: "kvm_gmem_create" });
  const r = await script.replay();
  t.deepEqual(
    r.missing.shown.map(({ operation, missing, seq }) => ({ operation, missing, seq })),
    [
      {
        operation: "kvm_gmem_create",
        missing: "entry",
        seq: script.event({ in: "gmem", name: "kvm_gmem_create_ret" }),
      },
    ],
  );
  t.is(r.missing.total, 1);
  t.deepEqual(said(r), []);
});

test("an entry whose return is missing is reported when its task does what nothing does inside it, and proves nothing", async (t) => {
  const script = healthyLife().drop({ in: "gmem", name: "kvm_gmem_create_ret" });
  const r = await script.replay();
  t.deepEqual(
    r.missing.shown.map(({ operation, missing, seq }) => ({ operation, missing, seq })),
    [{ operation: "kvm_gmem_create", missing: "return", seq: script.event({ in: "gmem", name: "kvm_gmem_create" }) }],
  );
  t.deepEqual(said(r), []);
});

test("an inner call without its return ends with the call around it", async (t) => {
  const script = healthyLife().drop({ in: "gmem", name: "d_alloc_pseudo_ret" });
  const r = await script.replay();
  t.deepEqual(
    r.missing.shown.map(({ operation, missing }) => ({ operation, missing })),
    [{ operation: "d_alloc_pseudo", missing: "return" }],
  );
  t.deepEqual(said(r), []);
});

test("calls of which no return is ever seen are not missing them", async (t) => {
  const lines = healthyLife().lines.filter((l) => l.name !== "get_unused_fd_flags_ret");
  const r = await new Script(lines).replay();
  t.is(r.missing.total, 0);
  t.deepEqual(said(r), []);
});

test("an interrupt's puts are not those of the call that it interrupted", async (t) => {
  const irq = { ...RUNNER, flags: "..s1." };
  const get = [
    line("irq get", "try_module_get", `module=${KVM_AMD} name="kvm_amd" refcnt=? state=0`, irq),
    line("irq get", "try_module_get_ret", "ok=1", irq),
  ];
  const put = line("irq put", "module_put", `module=${KVM_AMD} name="kvm_amd" refcnt=?`, irq);
  const script = healthyLife()
    .after({ in: "gmem fails", name: "anon_inode_make_secure_inode" }, put)
    .after({ in: "vm", name: "fd_install" }, ...get);
  const r = await script.replay();
  t.deepEqual(said(r), []);
  t.is(r.counts.unexplained, 0);
  t.deepEqual((await insides(script))[script.event({ in: "irq put", name: "module_put" })], []);

  const same = healthyLife().after(
    { in: "gmem fails", name: "anon_inode_make_secure_inode" },
    { ...put, task: RUNNER },
  );
  t.true(said(await same.replay()).includes("unbalanced-error-path"), "the task itself would have been at fault");
});

test("an RCU callback happens inside nothing, whatever it interrupted", async (t) => {
  const irq = { ...RUNNER, flags: "..s1." };
  for (const variant of ["patched", "merged"] as const) {
    const script = healthyLife(variant);
    const callbacks = script.lines.filter((l) => l.step === "other rcu").map((l) => ({ ...l, task: irq }));
    const replayed = await new Script(script.lines.filter((l) => l.step !== "other rcu"))
      .after({ in: "close", name: "kvm_gmem_release" }, ...callbacks)
      .replay();
    t.deepEqual(said(replayed), []);
    t.is(replayed.objects["inode"]!.live, 0);
  }
});

test("a task that changes its name inside a call is the same task", async (t) => {
  const script = healthyLife();
  const from = script.event({ in: "gmem fails", name: "alloc_file_pseudo" }) - 1;
  const renamed = script.lines.map((l, i) =>
    l.task === RUNNER && i >= from ? { ...l, task: { ...RUNNER, comm: "renamed" } } : l,
  );
  const r = await new Script(renamed).replay();
  t.is(r.missing.total, 0);
  t.deepEqual(said(r), []);
});

test("a call inside a call of the same operation returns first", async (t) => {
  const k = new Kernel().load();
  k.lines.push(
    line("outer", "new_inode", "sb=0xffff888005000000"),
    line("inner", "new_inode", "sb=0xffff888006000000"),
    line("inner", "new_inode_ret", "inode=0xffff888006000100"),
    line("outer", "new_inode_ret", "inode=0xffff888005000100"),
  );
  const script = k.script;
  const subjects = new Map<number, number>();
  const r = await script.replay({
    observe: () => ({
      reduced: (e, _stack, frame) => void (e.point!.phase === "return" && frame && subjects.set(e.seq, frame.seq)),
    }),
  });
  t.is(
    subjects.get(script.event({ in: "inner", name: "new_inode_ret" })),
    script.event({ in: "inner", name: "new_inode" }),
  );
  t.is(
    subjects.get(script.event({ in: "outer", name: "new_inode_ret" })),
    script.event({ in: "outer", name: "new_inode" }),
  );
  t.is(r.missing.total, 0);
});

/** So many calls, or returns, each of another object: two that are alike would be one that two probes show. */
const nested = (step: string, name: string, argument: string, times: number): Line[] =>
  Array.from({ length: times }, (_, k) =>
    line(step, name, `${argument}=0xffff8880${(0x1000000 + 64 * k).toString(16).padStart(8, "0")}`),
  );

test("calls of an operation whose returns go unseen do not pile up on the call around them, which returns", async (t) => {
  const healthy = await healthyLife().replay();
  const script = healthyLife().before(
    { in: "gmem", name: "kvm_gmem_create_ret" },
    ...nested("gmem", "d_alloc_pseudo", "sb", 1000),
  );
  const deepest: number[] = [];
  const replay = await script.replay({ observe: () => ({ entered: (_e, stack) => void deepest.push(stack.depth) }) });
  t.true(Math.max(...deepest) <= 256);
  t.deepEqual(said(replay), []);
  t.deepEqual(replay.objects, healthy.objects);
  t.true(replay.missing.total > 0);
});

test("no more calls nest than a kernel stack holds: each beyond is a return that was missed", async (t) => {
  for (const times of [200, 300, 5000]) {
    const script = new Script([
      ...nested("deep", "d_alloc_pseudo", "sb", times),
      ...nested("deep", "d_alloc_pseudo_ret", "dentry", times),
    ]);
    const deepest: number[] = [];
    const replay = await script.replay({ observe: () => ({ entered: (_e, stack) => void deepest.push(stack.depth) }) });
    t.is(Math.max(...deepest), Math.min(times, 256));
    t.is(replay.trace.events, 2 * times);
    t.is(replay.missing.total > 0, times > 256);
    t.deepEqual(said(replay), []);
    const { code, err } = await kreel(["replay", "--focus", "all", fileOf(script.text())]);
    t.is(err, "");
    t.is(code, 0);
  }
});

test("stacks: one a task, one a CPU's interrupts, one a CPU's idle task, none for RCU", (t) => {
  const pids = [100, 200, 0, 100];
  const calls = new Calls(points, (task) => pids[task]!);
  const point = points.byEvent("__fput" satisfies OperationName)!;
  const [task, other, idle, renamed] = [0, 1, 2, 3];
  const [none, softirq, hardirq] = [0, 2, 1];
  calls.stackOf(task, 0, none, false).push(point, 1, false);
  t.is(calls.stackOf(task, 1, none, false).depth, 1, "a task that moves to another CPU");
  t.is(calls.stackOf(renamed, 0, none, false).depth, 1, "a task under another name");
  t.is(calls.stackOf(other, 0, none, false).depth, 0);
  t.is(calls.stackOf(task, 0, softirq, false).depth, 0);
  calls.stackOf(task, 0, softirq, false).push(point, 2, false);
  t.is(calls.stackOf(other, 0, softirq, false).depth, 1, "an interrupt's stack is its CPU's");
  t.is(calls.stackOf(task, 1, softirq, false).depth, 0);
  t.is(calls.stackOf(task, 0, hardirq, false).depth, 0);
  calls.stackOf(idle, 0, none, false).push(point, 3, false);
  t.is(calls.stackOf(idle, 1, none, false).depth, 0, "every CPU has an idle task of its own");
  t.is(calls.stackOf(task, 0, none, true).depth, 0, "RCU");
  t.is([...calls.stacks()].length, 3);
});
