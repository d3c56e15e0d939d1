/** `kreel why` and `kreel when`: questions about a moment, answered from a log and from any recording alike. */
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test from "ava";
import { openRecording } from "../../src/read/recording.js";
import { Replaying } from "../../src/replay/replaying.js";
import { becameTrue, firstTrue } from "../../src/seek/when.js";
import { why } from "../../src/seek/why.js";
import { openSeeker } from "../../src/seek/open.js";
import { parsePredicate } from "../../src/show/predicate.js";
import { holderName } from "../../src/show/state.js";
import { kreel, RECORDINGS } from "./run.js";

const HEALTHY = `${RECORDINGS}/linux-7.2/s04-bind-unbind.trace.gz`;
const BROKEN = `${RECORDINGS}/broken/leak-module-on-error/s09-enfile.trace.gz`;

interface Document {
  readonly objects: readonly {
    readonly object: string;
    readonly count: number | null;
    readonly born: { readonly event: number; readonly operation: string } | null;
    readonly references: readonly {
      readonly owner: string;
      readonly by: string;
      readonly event: number;
      readonly taken: { readonly event: number; readonly inside: readonly string[] };
    }[];
    readonly lastChange: {
      readonly event: number;
      readonly operation: string;
      readonly changed: readonly string[];
    } | null;
  }[];
}

test("a leaked reference is there with the call that took it", async (t) => {
  const log = join(mkdtempSync(join(tmpdir(), "kreel-")), "a.klog");
  t.is((await kreel(["import", BROKEN, log])).code, 0);
  for (const path of [BROKEN, log]) {
    const { code, out } = await kreel(["why", path, "kvm_amd", "--at", "1400", "--json"]);
    t.is(code, 0);
    const [module] = (JSON.parse(out) as Document).objects;
    const leaked = module!.references.filter(
      ({ by, taken }) => by === "try_module_get" && taken.inside.includes("kvm_gmem_create"),
    );
    t.true(leaked.length > 0);
    for (const { event, taken } of leaked) t.is(taken.event, event);
    const text = (await kreel(["why", path, "kvm_amd", "--at", "1400"])).out;
    t.regex(text, /module kvm_amd: refcnt \d+\n {2}made at event \d+ [^\n]+\n {2}1 of its own \(MODULE_REF_BASE\)\n/);
    t.regex(
      text,
      /try_module_get: event \d+ \([\d.]+, line \d+\), try_module_get returns, gmemrun-104, in kvm_gmem_create\n/,
    );
  }
});

test("the last change is that of the replay, whatever was asked before", async (t) => {
  const recording = await openRecording(HEALTHY);
  const replaying = new Replaying(recording, {});
  // By event: the count of the module, and the event that last changed it.
  const changes: { readonly event: number; readonly count: number | null }[] = [];
  let count: number | null | undefined;
  replaying.world.observer = {
    reduced: (e) => {
      for (const o of replaying.world.store.live())
        if (o.kind === "module" && o.name === "kvm_amd" && o.count !== count)
          changes.push({ event: e.seq, count: (count = o.count) });
    },
  };
  for await (const batch of recording.batches()) replaying.reduce(batch);
  t.true(changes.length > 6);
  const { seeker, close } = await openSeeker(HEALTHY);
  t.teardown(close);
  for (const [k, change] of changes.entries()) {
    const next = changes[k + 1]?.event ?? change.event + 1;
    const [module] = why(seeker, next - 1, (o) => o.kind === "module" && o.name === "kvm_amd", holderName);
    t.is(module!.object.count, change.count);
    t.true(
      module!.last === undefined ? k === 0 : module!.last.event >= change.event && module!.last.event < next,
      `${change.event}: ${module!.last?.event}`,
    );
  }
});

test("when it was first true: by every state, and by bisection where it stays true", async (t) => {
  const opened = await openSeeker(HEALTHY);
  t.teardown(() => opened.close());
  const { seeker } = opened;
  for (const question of [
    "module kvm_amd refcnt > 2",
    "live vm >= 1",
    "live inode >= 2",
    "vm lives",
    "live dentry >= 1",
    "module kvm_amd stage = exiting",
    "module kvm_amd is gone",
    "vm is gone",
  ]) {
    const found = firstTrue(seeker, parsePredicate(question));
    t.truthy(found, question);
    const after = (event: number): boolean => {
      const { world, checker } = seeker.at(event);
      return parsePredicate(question)(world, checker.findings.length);
    };
    if (!question.endsWith("gone")) {
      t.true(after(found!.event), question);
      t.false(after(found!.event - 1), question);
    }
    t.is(found!.place!.event, found!.event);
  }
  t.is(firstTrue(seeker, parsePredicate("findings > 0")), undefined);
  t.is(becameTrue(seeker, parsePredicate("findings > 0")), undefined);
});

test("a finding's event is when findings are first more than none", async (t) => {
  const opened = await openSeeker(BROKEN);
  t.teardown(() => opened.close());
  const [first, bisected] = [firstTrue, becameTrue].map(
    (find) => find(opened.seeker, parsePredicate("findings > 0"))!.event,
  );
  t.is(first, bisected);
  const { findings } = JSON.parse((await kreel(["replay", "--json", BROKEN])).out) as {
    readonly findings: readonly { readonly event: number }[];
  };
  t.is(first, Math.min(...findings.map(({ event }) => event)));
});

test("on the command line: an answer, never, or trouble in one line", async (t) => {
  t.regex(
    (await kreel(["when", HEALTHY, "module kvm_amd refcnt > 2"])).out,
    /^event \d+ \([\d.]+, line \d+\), try_module_get[^\n]*\n$/,
  );
  t.deepEqual(
    [(await kreel(["when", HEALTHY, "findings > 0"])).code, (await kreel(["when", HEALTHY, "findings > 0"])).out],
    [1, "never, up to event 2846\n"],
  );
  t.is(
    (
      JSON.parse((await kreel(["when", "--json", "--bisect", BROKEN, "findings > 0"])).out) as {
        first: { event: number };
      }
    ).first.event > 0,
    true,
  );
  for (const [args, pattern] of [
    [["when", HEALTHY, "what"], /"what" is no question; ask like/],
    [["when", HEALTHY, "module kvm_amd colour = 3"], /asks for colour; there is/],
    [["when", HEALTHY, "live cats > 3"], /live cats: no kind of object/],
    [["why", HEALTHY, "kvm_amb", "--at", "1300"], /kvm_amb: no such object after event 1300; there is module kvm_amd/],
    [["why", HEALTHY, "kvm", "--at", "9999"], /the recording has 2846 events/],
    [["why", "/nonexistent", "kvm"], /no such file/],
  ] as const) {
    const { code, out, err } = await kreel(args);
    t.deepEqual([code, out], [2, ""], args.join(" "));
    t.regex(err, pattern);
    t.is(err.split("\n").length, 2);
  }
});
