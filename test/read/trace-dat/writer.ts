/**
 * Writes trace.dat files that no machine at hand would: other byte orders, longs of 4 bytes, several buffers, lost
 * events, absolute stamps, any compression. Written from the manual pages and the kernel's description of its ring
 * buffer, independent of the reader; `trace-cmd report` reads its files.
 */
import { deflateSync } from "node:zlib";
import { points } from "../../../events/index.js";
import type { ArgumentType } from "../../../events/definition.js";
import type { Point } from "../../../events/points.js";

export interface Shape {
  readonly version: 6 | 7;
  readonly big: boolean;
  readonly long: 4 | 8;
  readonly codec: "none" | "zlib" | "zstd";
  readonly pageSize: number;
}

export const PLAIN: Shape = { version: 6, big: false, long: 8, codec: "none", pageSize: 4096 };

export interface WrittenEvent {
  readonly time: bigint;
  /** A name of the catalogue, or `sched_waking`, which it does not have. */
  readonly name: string;
  readonly pid: number;
  readonly flags: number;
  /** The probe's address; for a return that of the function, with the return address in `caller`. */
  readonly place: bigint;
  readonly caller?: bigint;
  /** In the order of the catalogue; `undefined` is a value that the kernel could not read. */
  readonly args: readonly (bigint | string | undefined)[];
  /** Its time is written in full, not as the distance from the event before. */
  readonly absolute?: boolean;
  /** A discarded event precedes it. */
  readonly discarded?: boolean;
  /** Events are missing before it: so many, or an unknown number. */
  readonly missed?: number | "some";
}

export interface WrittenBuffer {
  readonly name: string;
  /** By CPU, each in the order of time. */
  readonly cpus: readonly (readonly WrittenEvent[])[];
}

export interface Written {
  readonly shape: Shape;
  readonly buffers: readonly WrittenBuffer[];
  readonly clock?: string;
  readonly comms?: Readonly<Record<number, string>>;
  readonly kallsyms?: string;
  /** Further options, by number. */
  readonly options?: readonly (readonly [number, Buffer])[];
  /** Changes a format file. */
  readonly format?: (text: string) => string;
  /** Text of a latency tracer, in place of buffers. */
  readonly latency?: string;
}

/** Numbers and texts one after the other, in one byte order. */
export class Bytes {
  #parts: Buffer[] = [];
  length = 0;

  constructor(readonly big: boolean) {}

  add(bytes: Uint8Array | string): this {
    const part = typeof bytes === "string" ? Buffer.from(bytes, "latin1") : Buffer.from(bytes);
    this.#parts.push(part);
    this.length += part.length;
    return this;
  }

  number(value: bigint | number, size: number): this {
    let rest = BigInt.asUintN(size * 8, BigInt(value));
    const bytes = Buffer.alloc(size);
    for (let k = 0; k < size; k++, rest >>= 8n) bytes[this.big ? size - 1 - k : k] = Number(rest & 0xffn);
    return this.add(bytes);
  }

  /** Adds zeros up to a multiple of `size`. */
  align(size: number): this {
    return this.add(Buffer.alloc((size - (this.length % size)) % size));
  }

