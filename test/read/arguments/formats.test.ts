/** Tests recordings that are not text, or hardly: the same arguments are found, and the same are not. */
import test from "ava";
import { points } from "../../../events/index.js";
import { eventAt, type KernelEvent } from "../../../src/log/event.js";
import type { Batch } from "../../../src/log/batch.js";
import { createTables } from "../../../src/log/tables.js";
import { ndjsonText } from "../../../src/export/ndjson.js";
import { BpftraceReader } from "../../../src/read/bpftrace/index.js";
import { NdjsonReader } from "../../../src/read/ndjson/index.js";
import { openRecording } from "../../../src/read/recording.js";
import { ReadReport } from "../../../src/read/report.js";
import { memoryAccess } from "../../../src/read/trace-dat/access.js";
import { TraceDatReader } from "../../../src/read/trace-dat/index.js";
import { openTraceDat, readFormats } from "../../../src/read/trace-dat/open.js";
import { TraceCmdReportReader } from "../../../src/read/trace-cmd-report/index.js";
import { traceCmdReport, tuple } from "../printed.js";
import { type MakeReader, partsOf, readAs } from "../text.js";
import { unzipped } from "../trace-dat/reading.js";
import { recording } from "../helpers.js";
import { compare, edited, eventName, lacking, numbered, renamed, text, without } from "./edited.js";

interface Reading {
  readonly events: readonly KernelEvent[];
  readonly report: ReadReport;
}

const DAT = unzipped("linux-6.18-s09-enfile.v6.dat.gz");

/** Reads the same pages with other formats of the probes. */
function readFormatted(edit: (format: string, event: string) => string): Reading {
  const report = new ReadReport("test.dat");
  const tables = createTables();
  const open = openTraceDat(memoryAccess(DAT), "test.dat", report);
  const formats = open.contents.formats.map(({ system, text: of }) => ({
    system,
    text: system === "gmem" ? edit(of, /^name: (\w+)$/m.exec(of)![1]!) : of,
  }));
  const contents = { ...open.contents, formats };
  const batches = [
    ...new TraceDatReader(
      { ...open, contents, formats: readFormats(contents, report) },
      points,
      tables,
      report,
    ).batches(),
  ];
  return {
    events: batches.flatMap((batch) =>
      Array.from({ length: batch.length }, (_, i) => eventAt(batch, i, points, tables)),
    ),
    report,
  };
}

const readDat = (edit: (names: readonly string[]) => readonly string[]): Reading =>
  readFormatted((format) => withFields(format, edit));

/** Renames fields; one without a name becomes one that no probe has. */
function withFields(format: string, edit: (names: readonly string[]) => readonly string[]): string {
  const names = [...format.matchAll(/^\tfield:.* (\w+)(?:\[\])?;\toffset/gm)]
    .map(([, name]) => name!)
    .filter((name) => !name.startsWith("common_") && !name.startsWith("__probe_"));
  const changed = edit(names);
  return names
    .reduce(
      (of, name, k) =>
        changed[k] === ""
          ? of.replace(new RegExp(`^\\tfield:.* ${name};.*\\n`, "m"), "")
          : of.replaceAll(new RegExp(`\\b${name}(?=;|=|[,)]| *$)`, "gm"), `@${changed[k]!}`),
      format,
    )
    .replaceAll("@", "");
}

const dat = readDat((names) => names);

test("trace.dat: numbered fields are found", (t) => {
  const { events, report } = readDat((names) => names.map((_, k) => `arg${k + 1}`));
  t.deepEqual([...compare(events, dat.events)], []);
  t.deepEqual([...lacking(report)], []);
  t.true(Object.keys(report.arguments.saved().taken).length > 30);
});

test("trace.dat: a field under another name is found where no other can be it, and else absent and counted", (t) => {
  const lost = new Set<string>();
  for (const k of [0, 1, 2, 3]) {
    const { events, report } = readDat((names) => names.map((name, j) => (j === k ? "x" : name)));
    for (const [key, times] of compare(events, dat.events)) {
      lost.add(key);
      t.true(lacking(report).get(key)! >= times, key);
    }
    t.deepEqual(report.arguments.saved().refused, []);
  }
  t.true(["iput i_count", "iput sb", "fd_install fd", "module_put refcnt"].every((key) => lost.has(key)));
  t.false(
    ["module_put module", "module_put name", "iput inode", "kvm_gmem_create kvm", "kvm_gmem_release file"].some((key) =>
      lost.has(key),
    ),
  );
  t.false([...lost].some((key) => key.includes("_ret ")));
});

test("trace.dat: a field that is not there is absent and counted, and nothing else is taken for it", (t) => {
  for (const k of [0, 1, 2]) {
    const left = readDat((names) => names.map((name, j) => (j === k ? "" : name)));
    const absent = compare(left.events, dat.events);
    t.deepEqual(left.report.arguments.saved().taken, {});
    for (const [key, times] of absent) t.true(lacking(left.report).get(key)! >= times, key);
    const renumbered = readDat((names) => names.map((_, j) => (j === k ? "" : `arg${j < k ? j + 1 : j}`)));
    compare(renumbered.events, dat.events);
  }
});

const of = ({ events }: Reading, name: string): KernelEvent[] => events.filter((event) => eventName(event) === name);

