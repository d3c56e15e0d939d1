/** Tests each table against other output of kreel: the export, the replay, the state. */
import test from "ava";
import fc from "fast-check";
import { catalogue } from "../../events/index.js";
import { ndjsonText } from "../../src/export/ndjson.js";
import { eventsOf } from "../../src/replay/events.js";
import type { KernelEvent } from "../../src/log/event.js";
import { openRecording } from "../../src/read/recording.js";
import type { Recorded } from "../../src/read/report.js";
import { tables } from "../../src/query/tables.js";
import { COUNTED_KINDS, kinds } from "../../events/kinds/index.js";
import { replay, replayRecording } from "../../src/replay/replay.js";
import { keptRecording, madeRecordings } from "../export/logs.js";
import { nameOf, recordingsOf } from "../support/recordings.js";
import { ask, type Plain, type Row } from "./answers.js";
import { same } from "../support/same.js";

const RUNS = Number(process.env["KREEL_TEST_RUNS"] ?? 25);
const SAMPLE = 25;
const all = recordingsOf("");
/** Healthy and broken ones, of every kernel. */
const some = all.filter(
  (path, k) =>
    k % Math.ceil(all.length / SAMPLE) === 0 || path.includes("/race/") || path.includes("leak-module-on-error/s09"),
);

interface Line {
  readonly seq?: number;
  readonly time: string;
  readonly digits?: number;
  readonly comm: string;
  readonly pid: number | string;
  readonly tgid: number | null;
  readonly cpu: number;
  readonly context: string;
  readonly line: number;
  readonly place: string | null;
  readonly operation: string;
  readonly phase: string;
  readonly args?: object;
  readonly text?: string;
  readonly lost?: number | null;
}

/** Returns nanoseconds of a printed time, or the ticks of a counter. */
function nanoseconds(time: string): bigint {
  const [high, fraction] = time.split(".");
  return fraction === undefined ? BigInt(high!) : BigInt(high!) * 1_000_000_000n + BigInt(fraction.padEnd(9, "0"));
}

function small(value: bigint): number | bigint {
  return Number.isSafeInteger(Number(value)) ? Number(value) : value;
}

function eventRow(e: Line): Row {
  return {
    seq: e.seq!,
    time: small(nanoseconds(e.time)),
    cpu: e.cpu,
    task: `${e.comm}-${e.pid}`,
    comm: e.comm,
    pid: e.pid,
    tgid: e.tgid,
    context: e.context,
    kind: e.phase,
    name: e.operation,
    line: e.line === 0 ? null : e.line,
    place: e.place,
    args: JSON.stringify(e.args ?? { text: e.text }),
  };
}

const parsed = (rows: readonly Row[]): object[] =>
  rows.map((row) => ({ ...row, args: JSON.parse(row["args"] as string) as object }));

async function exported(recording: Recorded): Promise<Line[]> {
  let text = "";
  for await (const piece of ndjsonText(recording)) text += piece;
  return text
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line) as Line);
}

test("events are those of export --to ndjson, in recordings and in logs that nobody would record", async (t) => {
  const agrees = async (recording: Recorded): Promise<void> => {
    const lines = await exported(recording);
    same(
      t,
      parsed(await ask(recording, "SELECT * FROM events")),
      parsed(lines.filter(({ seq }) => seq !== undefined).map(eventRow)),
    );
    t.deepEqual(
      (await ask(recording, "SELECT cpu, count, line FROM losses")).map(({ count }) => count),
      lines.filter(({ lost }) => lost !== undefined).map(({ lost }) => lost as Plain),
    );
  };
  for (const path of some.slice(0, 4)) await agrees(await keptRecording(path));
  await fc.assert(fc.asyncProperty(madeRecordings, agrees), { numRuns: RUNS });
});

/** Returns an argument as its column has it. */
function cell(value: bigint | number | string | null, isAddress: boolean): Plain {
  if (typeof value !== "bigint" && typeof value !== "number") return value;
  if (isAddress) return `0x${BigInt(value).toString(16)}`;
  const n = BigInt(value);
  return n >= 1n << 63n ? String(n) : small(n);
}

test("the table of an operation has its entries, with the arguments by name", async (t) => {
  for (const path of some.slice(0, 6)) {
    const recording = await keptRecording(path);
    const events = new Map<string, KernelEvent[]>();
    for await (const event of eventsOf(path))
      if (event.phase === "entry") events.set(event.operation, [...(events.get(event.operation) ?? []), event]);
    for (const { name, args } of catalogue) {
      const expected = (events.get(name) ?? []).map((event) => ({
        seq: event.seq,
        time: small(event.time),
        cpu: event.cpu,
        task: event.task.name,
        pid: event.task.pid,
        line: event.line,
        ...Object.fromEntries(
          args.map((arg) => [
            arg.name === "task" ? "task_arg" : arg.name,
            cell(event.args[arg.name]!, arg.type === "ptr"),
          ]),
        ),
      }));
      const columns = [
        "seq",
        "time",
        "cpu",
        "task",
        "pid",
        "line",
        ...args.map((arg) => (arg.name === "task" ? "task_arg" : `"${arg.name}"`)),
      ];
      same(t, await ask(recording, `SELECT ${columns.join(", ")} FROM ${name}`), expected, `${name} of ${path}`);
    }
  }
});