  buffer(): Buffer {
    const all = Buffer.concat(this.#parts);
    this.#parts = [all];
    return all;
  }
}

const UNKNOWN_EVENT = "sched_waking";
const FIRST_ID = 1000;
const PRINT_ID = 5;
const MARKER = "tracing_mark_write";
/** The kernel's function that writes markers. */
export const MARKER_ADDRESS = 0xffffffff81200000n;
export const KALLSYMS = [
  "0000000000000000 A fixed_percpu_data",
  "ffffffff81000000 T _stext",
  "ffffffff81100000 T iput",
  "ffffffff81100100 t caller",
  "ffffffff81100100 t alias_of_caller",
  "ffffffff81100200 D some_data",
  "ffffffff81100400 T dput",
  "ffffffff81200000 t tracing_mark_write",
  "ffffffff81200100 T do_printk",
  "ffffffff81300000 T _etext",
  "ffffffffc0100000 t kvm_gmem_create\t[kvm]",
  "ffffffffc0100200 t kvm_gmem_bind\t[kvm]",
  "ffffffffc0000000 t early\t[early]",
  "",
].join("\n");

/** Returns C type and size of an argument's field. */
function fieldOf(type: ArgumentType, long: 4 | 8): readonly [string, number, number] {
  switch (type) {
    case "ptr":
      return long === 8 ? ["u64", 8, 0] : ["u32", 4, 0];
    case "string":
      return ["__data_loc char[]", 4, 1];
    case "u8":
      return ["u8", 1, 0];
    case "s32":
      return ["s32", 4, 1];
    case "u32":
    case "x32":
      return ["u32", 4, 0];
    case "s64":
      return ["s64", 8, 1];
    case "u64":
    case "x64":
      return ["u64", 8, 0];
  }
}

interface Laid {
  readonly name: string;
  readonly type: string;
  readonly offset: number;
  readonly size: number;
}

const COMMON = [
  "unsigned short common_type;\toffset:0;\tsize:2;\tsigned:0;",
  "unsigned char common_flags;\toffset:2;\tsize:1;\tsigned:0;",
  "unsigned char common_preempt_count;\toffset:3;\tsize:1;\tsigned:0;",
  "int common_pid;\toffset:4;\tsize:4;\tsigned:1;",
].map((field) => `\tfield:${field}`);

class Format {
  readonly fields: readonly Laid[];
  readonly text: string;
  readonly system: string;

  constructor(
    name: string,
    readonly id: number,
    long: 4 | 8,
    readonly point: Point | undefined,
  ) {
    const isMarker = name === MARKER;
    const probe =
      point?.operation.probe === "kprobe"
        ? point.phase === "entry"
          ? ["__probe_ip"]
          : ["__probe_func", "__probe_ret_ip"]
        : isMarker
          ? ["ip"]
          : [];
    const fields: Laid[] = [];
    const lines: string[] = [];
    let offset = 8;
    const lay = (field: string, type: string, size: number, signed: number): void => {
      fields.push({ name: field, type, offset, size });
      lines.push(`\tfield:${type} ${field};\toffset:${offset};\tsize:${size};\tsigned:${signed};`);
      offset += size;
    };
    for (const field of probe) lay(field, "unsigned long", long, 0);
    if (isMarker) lines.push(`\tfield:char buf[];\toffset:${offset};\tsize:0;\tsigned:1;`);
    else if (point) for (const arg of point.args) lay(arg.name, ...fieldOf(arg.type, long));
    else lay("pid", "pid_t", 4, 1);
    this.fields = fields;
    this.system = isMarker ? "ftrace" : (point?.operation.tracepoint?.system ?? (point ? "gmem" : "sched"));
    const print = isMarker ? '"%ps: %s", (void *)REC->ip, REC->buf' : printed(point, fields, probe.length);
    this.text = [
      `name: ${isMarker ? "print" : name}`,
      `ID: ${id}`,
      "format:",
      ...COMMON,
      "",
      ...lines,
      "",
      `print fmt: ${print}`,
      "",
    ].join("\n");
  }
}

/** Returns the kernel's print format of a probe. */
function printed(point: Point | undefined, fields: readonly Laid[], probes: number): string {
  const place = ["", "(%lx)", "(%lx <- %lx)"][probes]!;
  const values = fields.slice(probes).map(({ name }, k) => {
    const type = point?.args[k]?.type ?? "s32";
    return `${name}=${type === "string" ? '\\"%s\\"' : type === "ptr" || type.startsWith("x") ? "0x%Lx" : type.endsWith("64") ? (type === "s64" ? "%Ld" : "%Lu") : type === "s32" ? "%d" : "%u"}`;
  });
  const names = fields.map(({ name, type }) => (type.startsWith("__data_loc") ? `__get_str(${name})` : `REC->${name}`));
  return `"${[place, ...values].filter((part) => part !== "").join(" ")}"${names.map((name) => `, ${name}`).join("")}`;
}

export function write(written: Written): Buffer {
  const { shape } = written;
  return shape.version === 6 ? new Writer(written).version6() : new Writer(written).version7();
}

class Writer {
  readonly #formats: readonly Format[];
  readonly #shape: Shape;
  readonly #file: Bytes;