test("trace.dat: a result is read as its type has it, though its field is a register", (t) => {
  const register = (format: string): string =>
    format
      .replace(/s32 fd;(\toffset:\d+;)\tsize:4;\tsigned:1;/, "u32 arg1;$1\tsize:4;\tsigned:0;")
      .replaceAll("fd", "arg1");
  const read = readFormatted((format, event) => (event === "kvm_gmem_create_ret" ? register(format) : format));
  const results = of(read, "kvm_gmem_create_ret").map(({ args }) => args["fd"]);
  t.deepEqual(
    results,
    of(dat, "kvm_gmem_create_ret").map(({ args }) => args["fd"]),
  );
  t.true(results.includes(-23));
});

test("trace.dat: a field of the catalogue's name and another kind is not taken, nor is anything else for it", (t) => {
  const puts = of(
    readFormatted((format, event) =>
      event === "module_put"
        ? format.replace(/__data_loc char\[\] name;/, "u32 name;").replace(" refcnt;", " count;")
        : format,
    ),
    "module_put",
  );
  t.true(puts.length > 0);
  t.true(puts.every(({ args }) => args["name"] === null && args["refcnt"] === null && args["module"] !== null));
});

const SHORT = "linux-7.2/s04-bind-unbind.trace.gz";
const parts = partsOf(recording(SHORT));

test("trace-cmd report -R: fields under other names are found where no string is among them", (t) => {
  const make: MakeReader = (tables, report, _, batchEvents) =>
    new TraceCmdReportReader(points, tables, report, batchEvents);
  const readRaw = (edit: Parameters<typeof edited>[1]): Reading =>
    readAs(make, text(edited(parts, edit).map((part) => traceCmdReport("fR", part))));
  const before = readRaw((args) => args).events;
  const hasString = new Set(
    points.points.flatMap((point) => (point?.args.some(({ type }) => type === "string") ? [point.event] : [])),
  );
  const all = readRaw(numbered);
  t.true([...compare(all.events, before).keys()].every((key) => hasString.has(key.split(" ")[0]!)));
  t.true(Object.keys(all.report.arguments.saved().taken).length > 40);
  for (const k of [0, 1]) {
    const one = readRaw(without(k));
    for (const [key, times] of compare(one.events, before)) t.true(lacking(one.report).get(key)! >= times, key);
    t.false(
      [...compare(readRaw(renamed(k, "x")).events, before).keys()].some(
        (key) => key.startsWith("dput ") || key.includes("_ret "),
      ),
    );
  }
});

/** Reads the lines of an export, with each event's arguments edited. */
async function readNdjson(
  edit: (args: readonly [string, unknown][]) => readonly [string, unknown][],
): Promise<Reading> {
  const original = await openRecording(`fixtures/recordings/${SHORT}`);
  let lines = "";
  for await (const piece of ndjsonText(original)) lines += piece;
  const changed = lines
    .trimEnd()
    .split("\n")
    .map((line) => {
      const fields = JSON.parse(line) as { args?: Record<string, unknown>; operation?: string };
      if (fields.args && fields.operation !== "tracing_mark_write")
        fields.args = Object.fromEntries(edit(Object.entries(fields.args)));
      return `${JSON.stringify(fields)}\n`;
    });
  const tables = createTables();
  const report = new ReadReport("test");
  const reader = new NdjsonReader(points, tables, report);
  const batches: Batch[] = [...reader.push(Buffer.from(changed.join(""))), ...reader.end()];
  return {
    events: batches.flatMap((batch) =>
      Array.from({ length: batch.length }, (_, i) => eventAt(batch, i, points, tables)),
    ),
    report,
  };
}

test("NDJSON: names of somebody else's are found, what is not there is absent and counted", async (t) => {
  const before = (await readNdjson((args) => args)).events;
  const all = await readNdjson((args) => args.map(([, value], k): [string, unknown] => [`arg${k + 1}`, value]));
  t.deepEqual([...compare(all.events, before)], []);
  for (const k of [0, 1, 2]) {
    const one = await readNdjson((args) => args.filter((_, j) => j !== k));
    for (const [key, times] of compare(one.events, before)) t.true(lacking(one.report).get(key)! >= times, key);
    const other = await readNdjson((args) =>
      args.map(([name, value], j): [string, unknown] => [j === k ? "x" : name, value]),
    );
    const lost = [...compare(other.events, before).keys()];
    t.false(
      lost.some(
        (key) => ["dput dentry", "module_put module", "module_put name"].includes(key) || key.includes("_ret "),
      ),
    );
  }
});

test("bpftrace: of values that are fewer than the catalogue's, none is taken for another", (t) => {
  const make: MakeReader = (tables, report, _, batchEvents) => new BpftraceReader(points, tables, report, batchEvents);
  const before = readAs(
    (tables, report, _, batchEvents) => new TraceCmdReportReader(points, tables, report, batchEvents),
    text(parts.map((part) => traceCmdReport("f", part))),
  ).events;
  for (const k of [0, 1, 2, 3]) {
    const lines = before.map((event) => {
      const point = points.byEvent(eventName(event))!;
      const values = point.args.map((arg) => event.args[arg.name] ?? (arg.type === "string" ? "" : 0));
      return tuple(
        event.time,
        event.cpu,
        event.task.comm,
        event.task.pid,
        event.task.pid,
        point.event,
        ...(point.operation.probe === "marker" ? values : values.filter((_, j) => j !== k)),
      );
    });
    const { events, report } = readAs(make, text(lines));
    // bpftrace prints an empty text or 0 for a value that the kernel could not read.
    const readable = events.map((event, i) => ({
      ...event,
      args: Object.fromEntries(
        Object.entries(event.args).map(([name, value]) => [name, value === "" ? before[i]!.args[name]! : value]),
      ),
    }));
    for (const [key, times] of compare(readable, before)) t.true(lacking(report).get(key)! >= times, key);
  }
});
