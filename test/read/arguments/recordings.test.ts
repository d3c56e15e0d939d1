/**
 * Tests arguments of real recordings, renamed, numbered, left out and wrapped: each reads as before, or is absent and
 * counted.
 */
import test from "ava";
import fc from "fast-check";
import { points } from "../../../events/index.js";
import { PerfScriptReader } from "../../../src/read/perf-script/index.js";
import { TraceCmdReportReader } from "../../../src/read/trace-cmd-report/index.js";
import { perfScript, traceCmdReport } from "../printed.js";
import { ftrace, isAccounted, type MakeReader, readAs, type Parts, type TextReading } from "../text.js";
import {
  type Argument,
  bare,
  compare,
  edited,
  eventName,
  ftraceLine,
  lacking,
  numbered,
  original,
  RECORDINGS,
  renamed,
  text,
  without,
} from "./edited.js";

interface Printed {
  readonly make: MakeReader;
  readonly line: (parts: Parts) => string;
}

/** Each prints the same events in its own way. */
const FORMATS: Readonly<Record<string, Printed>> = {
  ftrace: { make: ftrace, line: ftraceLine },
  "perf script": {
    make: (tables, report, beginning, batchEvents) =>
      new PerfScriptReader(points, tables, report, beginning, batchEvents),
    line: (parts) => perfScript("comm,tid,cpu,time,event,trace", parts),
  },
  "trace-cmd report": {
    make: (tables, report, _, batchEvents) => new TraceCmdReportReader(points, tables, report, batchEvents),
    line: (parts) => traceCmdReport("f", parts),
  },
};
const MOST = Math.max(...points.points.map((point) => point?.args.length ?? 0));
const POSITIONS = Array.from({ length: MOST }, (_, k) => k);

const parts = new Map(RECORDINGS.map((name) => [name, original(name)]));
const read = ({ make, line }: Printed, events: readonly Parts[]): TextReading => readAs(make, text(events.map(line)));
const unchanged = new Map(
  Object.values(FORMATS).map((format) => [
    format,
    new Map(RECORDINGS.map((name) => [name, read(format, parts.get(name)!).events])),
  ]),
);

