/**
 * Slab caches that are destroyed while an inode of theirs waits for RCU: on 7.2.12, whose own message is in the
 * `.console` beside each recording, and on simulated kernels.
 */
import { existsSync, readFileSync } from "node:fs";
import test from "ava";
import { type FunctionTable, type KernelDefinition, kernels, withSlubDebug } from "../../src/kernels/index.js";
import { replay, type Replay, replayRecording } from "../../src/replay/replay.js";
import { parseScenario } from "../../src/scenario/parse.js";
import { enter } from "../../src/simulate/step.js";
import { walkFaults } from "../../src/workload/faults.js";
import { simulate } from "../../src/workload/simulate.js";
import { nameOf, recordingsOf, textEvents, textOf } from "../support/recordings.js";
import { replayText } from "../support/script.js";

const RULE = "cache-destroyed-in-use";
const RECORDED = recordingsOf("cache");
const consoleOf = (path: string): string => {
  const beside = path.replace(/\.trace\.gz$/, ".console");
  return existsSync(beside) ? readFileSync(beside, "utf8") : "";
};
const BROKEN = RECORDED.filter((path) => consoleOf(path).includes("Objects remaining"));
const HEALTHY = RECORDED.filter((path) => !BROKEN.includes(path));
const rulesOf = ({ findings }: Pick<Replay, "findings">): string[] => findings.map(({ rule }) => rule);

test("there are recordings of both kinds", (t) => {
  t.is(BROKEN.length, 2);
  t.is(HEALTHY.length, 4);
});

for (const path of BROKEN) {
  test(`what the kernel says is found, and nothing else: ${nameOf(path)}`, async (t) => {
    const { findings } = await replay(path);
    t.is(findings.length, 1);
    const { rule, object, severity, evidence, event, message } = findings[0]!;
    t.deepEqual([rule, object, severity], [RULE, "cache kvm_gmem_inode_cache", "error"]);
    const events = textEvents(path);
    const seq = (name: string, of = ""): number => events.find((e) => e.name === name && e.text.includes(of))!.seq;
    const callback = seq("kvm_gmem_free_inode") - 1;
    t.is(events[callback - 1]!.name, "i_callback");
    const destroyed = seq("kmem_cache_destroy", '"kvm_gmem_inode_cache"');
    for (const shown of [seq("kvm_gmem_alloc_inode_ret"), destroyed, callback, event]) t.true(evidence.includes(shown));
    t.true(message.includes(`destroyed at event ${destroyed} `));
  });
}

for (const path of HEALTHY) {
  test(`fine: ${nameOf(path)}`, async (t) => {
    const { findings, rules } = await replay(path);
    t.deepEqual(findings, []);
    t.deepEqual(rules.get(RULE), { wrong: 0, fine: 1, cannotTell: 0 });
  });
}

test("recordings whose probes are older than the rule: nothing is judged", async (t) => {
  const { rules, judgements } = await replay("fixtures/recordings/linux-7.2/s01-create-close.trace.gz");
  t.deepEqual(rules.get(RULE), { wrong: 0, fine: 0, cannotTell: 1 });
  t.is(judgements.find(({ rule }) => rule === RULE)!.verdict, "cannot tell");
});

