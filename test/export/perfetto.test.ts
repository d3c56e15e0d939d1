/** Tests that the picture for Perfetto keeps the rules of its format, and agrees with the replay. */
import test from "ava";
import fc from "fast-check";
import { perfettoText } from "../../src/export/perfetto/index.js";
import { openRecording } from "../../src/read/recording.js";
import type { Recorded } from "../../src/read/report.js";
import { replay } from "../../src/replay/replay.js";
import { recordings } from "../read/helpers.js";
import { collected, madeRecordings } from "./logs.js";

const RUNS = Number(process.env["KREEL_TEST_RUNS"] ?? 300);
const SAMPLE = 15;
const CREATE = "fixtures/recordings/linux-6.12-patched/s01-create-close.trace.gz";
const BROKEN = "fixtures/recordings/broken/leak-module-on-error/s09-enfile.trace.gz";
const RACE = "fixtures/recordings/race/linux-7.2-close-rmmod.trace.gz";

interface TraceEvent {
  readonly ph: string;
  readonly pid: number;
  readonly tid: number;
  readonly ts: number;
  readonly name: string;
  readonly cat: string;
  readonly id: number;
  readonly bp?: string;
  readonly s?: string;
  readonly args: Readonly<Record<string, string | number>>;
}

interface Slice {
  readonly name: string;
  readonly from: number;
  to: number;
  readonly args: Record<string, string | number>;
  readonly inside: readonly string[];
}

interface Picture {
  readonly events: readonly TraceEvent[];
  readonly groups: ReadonlyMap<number, string>;
  /** By name of the track. */
  readonly slices: ReadonlyMap<string, readonly Slice[]>;
}

function need(held: boolean, what: string, e?: TraceEvent): asserts held {
  if (!held) throw new Error(`${what}${e ? `: ${JSON.stringify(e)}` : ""}`);
}

/** Returns a time as trace_processor stores it: nanoseconds, truncated. */
const kept = ({ ts }: TraceEvent): number => Math.trunc(ts * 1000);

/**
 * Reads a document by the rules by which Perfetto's trace_processor imports it, and throws if it breaks one: import
 * errors (ends without beginnings, flows outside slices or without the other end, ids used twice) are not tolerated. It
 * takes the events in the order of their times, regardless of their tracks, and those of equal times in the order of
 * the file.
 */
function parse(text: string): Picture {
  // Perfetto recognises the format by this.
  need(text.startsWith('{"'), "begins like JSON");
  const { traceEvents: events, ...rest } = JSON.parse(text) as {
    readonly traceEvents: readonly TraceEvent[];
    readonly [name: string]: unknown;
  };
  need(Object.keys(rest).join() === "displayTimeUnit,otherData", "the fields of the document");
  const groups = new Map<number, string>();
  const names = new Map<string, string>();
  const last = new Map<string, number>();
  const open = new Map<string, Slice[]>();
  const done = new Map<string, Slice[]>();
  const beside = new Map<number, string>();
  // For arrows in progress: name and category, which with the number identify their ends; removed at their end.
  const arrows = new Map<number, string>();
  const owners = new Map<number, number>();
  for (const e of events.filter(({ ph }) => ph !== "M")) {
    const track = `${e.pid}/${e.tid}`;
    need(Number.isFinite(e.ts) && e.ts >= (last.get(track) ?? 0), "time goes on", e);
    last.set(track, e.ts);
  }
  const inOrder = [
    ...events.filter(({ ph }) => ph === "M"),
    ...events.filter(({ ph }) => ph !== "M").toSorted((a, b) => kept(a) - kept(b)),
  ];
  for (const e of inOrder) {
    const track = `${e.pid}/${e.tid}`;
    need(
      Number.isSafeInteger(e.pid) && Number.isSafeInteger(e.tid) && e.pid < 2 ** 31 && e.tid < 2 ** 31,
      "numbers of processes and threads",
      e,
    );
    if (e.ph === "M") {
      if (e.name === "process_name") {
        need(!groups.has(e.pid), "a group is named once", e);
        groups.set(e.pid, String(e.args["name"]));
      } else if (e.name === "thread_name") {
        need(
          e.tid > 0 && (owners.get(e.tid) ?? e.pid) === e.pid,
          "a thread is of one process, and none is the idle one",
          e,
        );
        owners.set(e.tid, e.pid);
        names.set(track, String(e.args["name"]));
      }
      continue;
    }
    need(names.has(track) && groups.has(e.pid), "tracks and groups are named before they are used", e);
    const stack = open.get(track) ?? [];
    open.set(track, stack);
    switch (e.ph) {
      case "B":
        need(typeof e.name === "string" && typeof e.cat === "string", "a slice is named", e);
        stack.push({ name: e.name, from: e.ts, to: e.ts, args: { ...e.args }, inside: stack.map((s) => s.name) });
        break;
      case "E": {
        const slice = stack.pop();
        need(
          slice !== undefined && (e.name === undefined || e.name === slice.name),
          "an end has a beginning, of its name",
          e,
        );
        Object.assign(slice.args, e.args);
        slice.to = e.ts;
        const name = names.get(track)!;
        done.set(name, [...(done.get(name) ?? []), slice]);
        break;
      }
      case "i":
        need(e.s === "t", "an instant is the thread's", e);
        break;
      case "C":
        need(
          Object.values(e.args).every((n) => Number.isSafeInteger(n)),
          "counters are numbers",
          e,
        );
        break;
      case "b":
        need(!beside.has(e.id), "one slice an id at a time", e);
        beside.set(e.id, `${e.cat} ${e.name} ${e.pid}`);
        break;
      case "e":
        need(beside.get(e.id) === `${e.cat} ${e.name} ${e.pid}`, "the end of the slice of this id", e);
        beside.delete(e.id);
        break;
      case "s":
        need(
          Number.isSafeInteger(e.id) && !arrows.has(e.id) && stack.length > 0,
          "an arrow begins once, in a slice",
          e,
        );
        arrows.set(e.id, `${e.cat} ${e.name}`);
        break;
      case "f":
        need(
          arrows.get(e.id) === `${e.cat} ${e.name}` && stack.length > 0 && e.bp === "e",
          "an arrow ends once, in a slice",
          e,
        );
        arrows.set(e.id, "");
        break;
      default:
        throw new Error(`no such phase: ${JSON.stringify(e)}`);
    }
  }
  need([...open.values()].every((stack) => stack.length === 0) && beside.size === 0, "whatever began has ended");
  return { events, groups, slices: done };
}

