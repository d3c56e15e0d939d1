/**
 * Short files of trace-cmd: real pages of real kernels, with their formats and symbols cut down, and events of a real
 * recording in every shape of the tests' own writer.
 */
import { readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";
import { catalogue, points } from "../../../events/index.js";
import type { KernelEvent } from "../../../src/log/event.js";
import { memoryAccess } from "../../../src/read/trace-dat/access.js";
import type { Contents } from "../../../src/read/trace-dat/contents.js";
import type { Intro } from "../../../src/read/trace-dat/intro.js";
import { readContents } from "../../../src/read/trace-dat/open.js";
import { SHAPES } from "../../read/trace-dat/arbitraries.js";
import { ftrace, readAs, unzipped } from "../../read/text.js";
import { Bytes, type Shape, write, type Written, type WrittenEvent } from "../../read/trace-dat/writer.js";
import type { Random } from "../random.js";
import { kept } from "./kept.js";

const RECORDING = "fixtures/recordings/linux-7.2/s04-bind-unbind.trace.gz";
const REAL = [
  "linux-7.2-s04-bind-unbind.v6",
  "linux-6.18-s09-enfile.v6",
  "linux-7.2-s09-enfile.v7",
  "more/plain.v7",
  "more/lossy.v6",
  "more/two-buffers.v7",
  "more/counter.v6",
];
const FORMATS = 14;
const SYMBOLS = 60;
/** Pages of each CPU that are kept: some are half full of earlier events of the machine. */
const PAGES = 3;
const ADDRESSES = [0xffffffff81100004n, 0xffffffff81100123n, 0xffffffffc0100010n, 0xffffffffc0100210n];
/** Events of an input, from anywhere in the recording. */
const EVENTS_OF_SEED = 60;

/** Events of a real recording, ready to be written. */
export const writable = kept((): readonly WrittenEvent[] =>
  readAs(ftrace, unzipped(RECORDING)).events.map(writtenEvent),
);

function writtenEvent({ time, task, operation, phase, args }: KernelEvent): WrittenEvent {
  const name = phase === "return" ? `${operation}_ret` : operation;
  const point = points.byEvent(name);
  if (!point) return { time, name: "sched_waking", pid: task.pid, flags: 0, place: ADDRESSES[0]!, args: [1n] };
  const marker = name === "tracing_mark_write";
  return {
    time,
    name,
    pid: task.pid,
    flags: 0,
    place: marker ? 0xffffffff81200008n : ADDRESSES[point.id % ADDRESSES.length]!,
    caller: ADDRESSES[(point.id + 1) % ADDRESSES.length]!,
    args: point.args.map((arg) => {
      const value = args[arg.name];
      return value === null || value === undefined
        ? undefined
        : typeof value === "string"
          ? value.replace(/[\0\n]/g, "?")
          : BigInt(value);
    }),
  };
}

/** Returns events from anywhere, on some CPUs, in some shape. */
export function writtenOf(random: Random, events: number, shape: Shape = random.pick(SHAPES)): Written {
  const all = writable();
  const from = random.below(all.length - events);
  const cpus = Array.from({ length: random.between(1, 3) }, (): WrittenEvent[] => []);
  for (const event of all.slice(from, from + events)) random.pick(cpus).push(event);
  return { shape, buffers: [{ name: "", cpus }], comms: { 1: "systemd", 138: "gmemrun" }, clock: "mono" };
}

const writtenSeeds = kept(() =>
  SHAPES.map((shape, k) => {
    const all = writable();
    const events = all.slice(k * 20, k * 20 + EVENTS_OF_SEED);
    return write({
      shape,
      buffers: [{ name: "", cpus: [events.filter((_, n) => n % 3 > 0), events.filter((_, n) => n % 3 === 0)] }],
      comms: { 1: "systemd" },
    });
  }),
);

const realSeeds = kept(() =>
  REAL.map((name) => shortened(gunzipSync(readFileSync(`fixtures/recordings/trace-dat/${name}.dat.gz`)))),
);

export const traceDatSeeds = kept((): readonly Buffer[] => [...writtenSeeds(), ...realSeeds()]);

/** Returns the same recording with a few formats, symbols and pages: each input has to be read in a millisecond. */
function shortened(bytes: Buffer): Buffer {
  const { intro, contents } = readContents(memoryAccess(bytes), "seed");
  return intro.version === 6 ? shortened6(bytes, intro, contents) : shortened7(bytes, intro, contents);
}

/** Returns the formats and symbols that pages are read by, cut down. */
export function surroundings(contents: Contents): {
  readonly ftrace: readonly string[];
  readonly systems: ReadonlyMap<string, readonly string[]>;
  readonly kallsyms: string;
} {
  const known = new Set(points.points.flatMap((point) => point?.event ?? []));
  const nameOf = (text: string): string => /^name: (\S+)/.exec(text)?.[1] ?? "";
  const ftrace = contents.formats
    .filter(({ system, text }) => system === "ftrace" && nameOf(text) === "print")
    .map(({ text }) => text);
  const systems = new Map<string, string[]>();
  for (const { system, text } of contents.formats
    .filter((format) => format.system !== "ftrace" && known.has(nameOf(format.text)))
    .slice(0, FORMATS))
    systems.set(system, [...(systems.get(system) ?? []), text]);
  const symbols = new Set(Object.values(catalogue).map(({ symbol }) => symbol));
  const lines = contents.kallsyms().toString("latin1").split("\n");
  const kallsyms = lines.filter((line) => symbols.has(/^\S+ \S (\S+)/.exec(line)?.[1] ?? "")).slice(0, SYMBOLS);
  return { ftrace, systems, kallsyms: kallsyms.map((line) => `${line}\n`).join("") };
}

function introOf({ big, pageSize }: Intro, version: 6 | 7): Bytes {
  return new Bytes(big)
    .add(`\x17\x08\x44tracing${version}\0`)
    .number(big ? 1 : 0, 1)
    .number(8, 1)
    .number(pageSize, 4);
}

/** Returns the sections by the numbers of version 7, which are in the order of version 6. */
function sectionsOf({ big }: Intro, contents: Contents): readonly (readonly [id: number, content: Buffer])[] {
  const { ftrace, systems, kallsyms } = surroundings(contents);
  const make = (): Bytes => new Bytes(big);
  const { headerPage, headerEvent, cmdlines } = contents;
  const events = make().number(systems.size, 4);
  for (const [system, texts] of systems) {
    events.add(`${system}\0`).number(texts.length, 4);
    for (const text of texts) events.number(text.length, 8).add(text);
  }
  const own = make().number(ftrace.length, 4);
  for (const text of ftrace) own.number(text.length, 8).add(text);
  return [
    [
      16,
      make()
        .add("header_page\0")
        .number(headerPage.length, 8)
        .add(headerPage)
        .add("header_event\0")
        .number(headerEvent.length, 8)
        .add(headerEvent)
        .buffer(),
    ],
    [17, own.buffer()],
    [18, events.buffer()],
    [19, make().number(kallsyms.length, 4).add(kallsyms).buffer()],
    [20, make().number(0, 4).buffer()],
    [21, make().number(cmdlines.length, 8).add(cmdlines).buffer()],
  ];
}

function shortened6(bytes: Buffer, intro: Intro, contents: Contents): Buffer {
  const file = introOf(intro, 6);
  for (const [, content] of sectionsOf(intro, contents)) file.add(content);
  const { cpus, clock } = contents.buffers[0]!;
  const { pageSize } = intro;
  const option = `local [${clock ?? "local"}]\0`;
  file
    .number(cpus.length, 4)
    .add("options  \0")
    .number(4, 2)
    .number(option.length, 4)
    .add(option)
    .number(0, 2)
    .add("flyrecord\0");
  const pages = cpus.map(({ offset, size }) => bytes.subarray(offset, offset + Math.min(size, PAGES * pageSize)));
  const end = file.length + 16 * cpus.length + 8;
  let at = end + ((pageSize - (end % pageSize)) % pageSize);
  for (const each of pages) {
    file.number(at, 8).number(each.length, 8);
    at += each.length;
  }
  file.number(0, 8).align(pageSize);
  for (const each of pages) file.add(each);
  return file.buffer();
}

function shortened7(bytes: Buffer, intro: Intro, contents: Contents): Buffer {
  const codec = intro.codec ?? "none";
  const file = introOf(intro, 7).add(`${codec}\0${codec === "none" ? "" : "1"}\0`);
  const optionsAt = file.length;
  file.number(0, 8);
  const options = new Bytes(intro.big);
  for (const [id, content] of sectionsOf(intro, contents)) {
    options.number(id, 2).number(8, 4).number(file.length, 8);
    file.number(id, 2).number(0, 2).number(0, 4).number(content.length, 8).add(content);
  }
  for (const buffer of contents.buffers) {
    const section = file.length;
    file
      .number(3, 2)
      .number(buffer.compressed ? 1 : 0, 2)
      .number(0, 4)
      .number(0, 8);
    const option = new Bytes(intro.big)
      .number(section, 8)
      .add(`${buffer.name}\0${buffer.clock ?? "local"}\0`)
      .number(buffer.pageSize, 4)
      .number(buffer.cpus.length, 4);
    for (const { cpu, offset, size } of buffer.cpus) {
      file.align(8);
      const at = file.length;
      if (buffer.compressed && size > 0)
        file
          .number(1, 4)
          .add(
            bytes.subarray(
              offset + 4,
              offset + 12 + (intro.big ? bytes.readUInt32BE(offset + 4) : bytes.readUInt32LE(offset + 4)),
            ),
          );
      else file.add(bytes.subarray(offset, offset + Math.min(size, PAGES * buffer.pageSize)));
      option
        .number(cpu, 4)
        .number(at, 8)
        .number(Math.max(0, file.length - at - (buffer.compressed ? 4 : 0)), 8);
    }
    options.number(3, 2).number(option.length, 4).add(option.buffer());
  }
  options.number(0, 2).number(8, 4).number(0, 8);
  const chain = file.length;
  const made = file.number(0, 2).number(0, 2).number(0, 4).number(options.length, 8).add(options.buffer()).buffer();
  made.set(new Bytes(intro.big).number(chain, 8).buffer(), optionsAt);
  return made;
}