test("calls are the entries, each with its own return", async (t) => {
  for (const path of some) {
    const recording = await keptRecording(path);
    const events = await ask(
      recording,
      "SELECT seq, time, name, kind, pid, task, args FROM events WHERE name <> 'tracing_mark_write'",
    );
    const bySeq = new Map(events.map((event) => [event["seq"], event]));
    const calls = await ask(recording, "SELECT * FROM calls");
    const called = new Map(calls.map((call) => [call["seq"], call]));
    const orphans = calls.filter(({ begin }) => begin === null);
    same(
      t,
      calls.map(({ seq }) => seq),
      events.filter(({ kind, seq }) => kind === "entry" || orphans.some((o) => o["seq"] === seq)).map(({ seq }) => seq),
    );
    const returns = events.filter(({ kind }) => kind === "return").map(({ seq }) => seq);
    t.deepEqual(
      calls.flatMap(({ returned }) => (returned === null ? [] : [returned as number])).sort((a, b) => a - b),
      returns,
      "each return is some call's",
    );
    for (const call of calls) {
      const entry = bySeq.get(call["seq"]!)!;
      const parent = called.get(call["parent"]!);
      const end = call["returned"] === null ? undefined : bySeq.get(call["returned"]!)!;
      const expected = {
        name: entry["name"],
        task: entry["task"],
        begin: call["begin"] === null ? null : entry["time"],
        depth: parent ? (parent["depth"] as number) + 1 : 0,
        outermost: parent ? parent["outermost"] : call["seq"],
        ...(end && {
          end: end["time"],
          duration: call["begin"] === null ? null : (end["time"] as number) - (entry["time"] as number),
          result: (Object.values(JSON.parse(end["args"] as string) as object)[0] ?? null) as unknown,
        }),
      };
      if (end && end["name"] !== call["name"]) t.fail(`call ${call["seq"]} returns from ${end["name"]}`);
      same(
        t,
        Object.fromEntries(Object.keys(expected).map((name) => [name, call[name]])),
        expected,
        `call ${call["seq"]}`,
      );
    }
  }
});

test("an operation's table has the results that calls have", async (t) => {
  const path = `fixtures/recordings/linux-6.12-patched/s09-enfile.trace.gz`;
  for (const { name, result } of catalogue) {
    if (!result) continue;
    const columns = 'seq, task, "end", duration, returned, result, error';
    same(
      t,
      await ask(path, `SELECT ${columns} FROM ${name} ORDER BY seq`),
      await ask(path, `SELECT ${columns} FROM calls WHERE name = '${name}' AND begin IS NOT NULL ORDER BY seq`),
    );
  }
  t.deepEqual(
    await ask(path, "SELECT name, result, error, count(*) AS n FROM calls WHERE error IS NOT NULL GROUP BY name"),
    [
      { name: "alloc_empty_file", result: "0xffffffffffffffe9", error: "ENFILE", n: 2 },
      { name: "alloc_file_pseudo", result: "0xffffffffffffffe9", error: "ENFILE", n: 2 },
      { name: "kvm_gmem_create", result: -23, error: "ENFILE", n: 2 },
    ],
  );
});