test("the rules refuse what trace_processor counts as an error of the trace", (t) => {
  const named = [1, 2].flatMap((tid) => [
    { ph: "M", pid: 1, tid, name: "thread_name", args: { name: `thread ${tid}` } },
  ]);
  const document = (...events: readonly object[]): string =>
    JSON.stringify({
      displayTimeUnit: "ns",
      traceEvents: [
        { ph: "M", pid: 1, tid: 0, name: "process_name", args: { name: "it" } },
        ...named,
        ...events.map((e) => ({ pid: 1, tid: 1, args: {}, ...e })),
      ],
      otherData: {},
    });
  const slice = (tid: number, from: number, to: number, ...inside: readonly object[]): object[] => [
    { ph: "B", tid, ts: from, name: "slice", cat: "c" },
    ...inside.map((e) => ({ tid, ...e })),
    { ph: "E", tid, ts: to },
  ];
  const arrow = (ph: "s" | "f", ts: number, more: object = {}): object => ({
    ph,
    ts,
    id: 1,
    name: "arrow",
    cat: "c",
    ...(ph === "f" ? { bp: "e" } : {}),
    ...more,
  });
  t.is(parse(document(...slice(1, 1, 3, arrow("s", 2)), ...slice(2, 3, 5, arrow("f", 4)))).events.length, 9);
  for (const [wrong, ...events] of [
    [/an end has a beginning/, { ph: "E", ts: 1 }],
    [/whatever began has ended/, { ph: "B", ts: 1, name: "slice", cat: "c" }],
    [/time goes on/, ...slice(1, 3, 2)],
    [/an arrow begins once, in a slice/, arrow("s", 1)],
    [/an arrow ends once/, ...slice(1, 4, 6, arrow("s", 5)), ...slice(2, 1, 3, arrow("f", 2))],
    [/an arrow ends once/, ...slice(1, 1, 3, arrow("s", 2)), ...slice(2, 3, 5, arrow("f", 4, { name: "another" }))],
    [/an arrow ends once/, ...slice(1, 1, 3, arrow("s", 2)), arrow("f", 4)],
    [
      /the end of the slice of this id/,
      { ph: "b", ts: 1, id: 1, name: "held", cat: "c" },
      { ph: "e", ts: 2, id: 1, name: "kept", cat: "c" },
    ],
    [/a thread is of one process/, { ph: "M", pid: 2, tid: 1, name: "thread_name", args: { name: "again" } }],
  ] as readonly (readonly [RegExp, ...object[]])[])
    t.throws(() => parse(document(...events)), { message: wrong }, String(wrong));
});

const picture = async (recording: Recorded, everything = false): Promise<Picture> =>
  parse(await collected(perfettoText(recording, { everything })));

