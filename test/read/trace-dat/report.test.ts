/** `trace-cmd report` of a trace.dat says the same as reading the file: every event, in order, field by field. */
import { readdirSync } from "node:fs";
import test from "ava";
import { points } from "../../../events/index.js";
import { CONTEXT_HARDIRQ, CONTEXT_NMI, CONTEXT_SOFTIRQ } from "../../../src/log/batch.js";
import { TRACE_DATS, read, readWithoutSymbols, unzipped } from "./reading.js";

/** A line of `trace-cmd report -t -l`: names are cut, the CPU and the flags stand together, and times have nanoseconds. */
const LINE = /^ *(?<task>.+-\d+) +(?<cpu>\d+)(?<flags>\D\S{4}) +(?<seconds>\d+)\.(?<nanoseconds>\d{9}): (?<name>\S+): +(?<text>.*)$/;
const CONTEXTS: Readonly<Record<string, number>> = { ".": 0, s: CONTEXT_SOFTIRQ, h: CONTEXT_HARDIRQ, H: CONTEXT_HARDIRQ | CONTEXT_SOFTIRQ, z: CONTEXT_NMI, Z: CONTEXT_NMI | CONTEXT_HARDIRQ };

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
  const { task, cpu, flags, seconds, nanoseconds, name, text } = LINE.exec(line)!.groups as Record<string, string>;
  const common = { task: task!, cpu: Number(cpu), context: CONTEXTS[flags![2]!]!, time: String(BigInt(seconds! + nanoseconds!)) };
  const marker = /^tracing_mark_write: (.*)$/.exec(text!);
  if (name === "print") return { ...common, name: "tracing_mark_write", place: "", args: { text: marker![1]! } };
  const [, ip, caller, rest] = /^(?:\((\w+)(?: <- (\w+))?\))? ?(.*)$/.exec(text!)!;
  const args = Object.fromEntries([...rest!.matchAll(/(\w+)=("[^"]*"|\S*)/g)].map(([, key, value]) => [key!, value!]));
  const place = caller === undefined ? (ip === undefined ? "" : `0x${ip}`) : `0x${caller} <- 0x${ip}`;
  return { ...common, name: name!, place, args };
}

const names = readdirSync(TRACE_DATS).filter((name) => name.endsWith(".report.gz"));

test("there are recordings of both versions", (t) => {
  t.true(names.some((name) => name.includes(".v6.")));
  t.true(names.some((name) => name.includes(".v7.")));
});

for (const name of names) {
  test(`${name.replace(".report.gz", "")}: the same events as trace-cmd report has`, (t) => {
    const lines = unzipped(name).toString().split("\n").filter((line) => line !== "" && !line.startsWith("cpus="));
    const { events, contexts, report, tables } = readWithoutSymbols(unzipped(name.replace(".report.gz", ".dat.gz")));
    t.is(events.length, lines.length);
    const places = new Set<string>();
    for (const [k, line] of lines.entries()) {
      const event = events[k]!;
      const expected = reported(line);
      const point = points.byEvent(expected.name)!;
      const args = Object.fromEntries(point.args.map((arg, j) => [arg.name, printed(arg.type, event.args[point.args[j]!.name]!, expected.args[arg.name]!)]));
      const actual: Plain = { task: `${event.task.comm.slice(0, SHOWN_OF_NAME)}-${event.task.pid}`, cpu: event.cpu, context: contexts[k]!, time: String(event.time), name: point.event, place: event.place, args };
      if (JSON.stringify(actual) !== JSON.stringify(expected)) t.deepEqual(actual, expected, `event ${k + 1}`);
      t.is(event.phase, point.phase);
      places.add(event.place);
    }
    t.true(places.size > 30);
    t.is(report.events, lines.length);
    t.is(report.unknown + report.malformed + report.lost, 0);
    t.false(report.uncountedLoss || report.truncated);
    t.deepEqual(report.warnings, []);
    t.deepEqual(report.clock, { kind: "seconds", digits: 9 });
    t.true(tables.tasks.size >= 4);
  });
}

/** A value as trace-cmd prints it, in the base in which it does so there. A string that could not be read it prints as "". */
function printed(type: string, value: bigint | number | string | null, like: string): string {
  if (value === null) return type === "string" ? '""' : "(fault)";
  if (typeof value === "string") return like.startsWith('"') ? `"${value}"` : value;
  return like.startsWith("0x") ? `0x${(typeof value === "number" ? BigInt.asUintN(32, BigInt(value)) : value).toString(16)}` : String(value);
}

test("both readings of a file are the same, whatever the batches; symbols only name the places", (t) => {
  const bytes = unzipped("linux-7.2-s04-bind-unbind.v7.dat.gz");
  const whole = read(bytes);
  const plain = readWithoutSymbols(bytes);
  const small = read(bytes, 7);
  t.deepEqual(small.events, whole.events);
  t.deepEqual(whole.events.map((event) => ({ ...event, place: "" })), plain.events.map((event) => ({ ...event, place: "" })));
  t.true(whole.events.every(({ place }) => !place.startsWith("0xffffffff81")));
});