  constructor(private readonly written: Written) {
    this.#shape = written.shape;
    const used = new Set(
      written.buffers.flatMap(({ cpus }) => cpus.flatMap((events) => events.map(({ name }) => name))),
    );
    const names = [...new Set([MARKER, "iput", UNKNOWN_EVENT, ...used])];
    this.#formats = names.map(
      (name, k) => new Format(name, name === MARKER ? PRINT_ID : FIRST_ID + k, this.#shape.long, points.byEvent(name)),
    );
    this.#file = this.#bytes();
  }

  version6(): Buffer {
    const { version, pageSize } = this.#shape;
    const file = this.#intro(version);
    file.add(this.#headers()).add(this.#ftraceFormats()).add(this.#eventFormats()).add(this.#kallsyms());
    file.number(0, 4).add(this.#comms());
    const [top, ...instances] = this.written.buffers;
    const cpus = top?.cpus.length ?? 1;
    file.number(cpus, 4).add("options  \0");
    const patches: number[] = [];
    this.#options(file, 2);
    for (const { name } of instances) {
      file.number(3, 2).number(8 + name.length + 1, 4);
      patches.push(file.length);
      file.number(0, 8).add(`${name}\0`);
    }
    file.number(0, 2);
    if (this.written.latency !== undefined) return file.add("latency  \0").add(this.written.latency).buffer();
    const places = [this.#flyrecord(cpus)];
    const starts: number[] = [];
    for (const { cpus: events } of instances) {
      starts.push(file.length);
      // trace-cmd writes the number of CPUs of an instance if it differs from the machine's.
      if (events.length !== cpus) {
        file.add("options  \0").number(8, 2).number(4, 4).number(events.length, 4).number(0, 2);
      }
      places.push(this.#flyrecord(events.length));
    }
    for (const [k, { cpus: all }] of this.written.buffers.entries()) {
      for (const [cpu, events] of all.entries()) {
        file.align(pageSize);
        const pages = this.#pages(events);
        places[k]![cpu]!.push(file.length, pages.length * pageSize);
        file.add(Buffer.concat(pages));
      }
    }
    const bytes = file.buffer();
    for (const [k, start] of starts.entries()) this.#patch(bytes, patches[k]!, start);
    for (const [at, offset, size] of places.flat()) {
      this.#patch(bytes, at!, offset ?? 0);
      this.#patch(bytes, at! + 8, size ?? 0);
    }
    return bytes;
  }

  version7(): Buffer {
    const { codec, pageSize } = this.#shape;
    const file = this.#intro(7).add(`${codec}\0${codec === "none" ? "" : "1"}\0`);
    const optionsAt = file.length;
    file.number(0, 8);
    const offsets: (readonly [number, number])[] = [];
    for (const [id, content] of [
      [16, this.#headers()],
      [17, this.#ftraceFormats()],
      [18, this.#eventFormats()],
      [19, this.#kallsyms()],
      [20, this.#bytes().number(0, 4).buffer()],
      [21, this.#comms()],
    ] as const) {
      offsets.push([id, file.length]);
      this.#section(id, content);
    }
    const chainAt = file.length;
    const first = this.#bytes();
    for (const [id, offset] of offsets) first.number(id, 2).number(8, 4).number(offset, 8);
    this.#options(first, 2);
    // The chain: these options, then those of the buffers. Uncompressed, as trace-cmd writes them: their end is
    // patched.
    file
      .number(0, 2)
      .number(0, 2)
      .number(0, 4)
      .number(first.length + 14, 8)
      .add(first.buffer())
      .number(0, 2)
      .number(8, 4);
    const nextAt = file.length;
    file.number(0, 8);
    const last = this.#bytes();
    for (const { name, cpus } of this.written.buffers) last.add(this.#buffer7(name, cpus));
    if (this.written.latency !== undefined) {
      const offset = file.length;
      const text = Buffer.from(this.written.latency);
      const content = codec === "none" ? text : this.#chunks([text]);
      file
        .number(22, 2)
        .number(codec === "none" ? 0 : 1, 2)
        .number(0, 4)
        .number(content.length, 8)
        .add(content);
      last
        .number(22, 2)
        .number(8 + 1 + 6, 4)
        .number(offset, 8)
        .add("\0local\0");
    }
    last.number(0, 2).number(8, 4).number(0, 8);
    const lastAt = file.length;
    this.#section(0, last.buffer());
    const bytes = file.align(pageSize).buffer();
    this.#patch(bytes, optionsAt, chainAt);
    this.#patch(bytes, nextAt, lastAt);
    return bytes;
  }

  #buffer7(name: string, cpus: WrittenBuffer["cpus"]): Buffer {
    const { pageSize, codec } = this.#shape;
    const file = this.#file;
    const offset = file.length;
    file
      .number(3, 2)
      .number(codec === "none" ? 0 : 1, 2)
      .number(0, 4)
      .number(0, 8);
    const clock = this.written.clock ?? "local";
    const option = this.#bytes()
      .number(offset, 8)
      .add(`${name}\0${clock}\0`)
      .number(pageSize, 4)
      .number(cpus.length, 4);
    for (const [cpu, events] of cpus.entries()) {
      file.align(pageSize);
      const pages = this.#pages(events);
      const at = file.length;
      if (codec === "none") file.add(Buffer.concat(pages));
      else if (pages.length > 0) file.add(this.#chunks(groups(pages, 3).map((group) => Buffer.concat(group))));
      // trace-cmd does not count the number of chunks.
      option
        .number(cpu, 4)
        .number(at, 8)
        .number(Math.max(0, file.length - at - (codec === "none" ? 0 : 4)), 8);
    }
    return this.#bytes().number(3, 2).number(option.length, 4).add(option.buffer()).buffer();
  }

  #chunks(chunks: readonly Buffer[]): Buffer {
    const bytes = this.#bytes().number(chunks.length, 4);
    for (const chunk of chunks) {
      const compressed = this.#compress(chunk);
      bytes.number(compressed.length, 4).number(chunk.length, 4).add(compressed);
    }
    return bytes.buffer();
  }

  #compress(bytes: Buffer): Buffer {
    return this.#shape.codec === "zlib" ? deflateSync(bytes) : storedZstd(bytes);
  }

  #section(id: number, content: Buffer): void {
    const file = this.#file;
    if (this.#shape.codec === "none") {
      file.number(id, 2).number(0, 2).number(0, 4).number(content.length, 8).add(content);
      return;
    }
    const compressed = this.#compress(content);
    file
      .number(id, 2)
      .number(1, 2)
      .number(0, 4)
      .number(compressed.length + 8, 8)
      .number(compressed.length, 4)
      .number(content.length, 4)
      .add(compressed);
  }

  #options(into: Bytes, idSize: number): void {
    const { clock, options = [] } = this.written;
    const text = `local [${clock ?? "local"}]\0`;
    for (const [id, data] of [[4, Buffer.from(text)] as const, ...options])
      into.number(id, idSize).number(data.length, 4).add(data);
  }

  /** Reserves room for the place of each CPU's pages; returns its offsets. */
  #flyrecord(cpus: number): number[][] {
    this.#file.add("flyrecord\0");
    const places = Array.from({ length: cpus }, () => {
      const at = this.#file.length;
      this.#file.number(0, 8).number(0, 8);
      return [at];
    });
    const clock = `[${this.written.clock ?? "local"}]`;
    this.#file.number(clock.length, 8).add(clock);
    return places;
  }

  #intro(version: number): Bytes {
    const { big, long, pageSize } = this.#shape;
    return this.#file
      .add(`\x17\x08\x44tracing${version}\0`)
      .number(big ? 1 : 0, 1)
      .number(long, 1)
      .number(pageSize, 4);
  }

  #headers(): Buffer {
    const { long, pageSize } = this.#shape;
    const data = 8 + long;
    const page = `\tfield: u64 timestamp;\toffset:0;\tsize:8;\tsigned:0;\n\tfield: local_t commit;\toffset:8;\tsize:${long};\tsigned:1;\n\tfield: int overwrite;\toffset:8;\tsize:1;\tsigned:1;\n\tfield: char data;\toffset:${data};\tsize:${pageSize - data};\tsigned:1;\n`;
    const event =
      "# compressed entry header\n\ttype_len    :    5 bits\n\ttime_delta  :   27 bits\n\tarray       :   32 bits\n\n\tpadding     : type == 29\n\ttime_extend : type == 30\n\ttime_stamp : type == 31\n\tdata max type_len  == 28\n";
    return this.#bytes()
      .add("header_page\0")
      .number(page.length, 8)
      .add(page)
      .add("header_event\0")
      .number(event.length, 8)
      .add(event)
      .buffer();
  }

  #ftraceFormats(): Buffer {
    const formats = this.#formats.filter(({ system }) => system === "ftrace");
    const bytes = this.#bytes().number(formats.length, 4);
    for (const format of formats) bytes.add(this.#format(format));
    return bytes.buffer();
  }

  #eventFormats(): Buffer {
    const systems = [...new Set(this.#formats.map(({ system }) => system))].filter((system) => system !== "ftrace");
    const bytes = this.#bytes().number(systems.length, 4);
    for (const system of systems) {
      const formats = this.#formats.filter((format) => format.system === system);
      bytes.add(`${system}\0`).number(formats.length, 4);
      for (const format of formats) bytes.add(this.#format(format));
    }
    return bytes.buffer();
  }

  #format({ text }: Format): Buffer {
    const changed = this.written.format?.(text) ?? text;
    return this.#bytes().number(changed.length, 8).add(changed).buffer();
  }

  #kallsyms(): Buffer {
    const text = this.written.kallsyms ?? KALLSYMS;
    return this.#bytes().number(text.length, 4).add(text).buffer();
  }

  #comms(): Buffer {
    const text = Object.entries(this.written.comms ?? {})
      .map(([pid, comm]) => `${pid} ${comm}\n`)
      .join("");
    return this.#bytes().number(Buffer.byteLength(text), 8).add(Buffer.from(text)).buffer();
  }

  /** Returns a CPU's events as pages of the ring buffer. */
  #pages(events: readonly WrittenEvent[]): Buffer[] {
    const { pageSize, long } = this.#shape;
    const room = pageSize - 8 - long;
    const pages: Buffer[] = [];
    let page: Page | undefined;
    for (const event of events) {
      const record = this.#record(event);
      const needed = record.length + 8 + 8 + (event.discarded ? 12 : 0) + 4;
      if (
        page === undefined ||
        event.missed !== undefined ||
        page.data.length + needed + (event.absolute ? 8 : 0) > room
      ) {
        if (page) pages.push(this.#finish(page));
        page = { start: event.time, time: event.time, data: this.#bytes(), missed: event.missed };
      }
      this.#append(page, event, record);
    }
    if (page) pages.push(this.#finish(page));
    return pages;
  }

  #append(page: Page, event: WrittenEvent, record: Buffer): void {
    const { data } = page;
    if (event.absolute) {
      const stamp = event.time & ((1n << 59n) - 1n);
      this.#word(data, 31, stamp & 0x7ffffffn).number(stamp >> 27n, 4);
      page.time = event.time;
    }
    let delta = event.time - page.time;
    if (delta >= 1n << 27n) {
      this.#word(data, 30, delta & 0x7ffffffn).number(delta >> 27n, 4);
      delta = 0n;
    }
    if (event.discarded && delta > 0n) {
      // 4 bytes for its length, 4 of its old contents.
      this.#word(data, 29, delta).number(8, 4).number(0xdeadbeef, 4);
      delta = 0n;
    }
    page.time = event.time;
    const words = Math.ceil(record.length / 4);
    if (words <= 28 && words > 0) this.#word(data, words, delta);
    else this.#word(data, 0, delta).number(record.length + 4, 4);
    data.add(record).align(4);
  }

  #word(into: Bytes, kind: number, delta: bigint): Bytes {
    return into.number(this.#shape.big ? (BigInt(kind) << 27n) | delta : BigInt(kind) | (delta << 5n), 4);
  }

  #finish({ start, data, missed }: Page): Buffer {
    const { long, pageSize } = this.#shape;
    let commit = BigInt(data.length);
    const counted = typeof missed === "number" && data.length + long <= pageSize - 8 - long;
    if (missed !== undefined) commit |= 1n << 31n;
    if (counted) commit |= 1n << 30n;
    const page = this.#bytes().number(start, 8).number(commit, long).add(data.buffer());
    if (counted) page.number(missed, long);
    // The old contents of a page remain after its end.
    return page.add(Buffer.alloc(pageSize - page.length, 0xa5)).buffer();
  }

  #record(event: WrittenEvent): Buffer {
    const { long } = this.#shape;
    const format = this.#formats.find(({ point, text }) =>
      point ? point.event === event.name : text.startsWith(`name: ${event.name}\n`),
    )!;
    const record = this.#bytes().number(format.id, 2).number(event.flags, 1).number(0, 1).number(event.pid, 4);
    if (event.name === MARKER)
      return record
        .number(event.place, long)
        .add(Buffer.from(`${String(event.args[0])}\n\0`))
        .buffer();
    const tail: Buffer[] = [];
    let tailAt = Math.max(8, ...format.fields.map(({ offset, size }) => offset + size));
    let k = 0;
    for (const { name, type, size } of format.fields) {
      if (name === "__probe_ip" || name === "__probe_func") record.number(event.place, size);
      else if (name === "__probe_ret_ip") record.number(event.caller ?? 0n, size);
      else {
        const value = event.args[k++];
        if (type.startsWith("__data_loc")) {
          const text = value === undefined ? Buffer.alloc(0) : Buffer.from(`${String(value)}\0`);
          record.number(BigInt(tailAt) | (BigInt(text.length) << 16n), 4);
          tail.push(text);
          tailAt += text.length;
        } else record.number(BigInt(value ?? 0n), size);
      }
    }
    return record.add(Buffer.concat(tail)).buffer();
  }

  #patch(bytes: Buffer, at: number, value: number): void {
    bytes.set(this.#bytes().number(value, 8).buffer(), at);
  }

  #bytes(): Bytes {
    return new Bytes(this.#shape.big);
  }
}

interface Page {
  readonly start: bigint;
  time: bigint;
  readonly data: Bytes;
  readonly missed: number | "some" | undefined;
}

function groups<T>(items: readonly T[], size: number): T[][] {
  return Array.from({ length: Math.ceil(items.length / size) }, (_, k) => items.slice(k * size, k * size + size));
}

/** Returns a zstd frame whose blocks are stored as they are. */
export function storedZstd(bytes: Buffer): Buffer {
  const out = new Bytes(false)
    .number(0xfd2fb528, 4)
    .number(0, 1)
    .number(7 << 3, 1);
  const blocks = groups([...bytes], 100_000);
  if (blocks.length === 0) out.number(1, 3);
  for (const [k, block] of blocks.entries())
    out.number((block.length << 3) | (k === blocks.length - 1 ? 1 : 0), 3).add(Buffer.from(block));
  return out.buffer();
}
