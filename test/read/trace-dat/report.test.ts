/** Tests that `trace-cmd report` of a trace.dat agrees with reading the file: every event, in order, field by field. */
import { readdirSync } from "node:fs";
import test from "ava";
import { points } from "../../../events/index.js";
import { CONTEXT_HARDIRQ, CONTEXT_NMI, CONTEXT_SOFTIRQ } from "../../../src/log/batch.js";
import { TRACE_DATS, read, readWithoutSymbols, unzipped } from "./reading.js";
import { same } from "../../support/same.js";

/**
 * A line of `trace-cmd report -t -l`: the buffer, if it is not the top one; the CPU and the flags are not separated;
 * names are cut; times have nanoseconds, or are those of a counter.
 */
const LINE =
  /^(?:(?<buffer>[\w]+): )? *(?<task>.+-\d+) +(?<cpu>\d+)(?<flags>\D\S{4}) +(?:(?<seconds>\d+)\.)?(?<ticks>\d+): (?<name>\S+): *(?<text>.*)$/;
const DROPPED = /CPU:(?<cpu>\d+) \[(?:(?<count>\d+) )?EVENTS DROPPED\]/;
const CONTEXTS: Readonly<Record<string, number>> = {
  ".": 0,
  s: CONTEXT_SOFTIRQ,
  h: CONTEXT_HARDIRQ,
  H: CONTEXT_HARDIRQ | CONTEXT_SOFTIRQ,
  z: CONTEXT_NMI,
  Z: CONTEXT_NMI | CONTEXT_HARDIRQ,
};
const SHOWN_OF_NAME = 8;

interface Plain {
  readonly task: string;
  readonly cpu: number;
  readonly context: number;
  readonly time: string;
  readonly name: string;
  readonly place: string;
  readonly args: Readonly<Record<string, string>>;
}

