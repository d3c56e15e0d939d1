/** Files of trace-cmd with wrong lengths, counts and offsets, and with texts that no kernel writes. */
import type { Shape, Written, WrittenEvent } from "../../read/trace-dat/writer.js";
import { KALLSYMS, write } from "../../read/trace-dat/writer.js";
import type { Random } from "../random.js";
import { traceDatSeeds, writtenOf } from "../seeds/trace-dat.js";
import { mutateBytes, wordNear, writeWord } from "./bytes.js";
import { fieldsOf } from "./trace-dat-fields.js";
import { mutateLines } from "./lines.js";
import { nameOf, NUMBERS, numberOf } from "./words.js";

const MOST_EVENTS = 40;

export function traceDatInput(random: Random, mutations: string[], other: () => Buffer): Buffer {
  let bytes = random.chance(0.4) ? writtenInput(random, mutations) : random.pick(traceDatSeeds());
  for (let left = random.small(1, 6); left > 0; left--)
    bytes = random.chance(0.7) ? lied(bytes, random, mutations) : mutateBytes(bytes, random, other, mutations);
  return bytes;
}

/** Changes one number of the file's structure. */
export function lied(bytes: Buffer, random: Random, mutations: string[]): Buffer {
  const { fields, big } = fieldsOf(bytes);
  if (fields.length === 0) return bytes;
  // Half of them from the front, where there are few and each matters much; most are words of events.
  const { at, size } = fields[random.chance(0.5) ? random.small(0, fields.length - 1) : random.below(fields.length)]!;
  const copy = Buffer.from(bytes);
  const other = random.pick(fields);
  const known = (field: { readonly at: number; readonly size: number }): bigint => {
    const word = Buffer.from(bytes.subarray(field.at, field.at + field.size));
    return BigInt(`0x${(big ? word : word.reverse()).toString("hex") || "0"}`);
  };
  const value = random.chance(0.15)
    ? known(other)
    : random.chance(0.1)
      ? BigInt(bytes.length)
      : wordNear(random, known({ at, size }));
  writeWord(copy, at, size, value, big);
  mutations.push(`number at ${at}`);
  return copy;
}

/** Returns a file whose lengths are right and whose contents are odd. */
function writtenInput(random: Random, mutations: string[]): Buffer {
  let written: Written = writtenOf(random, random.small(1, MOST_EVENTS));
  for (let left = random.small(1, 4); left > 0; left--) written = changed(written, random, mutations);
  return write(written);
}

function changed(written: Written, random: Random, mutations: string[]): Written {
  const { shape, buffers } = written;
  const note = <T>(name: string, value: T): T => (mutations.push(name), value);
  const first = buffers[0] ?? { name: "", cpus: [[]] };
  switch (random.below(9)) {
    case 0:
      return note("names of tasks", {
        ...written,
        comms: {
          ...written.comms,
          [random.pick([0, 1, 138, 4194303])]: Buffer.from(nameOf(random), "latin1").toString("utf8"),
        },
      });
    case 1:
      return note("kallsyms", { ...written, kallsyms: linesChanged(written.kallsyms ?? KALLSYMS, random) });
    case 2: {
      const name = random.pick(["iput", "print", "kvm_gmem_create", ""]);
      return note("format", {
        ...written,
        format: (text) =>
          text.startsWith(`name: ${name}`)
            ? linesChanged(written.format?.(text) ?? text, random)
            : (written.format?.(text) ?? text),
      });
    }
    case 3:
      return note("clock", {
        ...written,
        clock: random.pick(["local", "counter", "x86-tsc", "tai", nameOf(random).replace(/\0/g, "")]),
      });
    case 4:
      return note("options", {
        ...written,
        options: [
          ...(written.options ?? []),
          [random.pick([1, 2, 3, 4, 7, 8, 12, 14, 16, 22, 99, 65535]), optionOf(shape, random)],
        ],
      });
    case 5:
      return note("buffer", {
        ...written,
        buffers: [
          ...buffers,
          { name: nameOf(random).replace(/\0/g, ""), cpus: random.chance(0.5) ? [[]] : first.cpus },
        ],
      });
    case 6:
      return note("latency", {
        ...written,
        buffers: [],
        latency: linesChanged(
          "# tracer: wakeup\n          <idle>-0       [000] d..2.     5.374322: dput: (dput+0x4/0x20) dentry=0xffff888100b08000\n",
          random,
        ),
      });
    default:
      return note("events", {
        ...written,
        buffers: [
          {
            ...first,
            cpus: first.cpus.map((events) =>
              events.map((event) => (random.chance(0.2) ? eventChanged(event, random) : event)),
            ),
          },
          ...buffers.slice(1),
        ],
      });
  }
}

function eventChanged(event: WrittenEvent, random: Random): WrittenEvent {
  switch (random.below(6)) {
    case 0:
      return { ...event, missed: random.chance(0.5) ? "some" : random.pick([1, 35, 2 ** 31, 2 ** 53]) };
    case 1:
      return {
        ...event,
        time: random.chance(0.5) ? wordNear(random, event.time) & ((1n << 64n) - 1n) : event.time,
        absolute: true,
      };
    case 2:
      return { ...event, discarded: true };
    case 3:
      return {
        ...event,
        pid: Number(random.pick(NUMBERS.filter((number) => /^-?\d{1,9}$/.test(number)))),
        flags: random.below(256),
      };
    case 4:
      return {
        ...event,
        place: wordNear(random, event.place),
        ...(event.caller === undefined ? {} : { caller: wordNear(random, event.caller) }),
      };
    default:
      return {
        ...event,
        args: event.args.map((arg) =>
          random.chance(0.6)
            ? arg
            : typeof arg === "string"
              ? nameOf(random)
              : typeof arg === "bigint"
                ? wordNear(random, arg)
                : arg,
        ),
      };
  }
}

function optionOf({ big }: Shape, random: Random): Buffer {
  switch (random.below(4)) {
    case 0:
      return Buffer.from(`${numberOf(random)}\0`, "latin1");
    case 1:
      return Buffer.from(
        `CPU: ${random.below(5)}\nentries: 5\noverrun: ${numberOf(random)}\ncommit overrun: 0\ndropped events: ${numberOf(random)}\n\0`,
        "latin1",
      );
    case 2: {
      const word = Buffer.alloc(16);
      for (const at of [0, 4, 8]) writeWord(word, at, 4, wordNear(random, 1n), big);
      return word;
    }
    default:
      return random.bytes(random.small(0, 40));
  }
}

function linesChanged(text: string, random: Random): string {
  const lines = text.split("\n");
  for (let left = random.small(1, 4); left > 0; left--) mutateLines(lines, random, () => lines, []);
  return lines.join("\n");
}