const EVENT = /\d: (\w+): \(/;
const eventIn = (line: string): string => EVENT.exec(line)?.[1] ?? "";

/** The events on which the verdict rests: without any of them the rule cannot tell. */
const RESTS_ON = [
  "kvm_gmem_init",
  "__kmem_cache_create_args_ret",
  "kvm_gmem_alloc_inode_ret",
  "kmem_cache_destroy",
  "kvm_gmem_free_inode",
];
/** Other events of caches and inodes. */
const RELATED = /kvm_gmem|kmem_cache|rcu_barrier|inode|i_callback|evict/;

for (const path of RECORDED) {
  const broken = BROKEN.includes(path);

  test(`with any probe left out, ${broken ? "nothing else is found, and nothing fine" : "nothing is found"}: ${nameOf(path)}`, async (t) => {
    const lines = textOf(path).split("\n");
    for (const name of new Set(lines.map(eventIn).filter((event) => RELATED.test(event)))) {
      const said = await replayText(lines.filter((line) => eventIn(line) !== name).join("\n"));
      const found = rulesOf(said);
      t.deepEqual(found, broken && found.length > 0 ? [RULE] : [], name);
      if (RESTS_ON.includes(name)) t.deepEqual(found, [], name);
      if (broken) t.is(said.rules.get(RULE)!.fine, 0, name);
    }
  });
}

for (const path of HEALTHY.filter((p) => !p.includes("s01"))) {
  test(`with any event left out while the cache is there, nothing is found: ${nameOf(path)}`, async (t) => {
    const lines = textOf(path).split("\n");
    const from = lines.findIndex((line) => eventIn(line) === "kvm_gmem_init");
    const to = lines.findIndex((line) => eventIn(line) === "kvm_init_ret");
    for (let k = from; k <= to; k++) {
      // One slab's worth of objects is constructed at once.
      if (eventIn(lines[k]!) === "kvm_gmem_init_inode_once") continue;
      t.deepEqual(rulesOf(await replayText(lines.toSpliced(k, 1).join("\n"))), [], lines[k]);
    }
  });
}

const CACHE = "kvm_gmem_inode_cache";

for (const path of BROKEN) {
  const lines = textOf(path).split("\n");
  const at = (name: string, of = ""): number => lines.findIndex((line) => eventIn(line) === name && line.includes(of));
  const destroyed = at("kmem_cache_destroy", CACHE);
  /** The line that destroys the cache, with another event in place of its own. */
  const instead = (event: string): string => lines[destroyed]!.replace(/: kmem_cache_destroy: .*/, `: ${event}`);
  const found = async (changed: readonly string[]): Promise<string[]> => rulesOf(await replayText(changed.join("\n")));

  test(`events that were lost take the verdict away: ${nameOf(path)}`, async (t) => {
    for (const k of [at("kvm_gmem_alloc_inode_ret") + 1, destroyed]) {
      t.deepEqual(await found(lines.toSpliced(k, 0, "CPU:0 [LOST 7 EVENTS]")), []);
    }
  });

  test(`a cache into which another is merged is not destroyed yet: ${nameOf(path)}`, async (t) => {
    const address = /s=(\w+) /.exec(lines[destroyed]!)![1]!;
    const other = [
      instead('__kmem_cache_create_args: (x+0x0/0x0) name="other"'),
      instead(`__kmem_cache_create_args_ret: (x+0x0/0x0 <- x) cache=${address}`),
    ];
    t.deepEqual(await found(lines.toSpliced(at("kvm_gmem_init"), 0, ...other)), [RULE], "an older life there is over");
    const elsewhere = other.map((line) => line.replace(/-\d+ /, "-9999 "));
    t.deepEqual(await found(lines.toSpliced(destroyed, 0, ...elsewhere)), []);
  });

  test(`a barrier inside is what it waits for, wherever that comes from: ${nameOf(path)}`, async (t) => {
    const callback = at("kvm_gmem_free_inode") - 1;
    const [before, between] = [lines.slice(0, destroyed + 1), lines.slice(destroyed + 1, callback)];
    const [back, behind] = [lines.slice(callback, callback + 2), lines.slice(callback + 2)];
    t.is(eventIn(back[0]!), "i_callback");
    const waits = [instead("rcu_barrier: (x+0x0/0x0)"), ...back, instead("rcu_barrier_ret: (x+0x0/0x0 <- x)")];
    t.deepEqual(await found([...before, ...waits, ...between, ...behind]), []);
  });
}

test("a recording that ends while the cache waits proves nothing", async (t) => {
  for (const path of RECORDED) {
    const lines = textOf(path).split("\n");
    const destroyed = lines.findIndex((line) => eventIn(line) === "kmem_cache_destroy" && line.includes(CACHE));
    for (const end of [destroyed + 1, destroyed + 2]) {
      t.deepEqual(rulesOf(await replayText(lines.slice(0, end).join("\n"))), [], nameOf(path));
    }
  }
});

// Simulated kernels.

const LOAD = parseScenario("load kvm\nload kvm-amd\nrcu\nunload kvm_amd\nunload kvm\n", "load.scn");
const CREATE = parseScenario(
  "load kvm\nload kvm-amd\nvm v\ngmem g v 64K\nclose g\nclose v\nunload kvm_amd\nunload kvm\n",
  "create.scn",
);
const shipped = kernels["linux-7.2"];
const debugged = withSlubDebug(shipped);

async function foundIn(kernel: KernelDefinition, scenario = CREATE, seed = 1): Promise<string[]> {
  return [...new Set(rulesOf(await replayRecording(simulate(kernel, scenario, { seed }).recording)))];
}

async function failing(kernel: KernelDefinition): Promise<string[]> {
  const walk = await walkFaults(kernel, LOAD);
  const found: string[] = [];
  for await (const { point, findings } of walk.runs()) {
    for (const { rule } of findings) found.push(`${point.fault.site}: ${rule}`);
  }
  return found;
}

test("an init that fails behind the root inode, as shipped: kmem_cache_destroy waits until it is handed back", async (t) => {
  t.deepEqual(await failing(shipped), []);
});

test("and is not where the caches are debugged", async (t) => {
  const sites = ["kmem_cache_alloc_lru(dentry_cache)", "kmem_cache_zalloc(mnt_cache)"];
  t.deepEqual(
    await failing(debugged),
    sites.map((site) => `${site}: ${RULE}`),
  );
});

test("healthy kernels have it under no schedule", async (t) => {
  for (const kernel of [shipped, debugged]) {
    for (let seed = 0; seed < 20; seed++)
      t.deepEqual(await foundIn(kernel, CREATE, seed), [], `${kernel.name}, ${seed}`);
  }
});

const unawaited: FunctionTable = {
  *kvm_gmem_exit() {
    yield enter("kvm_gmem_exit", {});
    yield* this.kern_unmount(this.mount(this.get(this.system.kvm_gmem_mnt)));
    yield* this.kmem_cache_destroy(this.structs.at("kmem_cache", this.get(this.system.kvm_gmem_inode_cachep)));
  },
};

test("an exit without its rcu_barrier: found where the cache does not wait either", async (t) => {
  t.deepEqual(await foundIn(shipped.with("unawaited", unawaited)), []);
  t.true((await foundIn(debugged.with("unawaited", unawaited))).includes(RULE));
});

test("an inode that is kept outlives its cache, however that waits", async (t) => {
  const keeps: FunctionTable = {
    *createFile(f, size, flags) {
      const file = yield* shipped.functions.createFile.call(this, f, size, flags);
      if (typeof file !== "number") yield* this.ihold(this.inode(this.get(file.f_inode)));
      return file;
    },
  };
  for (const kernel of [shipped, debugged]) {
    t.true((await foundIn(kernel.with("keeps", keeps))).includes(RULE), kernel.name);
  }
});

test("of two caches nobody knows which one the inodes are of", async (t) => {
  const two: FunctionTable = {
    *kvm_gmem_init_mount() {
      yield* this.kmem_cache_create("another", 8);
      return yield* shipped.functions.kvm_gmem_init_mount.call(this);
    },
  };
  const { recording } = simulate(debugged.with("two", { ...two, ...unawaited }), CREATE);
  const { wrong, fine } = (await replayRecording(recording)).rules.get(RULE)!;
  t.deepEqual({ wrong, fine }, { wrong: 0, fine: 0 });
});

test("a kernel that gives its inodes no cache of their own has none to destroy", async (t) => {
  for (const name of ["linux-6.12", "linux-6.12-patched", "linux-6.18"] as const) {
    const { rules } = await replayRecording(simulate(withSlubDebug(kernels[name]), CREATE).recording);
    t.deepEqual(rules.get(RULE), { wrong: 0, fine: 0, cannotTell: 0 }, name);
  }
});