for (const path of [...recordings().filter((_, k) => k % SAMPLE === 0), RACE, BROKEN]) {
  test(`${path}: keeps to the rules, and every object, finding and hazard is there`, async (t) => {
    const { events, slices, groups } = await picture(await openRecording(path));
    const { findings, hazards, objects } = await replay(path);
    const said = (category: string): string[] =>
      events
        .filter((e) => e.ph === "i" && e.cat === category)
        .map((e) => `${e.name} ${e.args["event"]} ${e.args["message"]}`);
    const expected = (list: typeof findings): string[] => list.map((f) => `${f.rule} ${f.event} ${f.message}`);
    t.deepEqual(said("finding"), expected(findings));
    t.deepEqual(said("hazard"), expected(hazards));
    t.true([...groups.values()].includes("tasks"));
    // One group for each kind that has any, and a life for each object that was born: a module that is loaded again has
    // its name.
    const lives = [...slices].flatMap(([track, all]) => all.map(() => track));
    for (const kind of ["module", "inode", "vm", "memslot"] as const)
      t.true(lives.filter((track) => track.startsWith(`${kind} `)).length >= objects[kind]!.born, kind);
  });
}

test("a creation: its calls are inside it, with arguments as kreel names them and results", async (t) => {
  const { slices, events } = await picture(await openRecording(CREATE));
  const all = [...slices.values()].flat();
  const create = all.find((s) => s.name === "kvm_gmem_create")!;
  t.regex(String(create.args["kvm"]), /^vm 0x/);
  t.is(create.args["size"], 2097152);
  t.is(create.args["fd"], "5");
  const inside = all.filter((s) => s.inside.includes("kvm_gmem_create")).map((s) => s.name);
  for (const name of ["try_module_get", "alloc_anon_secure_inode", "alloc_file_pseudo", "fd_install"])
    t.true(inside.includes(name), name);
  t.true(
    all.filter((s) => s.inside.includes("kvm_gmem_create")).every((s) => s.from >= create.from && s.to <= create.to),
  );
  // The reference on the module: an arrow from the get inside the creation to the put inside the release.
  const get = events.find(
    (e) => e.ph === "s" && e.name === "reference on module kvm_amd" && e.ts >= create.from && e.ts <= create.to,
  )!;
  const put = events.find((e) => e.ph === "f" && e.id === get.id)!;
  t.true(all.some((s) => s.name === "module_put" && s.from === put.ts));
  const held = events.filter((e) => e.ph === "b" && e.id === get.id).map((e) => `${e.cat}: ${e.name}`);
  t.is(held[0], "held,call: module kvm_amd held by kvm_gmem_create");
  t.regex(held.at(-1)!, /^held,file: module kvm_amd held by file 0x/);
  // Its life, from the event that made it to the one that ended it.
  const [file] =
    [...slices].find(([name]) => /^file 0x\S+ \[kvm-gmem\]$/.test(name)) ??
    [...slices].find(([, s]) => s[0]!.name.startsWith("file ") && s[0]!.from >= create.from)!;
  const [life] = slices.get(file)!;
  t.true(Number(life!.args["died at event"]) > Number(life!.args["born at event"]));
});

test("whatever died was seen to: a superblock, a VM and its slots, files, inodes", async (t) => {
  const path = "fixtures/recordings/linux-7.2/s04-bind-unbind.trace.gz";
  const { slices } = await picture(await openRecording(path));
  const { objects } = await replay(path);
  for (const kind of ["module", "superblock", "mount", "inode", "dentry", "vm", "memslot"] as const) {
    const lives = [...slices].filter(([track]) => track.startsWith(`${kind} `)).flatMap(([, all]) => all);
    t.is(lives.filter((life) => life.args["died at event"] !== undefined).length, objects[kind]!.died, kind);
  }
  t.deepEqual(
    [...slices.values()].flat().filter((slice) => slice.args["its end"] !== undefined),
    [],
  );
});

test("two tasks that race stand beside each other", async (t) => {
  const { slices } = await picture(await openRecording(RACE));
  const [release] = slices.get("ta-114")!.filter((s) => s.name === "kvm_gmem_release");
  const [exit] = slices.get("tb-115")!.filter((s) => s.name === "kvm_exit");
  t.true(release!.from < exit!.from);
});

test("--focus all shows what has nothing to do with guest_memfd as well", async (t) => {
  const tracks = async (everything: boolean): Promise<number> =>
    (await picture(await openRecording(CREATE), everything)).slices.size;
  t.true((await tracks(true)) > (await tracks(false)));
});

test("any log at all keeps to the rules, whatever tasks are called and clocks do", async (t) => {
  await fc.assert(
    fc.asyncProperty(madeRecordings, fc.boolean(), async (recording, everything) => {
      const text = await collected(perfettoText(recording, { everything }));
      const { events } = parse(text);
      const count = recording.kept.reduce((sum, batch) => sum + batch.length, 0);
      // Each event is a beginning, an instant, or the end of what began.
      t.true(events.filter((e) => e.ph !== "M").length >= (count > 0 ? 1 : 0));
      // eslint-disable-next-line no-control-regex
      t.notRegex(text, /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\p{Cf}\p{Zl}\p{Zp}]/u);
    }),
    { numRuns: RUNS },
  );
  t.pass();
});
