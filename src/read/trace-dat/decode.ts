/** Decodes records into columns. Of a record whose operation is not in the catalogue, only the head is read. */
import type { PointTable } from "../../../events/points.js";
import { CONTEXT_HARDIRQ, CONTEXT_NMI, CONTEXT_SOFTIRQ, CONTEXT_UNKNOWN } from "../../log/batch.js";
import type { BatchBuilder } from "../../log/batch-builder.js";
import type { Tables } from "../../log/tables.js";
import type { ReadReport } from "../report.js";
import { ArgumentNames } from "../arguments/names.js";
import { FAULT, type Form, type Offer, OTHER, STRING } from "../arguments/offer.js";
import { pushNumberAs } from "../arguments/push.js";
import type { Comms } from "./comms.js";
import {
  ABSENT,
  ADDRESS_4,
  ADDRESS_8,
  LETTERS,
  MAJOR,
  MINOR,
  NUMBER_4,
  NUMBER_8,
  SIGNED_4,
  SMALL,
  STRING_AFTER,
  STRING_AT,
  STRING_HERE,
  SYMBOL,
  compileEvent,
  type CompiledArgument,
  type CompiledEvent,
  type CompiledField,
  type KnownPlace,
} from "./compile.js";
import type { CpuEvents } from "./cpu-events.js";
import type { EventFormat, Field } from "./format.js";
import type { Places } from "./places.js";
import type { TimeChange } from "./times.js";

const LF = 0x0a;
/** Bits of `common_flags`. */
const FLAG_HARDIRQ = 0x08;
const FLAG_SOFTIRQ = 0x10;
const FLAG_NMI = 0x40;
/** Return addresses of one event that are remembered; no function has so many callers. */
const MAX_PLACES = 4096;
/** The kernel's own `dev_t`. */
const MINOR_BITS = 20;
const MARKER_FUNCTION = "tracing_mark_write";

/** By `common_flags`, as a line of text has them: of an interrupt inside another, NMI takes precedence. */
const CONTEXTS = Uint8Array.from({ length: 256 }, (_, flags) => {
  const hardirq = (flags & FLAG_HARDIRQ) !== 0 ? CONTEXT_HARDIRQ : 0;
  if ((flags & FLAG_NMI) !== 0) return CONTEXT_NMI | hardirq;
  return hardirq | ((flags & FLAG_SOFTIRQ) !== 0 ? CONTEXT_SOFTIRQ : 0);
});

/** The fields for type, flags and task of every record; the same in all formats of a kernel. */
export interface CommonFields {
  readonly type: Field;
  readonly flags: Field | undefined;
  readonly pid: Field | undefined;
}

export class Decoder {
  readonly #events: (CompiledEvent | undefined)[] = [];
  readonly #typeAt: number;
  readonly #flagsAt: number;
  readonly #pidAt: number;
  /** Bytes that a record needs for these. */
  readonly #head: number;
  readonly #names = new ArgumentNames();
  #pid = Number.NaN;
  #task = 0;