const printedBy = ({ name, args }: Parts): string[] =>
  [...args.matchAll(/(\w+)=(?:"[^"]*"|\S+)/g)].map(([, arg]) => `${name} ${arg!}`);

/** Checks an edit of the recordings: of all in ftrace's own form, of the shortest in the others. */
function each(
  edit: Parameters<typeof edited>[1],
  check: (reading: TextReading, absent: ReadonlyMap<string, number>, format: string) => void,
): void {
  for (const [format, printed] of Object.entries(FORMATS)) {
    for (const name of format === "ftrace" ? RECORDINGS : RECORDINGS.slice(0, 1)) {
      const reading = read(printed, edited(parts.get(name)!, edit));
      if (!isAccounted(reading.report)) throw new Error("a line was lost silently");
      check(reading, compare(reading.events, unchanged.get(printed)!.get(name)!), format);
    }
  }
}

/**
 * Checks the counts of absent arguments. Those that the kernel could not read are absent as well if they are not found,
 * and had no value before.
 */
function counted({ events, report }: TextReading, absent: ReadonlyMap<string, number>): boolean {
  const counts = lacking(report);
  return [...absent].every(([key, times]) => {
    const [event = "", name = ""] = key.split(" ");
    return (
      counts.get(key) === events.filter((e) => eventName(e) === event && e.args[name] === null).length &&
      counts.get(key)! >= times
    );
  });
}

/** Values that could be any number, and pointers of functions with another pointer parameter. */
const TOLD_BY_NAME_ALONE = [
  "__fput inode",
  "alloc_empty_file flags",
  "alloc_file_pseudo flags",
  "anon_inode_getfile flags",
  "d_alloc_pseudo sb",
  "evict nrpages",
  "fd_install fd",
  "filemap_add_folio index",
  "filp_close file",
  "ihold i_count",
  "init_pseudo magic",
  "iput i_count",
  "iput i_nlink",
  "iput sb",
  "kvm_arch_init_vm type",
  "kvm_gmem_bind fd",
  "kvm_gmem_bind offset",
  "kvm_gmem_create flags",
  "kvm_gmem_create size",
  "kvm_gmem_fallocate len",
  "kvm_gmem_fallocate mode",
  "kvm_gmem_fallocate offset",
  "kvm_gmem_get_folio index",
  "kvm_gmem_inode_create_getfile flags",
  "kvm_gmem_inode_create_getfile size",
  "kvm_gmem_inode_make_secure_inode flags",
  "kvm_gmem_inode_make_secure_inode size",
  "kvm_gmem_invalidate_begin end",
  "kvm_gmem_invalidate_begin start",
  "kvm_gmem_invalidate_start end",
  "kvm_gmem_invalidate_start start",
  "kvm_set_memory_region flags",
  "kvm_set_memory_region gmem_fd",
  "kvm_set_memory_region gmem_offset",
  "kvm_set_memory_region gpa",
  "kvm_set_memory_region size",
  "kvm_set_memory_region slot",
  "module_put refcnt",
  "security_inode_init_security_anon inode",
  "truncate_inode_pages_range lend",
  "truncate_inode_pages_range lstart",
  "try_module_get refcnt",
  "try_module_get state",
];

test("any one argument renamed is found if no other can be it, and else absent and counted", (t) => {
  const lost = new Map(Object.keys(FORMATS).map((format) => [format, new Set<string>()]));
  const found = new Set<string>();
  for (const k of POSITIONS) {
    each(renamed(k, "x"), (reading, absent, format) => {
      t.true(counted(reading, absent), format);
      t.deepEqual(reading.report.arguments.saved().refused, []);
      for (const key of absent.keys()) lost.get(format)!.add(key);
      for (const [event, of] of Object.entries(reading.report.arguments.saved().taken))
        for (const name of Object.keys(of)) found.add(`${event} ${name}`);
    });
  }
  const all = [...parts.values()]
    .flat()
    .flatMap((part) => (points.byEvent(part.name)?.operation.probe === "kprobe" ? printedBy(part) : []));
  t.deepEqual([...lost.get("ftrace")!].sort(), TOLD_BY_NAME_ALONE);
  for (const of of lost.values()) t.true([...of].every((key) => TOLD_BY_NAME_ALONE.includes(key)));
  t.deepEqual(
    [...found].sort(),
    [...new Set(all)].filter((key) => !TOLD_BY_NAME_ALONE.includes(key)).sort(),
    "all others are found",
  );
});

test("arguments without names, numbered by the kernel, are all found", (t) => {
  each(numbered, (reading, absent, format) => {
    t.deepEqual([...absent], [], format);
    t.deepEqual(
      [...lacking(reading.report)].filter(([key]) => !key.startsWith("kvm_gmem_prepare_memory_region")),
      [],
    );
    t.is(reading.report.malformed, 0);
  });
});

test("a result whose type the probe was not told is the result, as the type has it", (t) => {
  const register = (
    args: readonly Argument[],
    { phase, args: [result] }: Parameters<Parameters<typeof edited>[1]>[1],
  ): readonly Argument[] =>
    phase === "return" ? args.map((arg) => ({ name: "arg1", value: bare(arg, result!) })) : args;
  each(register, ({ report }, absent, format) => {
    t.deepEqual([...absent], [], format);
    t.is(
      Object.keys(report.arguments.saved().taken).some((event) => !event.endsWith("_ret")),
      false,
    );
  });
});

test("any one argument left out is absent and counted, and no other is", (t) => {
  for (const k of POSITIONS) {
    each(without(k), (reading, absent, format) => {
      t.true(counted(reading, absent), format);
      for (const key of absent.keys()) {
        const [event = "", name] = key.split(" ");
        t.is(points.byEvent(event)!.args[k]!.name, name!);
      }
      t.deepEqual(reading.report.arguments.saved().taken, {});
    });
  }
});

test("left out among numbered ones, no value is taken for another", (t) => {
  for (const k of POSITIONS)
    each(
      (args) => numbered(without(k)(args)),
      (reading, absent, format) => t.true(counted(reading, absent), format),
    );
});

test("any arguments in any order, some renamed, some numbered, some left out: no value is taken for another", (t) => {
  const name = RECORDINGS[0]!;
  const before = unchanged.get(FORMATS["ftrace"]!)!.get(name)!;
  const some = parts.get(name)!.slice(0, 400);
  // All events of a probe have the probe's names.
  const edit = fc.array(
    fc.record({
      keep: fc.boolean(),
      name: fc.constantFrom(undefined, undefined, "x", "obj", "y"),
      number: fc.boolean(),
    }),
    { minLength: MOST, maxLength: MOST },
  );
  fc.assert(
    fc.property(edit, (edits) => {
      const events = edited(some, (args) =>
        args
          .flatMap((arg, k) => (edits[k]!.keep ? [{ ...arg, k }] : []))
          .map(({ name: own, value, k }, at) => ({
            name: edits[k]!.number ? `arg${at + 1}` : (edits[k]!.name ?? own),
            value,
          })),
      );
      const reading = read(FORMATS["ftrace"]!, events);
      if (!counted(reading, compare(reading.events, before.slice(0, 400)))) throw new Error("absent and not counted");
    }),
    { numRuns: Number(process.env["KREEL_TEST_RUNS"] ?? 150) },
  );
  t.pass();
});

/** Breaks a line at spaces after the event's name, as a mailer does, each part no longer than `width` if possible. */
function wrapped(line: string, name: string, width: number): string[] {
  const body = line.indexOf(`${name}: `) + name.length + 2;
  const lines: string[] = [];
  let rest = line;
  for (let from = body; rest.length > width; from = 0) {
    const at = [rest.lastIndexOf(" ", width), rest.indexOf(" ", width)].find((space) => space > from);
    if (at === undefined) break;
    lines.push(rest.slice(0, at));
    rest = rest.slice(at + 1);
  }
  return [...lines, rest];
}

test("a line that a mailer wrapped is one event", (t) => {
  for (const [format, { make, line }] of Object.entries(FORMATS)) {
    for (const name of RECORDINGS.slice(0, 2)) {
      for (const width of [100, 132]) {
        const all = edited(parts.get(name)!, (args) => args).filter((part) => part.name !== "tracing_mark_write");
        const lines = all.map((part) => wrapped(line(part), part.name, width));
        const broken = lines.filter((of) => of.length > 1).length;
        t.true(broken > 100, format);
        const reading = readAs(make, text(lines.flat()), 1000, 3);
        t.deepEqual([...compare(reading.events, readAs(make, text(all.map(line))).events)], [], `${format}, ${width}`);
        t.is(reading.report.continuations, lines.flat().length - lines.length);
        t.is(reading.report.skipped + reading.report.malformed, 0);
        t.true(isAccounted(reading.report));
      }
    }
  }
});