function reported(line: string): Plain {
  const { task, cpu, flags, seconds = "", ticks, name, text } = LINE.exec(line)!.groups as Record<string, string>;
  const common = {
    task: task!,
    cpu: Number(cpu),
    context: CONTEXTS[flags![2]!]!,
    time: String(BigInt(seconds + ticks!)),
  };
  if (name === "print")
    return {
      ...common,
      name: "tracing_mark_write",
      place: "",
      args: { text: /^tracing_mark_write: (.*)$/.exec(text!)![1]! },
    };
  const [, ip, caller, rest] = /^(?:\((\w+)(?: <- (\w+))?\))? ?(.*)$/.exec(text!)!;
  const args = Object.fromEntries([...rest!.matchAll(/(\w+)=("[^"]*"|\S*)/g)].map(([, key, value]) => [key!, value!]));
  const place = caller === undefined ? (ip === undefined ? "" : `0x${ip}`) : `0x${caller} <- 0x${ip}`;
  // Tracepoints of modules print the name of the module first, and nothing before it.
  return { ...common, name: name!, place, args: place === "" ? { name: rest!.split(" ")[0]!, ...args } : args };
}

const names = [TRACE_DATS, `${TRACE_DATS}more/`].flatMap((folder) =>
  readdirSync(folder).flatMap((name) =>
    name.endsWith(".report.gz") ? [`${folder}${name}`.slice(TRACE_DATS.length)] : [],
  ),
);

test("there are recordings of both versions", (t) => {
  t.true(names.some((name) => name.includes(".v6.")));
  t.true(names.some((name) => name.includes(".v7.")));
});

for (const name of names) {
  test(`${name.replace(".report.gz", "")}: the same events as trace-cmd report has`, (t) => {
    const lines = unzipped(name)
      .toString()
      .split("\n")
      .filter((line) => line !== "" && !line.startsWith("cpus="));
    const { events, contexts, losses, report, tables } = readWithoutSymbols(
      unzipped(name.replace(".report.gz", ".dat.gz")),
    );
    const places = new Set<string>();
    const dropped: object[] = [];
    let k = 0;
    let unknown = 0;
    for (const line of lines) {
      const drop = DROPPED.exec(line)?.groups;
      if (drop) {
        dropped.push({ before: k + 1, cpu: Number(drop["cpu"]), count: Number(drop["count"] ?? 0) });
        continue;
      }
      const event = events[k]!;
      const expected = reported(line);
      const common = {
        task: `${event.task.comm.slice(0, SHOWN_OF_NAME)}-${event.task.pid}`,
        cpu: event.cpu,
        context: contexts[k]!,
        time: String(event.time),
      };
      const point = points.byEvent(expected.name);
      if (event.phase === "unknown") {
        unknown++;
        const { place, args, ...rest } = expected;
        t.deepEqual({ ...common, name: event.operation }, rest);
        // The catalogue has a probe of this name, not the kernel's own event.
        t.true(point === undefined || place === "", JSON.stringify(args));
      } else {
        // Without symbols, a tracepoint's caller is an address.
        const printedArgs = point!.args.filter((arg) => arg.name in expected.args && arg.name !== "call_site");
        if (point!.operation.probe !== "tracepoint") t.is(printedArgs.length, point!.args.length);
        const args = Object.fromEntries(
          printedArgs.map((arg) => [arg.name, printed(arg.type, event.args[arg.name]!, expected.args[arg.name]!)]),
        );
        const wanted = {
          ...expected,
          args: Object.fromEntries(printedArgs.map((arg) => [arg.name, expected.args[arg.name]!])),
        };
        const actual: Plain = { ...common, name: point!.event, place: event.place, args };
        if (JSON.stringify(actual) !== JSON.stringify(wanted)) t.deepEqual(actual, wanted, `event ${k + 1}`);
        t.is(event.phase, point!.phase);
      }
      places.add(event.place);
      k++;
    }
    t.is(events.length, k);
    t.true(places.size > 30);
    t.is(report.events, k);
    t.is(report.unknown, unknown);
    t.is(report.malformed, 0);
    t.deepEqual(losses, dropped);
    t.is(
      report.lostLines,
      losses.reduce((sum, { count }) => sum + count, 0),
    );
    t.is(
      report.uncountedLoss,
      losses.some(({ count }) => count === 0),
    );
    t.false(report.truncated);
    t.deepEqual(report.warnings, []);
    t.deepEqual(
      report.clock,
      name.includes("counter") ? { kind: "counter", digits: 0 } : { kind: "seconds", digits: 9 },
    );
    t.true(tables.tasks.size >= 4);
  });
}

/** Returns the callers that took references on modules, as trace-cmd prints them. */
function callSites(name: string): string[] {
  return [
    ...unzipped(`more/${name}.report.gz`)
      .toString()
      .matchAll(/ module_get: .* call_site=(\S+)/g),
  ].map(([, site]) => site!);
}

/** Returns a value as trace-cmd prints it, in the base of `like`. It prints a string that could not be read as "". */
function printed(type: string, value: bigint | number | string | null, like: string): string {
  if (value === null) return type === "string" ? '""' : "(fault)";
  if (typeof value === "string") return like.startsWith('"') ? `"${value}"` : value;
  return like.startsWith("0x")
    ? `0x${(typeof value === "number" ? BigInt.asUintN(32, BigInt(value)) : value).toString(16)}`
    : String(value);
}

test("recordings of two buffers, of lost events, of a counter, are among them", (t) => {
  const of = (name: string): ReturnType<typeof read> => read(unzipped(`more/${name}.dat.gz`));
  for (const name of ["two-buffers.v6", "two-buffers.v7"]) {
    const { events, report } = of(name);
    t.true(report.unknownByName.get("sched_switch")! > 300, "of the other buffer");
    t.true(events.some(({ operation }) => operation === "kvm_gmem_create"));
    t.deepEqual(
      events.filter(({ operation }) => operation === "module_load").map(({ args }) => ({ ...args })),
      [
        { name: "kvm", taints: "" },
        { name: "kvm_amd", taints: "" },
      ],
    );
    t.deepEqual(
      [
        ...new Set(events.filter(({ operation }) => operation === "module_get").map(({ args }) => args["call_site"])),
      ].sort((a, b) => String(a).localeCompare(String(b))),
      [...new Set(callSites(name))].sort(),
    );
    t.true(events.every(({ time }, k) => k === 0 || time >= events[k - 1]!.time));
  }
  const lossy = of("lossy.v6");
  t.deepEqual(
    lossy.losses.map(({ count }) => count),
    [252, 254],
  );
  t.is(lossy.report.lost, 506, "what the pages say and what the statistics say are the same events");
  const plain = of("plain.v7");
  t.deepEqual(
    plain.losses.map(({ count }) => count),
    [128, 128, 0],
  );
  t.is(plain.report.lost, 510, "the statistics know more than the pages");
});

test("both readings of a file are the same, whatever the batches; symbols only name the places", (t) => {
  const bytes = unzipped("linux-7.2-s04-bind-unbind.v7.dat.gz");
  const whole = read(bytes);
  const plain = readWithoutSymbols(bytes);
  const small = read(bytes, 7);
  same(t, small.events, whole.events);
  same(
    t,
    whole.events.map((event) => ({ ...event, place: "" })),
    plain.events.map((event) => ({ ...event, place: "" })),
  );
  t.true(whole.events.every(({ place }) => !place.startsWith("0xffffffff81")));
});