  constructor(
    formats: readonly EventFormat[],
    common: CommonFields,
    points: PointTable,
    private readonly little: boolean,
    private readonly builder: BatchBuilder,
    private readonly tables: Tables,
    private readonly comms: Comms,
    private readonly places: Places,
    private readonly report: ReadReport,
    private readonly change: TimeChange | undefined,
  ) {
    for (const format of formats) this.#events[format.id] ??= compileEvent(format, points);
    this.#typeAt = common.type.offset;
    this.#flagsAt = common.flags?.offset ?? -1;
    this.#pidAt = common.pid?.offset ?? -1;
    this.#head = Math.max(
      ...[common.type, common.flags, common.pid].map((field) => (field ? field.offset + field.size : 0)),
    );
  }

  /** Appends the record that `cpu` is at. */
  take(cpu: CpuEvents): void {
    const { builder, little } = this;
    const { view, at } = cpu;
    if (cpu.end - at < this.#head) {
      this.report.malformed++;
      builder.loss(cpu.cpu, 0, 0);
      this.report.uncountedLoss = true;
      return;
    }
    const type = view.getUint16(at + this.#typeAt, little);
    const event = this.#events[type];
    const pid = this.#pidAt < 0 ? 0 : view.getInt32(at + this.#pidAt, little);
    if (pid !== this.#pid) {
      this.#pid = pid;
      this.#task = this.comms.task(pid);
    }
    const context = this.#flagsAt < 0 ? CONTEXT_UNKNOWN : CONTEXTS[view.getUint8(at + this.#flagsAt)]!;
    let { timeHigh, timeLow } = cpu;
    if (this.change) {
      this.change.apply(timeHigh, timeLow);
      timeHigh = this.change.high;
      timeLow = this.change.low;
    }
    const whole = event !== undefined && event.point !== undefined && !event.isMarker && cpu.end - at >= event.minimum;
    builder.begin(
      event === undefined ? 0 : event.pointId,
      this.#task,
      cpu.cpu,
      context,
      timeHigh,
      timeLow,
      0,
      whole ? this.#place(event, view, at) : 0,
    );
    if (whole) {
      const { args } = event;
      if (event.absent.length > 0) this.#probed(event, cpu);
      else for (let k = 0; k < args.length; k++) this.#argument(args[k]!, cpu);
    } else if (event === undefined) this.#unknown(`#${type}`);
    else if (event.point === undefined) this.#unknown(event.name);
    else if (cpu.end - at < event.minimum) this.#short(event, cpu);
    else this.#marker(event, cpu);
  }

  #unknown(name: string): void {
    this.builder.unknown(name, "");
    this.report.countUnknown(name);
  }

  /** Appends a record that ends before its fields do. */
  #short(event: CompiledEvent, cpu: CpuEvents): void {
    this.report.malformed++;
    const length = cpu.end - cpu.at;
    if (event.isMarker) this.builder.pushString("");
    for (const arg of event.args) {
      if (arg.offset + arg.size <= length) this.#argument(arg, cpu);
      else this.builder.pushFault();
    }
  }

  /** Appends a probe's record that lacks arguments, or has them under other names. */
  #probed({ point, args, fields, offers }: CompiledEvent, cpu: CpuEvents): void {
    const { arguments: report } = this.report;
    for (const field of fields) this.#offer(field, cpu);
    const matched = fields.length > 0 ? this.#names.of(point!).match(offers, offers.length, report, 0) : undefined;
    for (let k = 0; k < args.length; k++) {
      const { name, type } = point!.args[k]!;
      const field = args[k]!.kind === ABSENT ? fields[matched?.[k] ?? -1] : undefined;
      if (args[k]!.kind !== ABSENT) this.#argument(args[k]!, cpu);
      else if (field?.offer.name === name) this.builder.pushFault();
      else if (field === undefined) {
        this.builder.pushFault();
        report.lacking(point!.event, name).times++;
      } else if (type === "string") this.#argument(field, cpu);
      else pushNumberAs(type, field.offer.low, field.offer.high, this.builder);
    }
  }

  /** Reads a field of which only the type is known. */
  #offer({ kind, offset, size, signed, form, offer }: CompiledField, { view, at }: CpuEvents): void {
    const p = at + offset;
    switch (kind) {
      case NUMBER_8: {
        const high = this.#highWord(view, p, size);
        offer.setNumber(this.#lowWord(view, p, size), high, form, signed && high >= 0x80000000);
        break;
      }
      case NUMBER_4:
        offer.setNumber(view.getUint32(p, this.little), 0, form);
        break;
      case SIGNED_4:
        setSigned(offer, view.getInt32(p, this.little), form);
        break;
      case SMALL:
        setSigned(offer, this.#smallNumber(view, p, size, signed), form);
        break;
      case STRING_AT:
      case STRING_AFTER:
        offer.setKind(view.getUint32(p, this.little) >>> 16 === 0 ? FAULT : STRING);
        break;
      default:
        offer.setKind(kind === STRING_HERE ? STRING : OTHER);
    }
  }

  /** Appends the text of a program; records of other functions are the kernel's own `trace_printk`. */
  #marker(event: CompiledEvent, cpu: CpuEvents): void {
    const { view, at, bytes } = cpu;
    const { offset, size } = event.probe;
    if (size > 0) {
      const low = this.#lowWord(view, at + offset, size);
      const high = this.#highWord(view, at + offset, size);
      let known = event.places.get(low);
      if (known === undefined || known.high !== high) {
        const name = this.places.symbols.nameAt(low, high) ?? MARKER_FUNCTION;
        known = { low, high, place: this.tables.places.intern(name) };
        event.places.set(low, known);
      }
      const name = this.tables.places.text(known.place);
      if (name !== MARKER_FUNCTION) return this.#unknown(name);
    }
    const start = at + event.text;
    let end = start;
    while (end < cpu.end && bytes[end] !== 0) end++;
    if (end > start && bytes[end - 1] === LF) end--;
    this.builder.pushString(Buffer.from(bytes.buffer, bytes.byteOffset + start, end - start).toString("utf8"));
  }

  #place(event: CompiledEvent, view: DataView, at: number): number {
    const { key, last } = event;
    if (key.size === 0) return 0;
    const low = this.#lowWord(view, at + key.offset, key.size);
    const high = this.#highWord(view, at + key.offset, key.size);
    if (last.low === low && last.high === high) return last.place;
    return (event.last = this.#placeOf(event, view, at, low, high)).place;
  }

  #placeOf(
    { probe, caller, places }: CompiledEvent,
    view: DataView,
    at: number,
    low: number,
    high: number,
  ): KnownPlace {
    const known = places.get(low);
    if (known !== undefined && known.high === high) return known;
    if (places.size >= MAX_PLACES) places.clear();
    const place =
      caller.size > 0
        ? this.places.return(
            low,
            high,
            this.#lowWord(view, at + probe.offset, probe.size),
            this.#highWord(view, at + probe.offset, probe.size),
          )
        : this.places.entry(low, high);
    const added = { low, high, place };
    places.set(low, added);
    return added;
  }

  #argument(arg: CompiledArgument, cpu: CpuEvents): void {
    const { builder, little } = this;
    const { view } = cpu;
    const p = cpu.at + arg.offset;
    switch (arg.kind) {
      case ADDRESS_8:
        builder.pushAddress(view.getUint32(little ? p : p + 4, little), view.getUint32(little ? p + 4 : p, little));
        break;
      case NUMBER_8:
        builder.pushNumber(view.getUint32(little ? p : p + 4, little), view.getUint32(little ? p + 4 : p, little));
        break;
      case NUMBER_4:
        builder.pushNumber(view.getUint32(p, little), 0);
        break;
      case SIGNED_4: {
        const value = view.getInt32(p, little);
        builder.pushNumber(value, value >> 31);
        break;
      }
      case ADDRESS_4:
        builder.pushAddress(view.getUint32(p, little), 0);
        break;
      case SMALL:
        this.#small(arg, view, p);
        break;
      case STRING_AT:
      case STRING_AFTER: {
        const word = view.getUint32(p, little);
        const start = (arg.kind === STRING_AT ? cpu.at : p + 4) + (word & 0xffff);
        this.#string(cpu, start, start + (word >>> 16));
        break;
      }
      case STRING_HERE:
        this.#string(cpu, p, arg.size === 0 ? cpu.end : p + arg.size);
        break;
      case SYMBOL:
        builder.pushString(this.places.name(this.#lowWord(view, p, arg.size), this.#highWord(view, p, arg.size)));
        break;
      case LETTERS: {
        const bits = this.#lowWord(view, p, arg.size);
        builder.pushString(
          arg.letters
            .filter(({ bit }) => bit < 32 && (bits & (1 << bit)) !== 0)
            .map(({ text }) => text)
            .join(""),
        );
        break;
      }
      case MAJOR:
        builder.pushNumber(view.getUint32(p, little) >>> MINOR_BITS, 0);
        break;
      case MINOR:
        builder.pushNumber(view.getUint32(p, little) & ((1 << MINOR_BITS) - 1), 0);
        break;
      case ABSENT:
        builder.pushFault();
        break;
    }
  }

  #small({ size, signed }: CompiledArgument, view: DataView, p: number): void {
    const value = this.#smallNumber(view, p, size, signed);
    this.builder.pushNumber(value, value >> 31);
  }

  #smallNumber(view: DataView, p: number, size: number, signed: boolean): number {
    const unsigned = size === 1 ? view.getUint8(p) : view.getUint16(p, this.little);
    const shift = 32 - size * 8;
    return signed ? (unsigned << shift) >> shift : unsigned;
  }

  /** Pushes a string. One without bytes, not even a NUL, is one that the kernel could not read. */
  #string(cpu: CpuEvents, start: number, end: number): void {
    const { bytes } = cpu;
    if (start === end) {
      this.builder.pushFault();
    } else if (end > cpu.end) {
      this.report.malformed++;
      this.builder.pushFault();
    } else {
      let stop = start;
      while (stop < end && bytes[stop] !== 0) stop++;
      this.builder.pushStringBytes(bytes, start, stop);
    }
  }

  #lowWord(view: DataView, p: number, size: number): number {
    return view.getUint32(size === 8 && !this.little ? p + 4 : p, this.little);
  }

  #highWord(view: DataView, p: number, size: number): number {
    return size === 8 ? view.getUint32(this.little ? p + 4 : p, this.little) : 0;
  }
}

function setSigned(offer: Offer, value: number, form: Form): void {
  offer.setNumber(value, value >> 31, form, value < 0);
}