for (const path of some) {
  test(`operations, findings, hazards, objects and references are those of the replay: ${nameOf(path)}`, async (t) => {
    const recording = await keptRecording(path);
    const said = await replayRecording(recording, { everything: true });
    const plainly = (list: readonly object[]): unknown => JSON.parse(JSON.stringify(list));
    same(
      t,
      await ask(recording, "SELECT * FROM operations"),
      said.operations.map(({ name, task, event, result = null, error = null }) => ({
        seq: event,
        name,
        task,
        result,
        error,
      })),
    );
    for (const table of ["findings", "hazards"] as const) {
      t.deepEqual(
        plainly(
          (await ask(recording, `SELECT * FROM ${table}`)).map((row) => ({
            ...row,
            evidence: JSON.parse(row["evidence"] as string) as unknown,
          })),
        ),
        plainly(
          said[table].map(({ rule, object, event, file = null, line = null, time, task, message, evidence }) => ({
            rule,
            object,
            event,
            file,
            line,
            time: Number(nanoseconds(time)),
            task,
            message,
            evidence,
          })),
        ),
      );
    }
    // If events were lost, an object may turn out to be guest_memfd's when its birth is counted already.
    for (const [which, counts] of said.trace.lost > 0
      ? []
      : ([
          ["guest_memfd", (await replay(path)).objects],
          ["1", said.objects],
        ] as const)) {
      const rows = await ask(
        recording,
        `SELECT kind, count(born) AS born, sum(died IS NOT NULL AND (born IS NOT NULL OR NOT unseen)) AS died, sum(died IS NULL) AS live FROM objects WHERE ${which} GROUP BY kind`,
      );
      const found = new Map(rows.map((row) => [row["kind"], row]));
      for (const kind of COUNTED_KINDS)
        t.deepEqual(found.get(kind) ?? { kind, born: 0, died: 0, live: 0 }, { kind, ...counts[kind]! }, which);
    }
    const states = await ask(recording, "SELECT id, state FROM objects WHERE died IS NULL ORDER BY id");
    same(
      t,
      states.map(({ id, state }) => ({ id, state: JSON.parse(state as string) as unknown })),
      [...said.world.store.live()].flatMap((o) => {
        if (kinds[o.kind].numbered !== undefined) return [];
        const fields = Object.entries(kinds[o.kind].fields).filter(([, { remembered }]) => !remembered);
        const valueOf = (name: string): unknown => (o as unknown as Record<string, unknown>)[name];
        const told = fields.map(([name, { type }]) => [
          name,
          (type === "pointer" || type === "event") && valueOf(name) === 0 ? null : valueOf(name),
        ]);
        return [{ id: o.id, state: Object.fromEntries(told) as unknown }];
      }),
    );
    const held = await ask(
      recording,
      'SELECT object_id, object, get, get_by, get_task FROM "references" JOIN objects ON objects.id = object_id WHERE put IS NULL AND died IS NULL ORDER BY object_id, "references".id',
    );
    const expected = [...said.world.store.live()].flatMap((o) =>
      o.kind === "descriptors"
        ? []
        : o.references.map((r) => ({
            object_id: o.id,
            object: said.world.label(o),
            get: r.seq,
            get_by: r.by,
            get_task: said.world.taskName(r.task),
          })),
    );
    same(
      t,
      held,
      expected.sort((a, b) => a.object_id - b.object_id),
    );
  });
}

test("a reference is on record from its get to its put", async (t) => {
  const broken = "fixtures/recordings/broken/leak-module-on-error/s09-enfile.trace.gz";
  t.deepEqual(await ask(broken, "SELECT object, owner, get, put FROM references WHERE get = 1095"), [
    { object: "module kvm_amd", owner: "kvm_gmem_create", get: 1095, put: null },
  ]);
  const healthy = "fixtures/recordings/linux-6.12-patched/s09-enfile.trace.gz";
  t.deepEqual(
    await ask(
      healthy,
      "SELECT owner, owner_call, get_by, put, put_by, end - begin = duration AS whole FROM references WHERE get = 1089",
    ),
    [
      {
        owner: "kvm_gmem_create",
        owner_call: 1085,
        get_by: "try_module_get",
        put: 1117,
        put_by: "module_put",
        whole: 1,
      },
    ],
  );
});

test("the recording says of itself what replay says", async (t) => {
  for (const path of some.slice(0, 5)) {
    const rows = await ask(path, "SELECT * FROM recording");
    const { trace } = await replay(path);
    t.like(Object.fromEntries(rows.map(({ key, value }) => [key, value])), {
      path,
      format: "ftrace",
      events: trace.events,
      lost: trace.lost,
      skipped: trace.skipped,
      unknown: trace.unknown,
      tasks: trace.tasks,
      seconds: trace.seconds,
    });
  }
});

test("every table can be asked for, under a name that needs no quotes", async (t) => {
  const recording = await keptRecording(some[0]!);
  for (const { name, columns } of tables) {
    const [row] = await ask(recording, `SELECT * FROM ${name} LIMIT 1`);
    if (row)
      t.deepEqual(
        Object.keys(row),
        columns.map((c) => c.name),
      );
  }
  t.is(new Set(tables.map(({ name }) => name)).size, tables.length);
});

test("a recording with no event has empty tables", async (t) => {
  const made = fc.sample(
    madeRecordings.filter(({ kept }) => kept.length === 0),
    1,
  )[0]!;
  for (const { name } of tables)
    t.deepEqual(await ask(made, `SELECT count(*) AS n FROM ${name} WHERE '${name}' <> 'recording'`), [{ n: 0 }]);
  t.is(
    (
      await openRecording("fixtures/recordings/linux-6.12/s01-create-close.trace.gz").then(
        async (r) => (await r.close(), r),
      )
    ).report.events,
    0,
  );
});
