/**
 * A plain implementation of the fast reader: the whole recording at once, lines in an array, regular expressions. Slow
 * and easy to check. It is the oracle of the tests and shares no code with what it judges, except the identification of
 * arguments under other names, which has tests of its own.
 */
import type { ArgumentDefinition } from "../../events/definition.js";
import type { Point, PointTable } from "../../events/points.js";
import { ArgumentNames } from "../../src/read/arguments/names.js";
import { FAULT, Offer, OTHER, STRING } from "../../src/read/arguments/offer.js";
import { ArgumentReport } from "../../src/read/arguments/report.js";
import { ANY_CPU, CONTEXT_HARDIRQ, CONTEXT_NMI, CONTEXT_SOFTIRQ, CONTEXT_UNKNOWN } from "../../src/log/batch.js";

/** `undefined`: the argument could not be read. */
export type ReferenceValue = bigint | string | undefined;

export interface ReferenceEvent {
  readonly line: number;
  readonly comm: string;
  readonly pid: number;
  readonly tgid: number | undefined;
  readonly cpu: number;
  readonly context: number;
  /** Nanoseconds, or ticks of a counter. */
  readonly time: bigint;
  readonly digits: number;
  readonly name: string;
  readonly place: string | undefined;
  readonly args: readonly ReferenceValue[];
  /** Text of an unknown operation. */
  readonly text: string | undefined;
}

export interface ReferenceReading {
  readonly events: ReferenceEvent[];
  /** `before` is the number of the event that comes next. */
  readonly losses: { readonly before: number; readonly cpu: number; readonly count: number; readonly line: number }[];
  readonly skipped: number[];
  continuations: number;
  comments: number;
  control: number;
  blank: number;
  malformed: number;
  overrun: number;
}

const REST = String.raw`-(?<pid>\d{1,10}) +(?:\((?: *(?<tgid>\d{1,10})|-+)\) +)?\[(?<cpu>\d{3,})\] +(?:(?!\d)(?<flags>[.\da-fA-FXNnpPlLhHsSzZ]{4,7}) +)?(?<time>\d{1,15}\.\d{1,9}|\d{1,20}): (?<event>[^]*)$`;
const PADDED = new RegExp(`^(?<comm>[^]{16})${REST}`);
const TRIMMED = new RegExp(`^(?<comm>[^]{1,15}?)${REST}`);
const INTERRUPTS: Readonly<Record<string, number>> = {
  ".": 0,
  s: CONTEXT_SOFTIRQ,
  h: CONTEXT_HARDIRQ,
  H: CONTEXT_HARDIRQ | CONTEXT_SOFTIRQ,
  z: CONTEXT_NMI,
  Z: CONTEXT_NMI | CONTEXT_HARDIRQ,
};
const decode = (latin1: string): string => Buffer.from(latin1, "latin1").toString("utf8");

export function readReference(recording: Buffer, points: PointTable): ReferenceReading {
  const lines = recording.toString("latin1").split("\n");
  const cutAt = lines.at(-1) === "" ? -1 : lines.length - 1;
  if (cutAt < 0) lines.pop();
  return new Reference(
    lines.map((line) => line.replace(/\r$/, "")),
    cutAt,
    points,
  ).read();
}

type Verdict = "event" | "control" | "more" | "no";

/** An event that the next line may continue. */
interface Open {
  readonly point: Point;
  readonly text: string;
  readonly body: ReferenceBody;
  /** Index of its last line. */
  readonly last: number;
  readonly malformed: boolean;
}

class Reference {
  readonly reading: ReferenceReading = {
    events: [],
    losses: [],
    skipped: [],
    continuations: 0,
    comments: 0,
    control: 0,
    blank: 0,
    malformed: 0,
    overrun: 0,
  };
  #legend: string[] = [];
  /** The text of the marker that is the last event so far, and the empty lines after it. */
  #marker: { text: string; blanks: number } | undefined;
  #open: Open | undefined;
  readonly #names = new ArgumentNames();

  constructor(
    private readonly lines: readonly string[],
    private readonly cutAt: number,
    private readonly points: PointTable,
  ) {}

  read(): ReferenceReading {
    for (let i = 0; i < this.lines.length; ) i += this.#one(i) ?? this.#several(i) ?? this.#leftover(i);
    this.#closeMarker();
    return this.reading;
  }

  /** Returns the number of lines that line `i` accounts for, if it is understood by itself. */
  #one(i: number): number | undefined {
    const line = this.lines[i]!;
    const verdict = this.#event([line], i);
    if (verdict === "more") return this.#string(i);
    if (verdict !== "no") return 1;
    if (line === "") {
      this.reading.blank++;
      if (this.#marker) this.#marker.blanks++;
      return 1;
    }
    const lost = /^ *CPU:(\d{1,5}) \[LOST (?:(\d{1,15}) )?EVENTS\] *$/.exec(line);
    if (lost)
      this.reading.losses.push({
        before: this.reading.events.length + 1,
        cpu: Math.min(Number(lost[1]), ANY_CPU),
        count: Number(lost[2] ?? 0),
        line: i + 1,
      });
    const started = /^#+ CPU (\d{1,5}) buffer started #+ *$/.exec(line);
    // Before the first event there is nothing to miss events in.
    if (started && this.reading.events.length > 0)
      this.reading.losses.push({
        before: this.reading.events.length + 1,
        cpu: Math.min(Number(started[1]), ANY_CPU),
        count: 0,
        line: i + 1,
      });
    if (lost || started || (!this.#marker && line.startsWith(" => "))) {
      this.#closeMarker();
      this.reading.control++;
      return 1;
    }
    if (this.#marker || !line.startsWith("#")) return undefined;
    this.reading.comments++;
    this.#comment(line);
    return 1;
  }

  /** Takes a short line, and those after it, as a task's name with line feeds in it. */
  #several(i: number): number | undefined {
    if (this.lines[i]!.length >= 16 || !this.lines[i]!.startsWith(" ") || i === this.cutAt) return undefined;
    let next = i + 1;
    while (next < this.lines.length && next !== this.cutAt && this.lines.slice(i, next + 1).join("\n").length < 16)
      next++;
    if (next < this.lines.length && this.#event(this.lines.slice(i, next + 1), i, true, false) !== "no") {
      this.reading.continuations += next - i;
      return next - i + 1;
    }
    return undefined;
  }

  /** Takes the event at line `i`, whose string continues in the next lines, or has no end. */
  #string(i: number): number {
    for (let more = 1; more < 8 && i + more < this.lines.length; more++) {
      if (!this.lines[i + more]!.includes('"')) continue;
      if (this.#event(this.lines.slice(i, i + more + 1), i, false, true, true) === "event") {
        this.reading.continuations += more;
        return more + 1;
      }
    }
    this.#event([this.lines[i]!], i, false, false);
    return 1;
  }

  #leftover(i: number): number {
    const line = this.lines[i]!;
    if (this.#rejoin(i)) {
      this.reading.continuations++;
    } else if (this.#marker) {
      this.#marker.text += "\n".repeat(this.#marker.blanks + 1) + decode(line);
      this.#marker.blanks = 0;
      this.reading.continuations++;
    } else if (decode(line).trim() === "") this.reading.blank++;
    else this.reading.skipped.push(i + 1);
    return 1;
  }

  #comment(line: string): void {
    if (line.startsWith("# tracer: ")) this.#legend = [];
    const entries = /^# entries-in-buffer\/entries-written: (\d{1,15})\/(\d{1,15})(?: |$)/.exec(line);
    if (entries)
      this.reading.overrun = Math.min(
        Number.MAX_SAFE_INTEGER,
        this.reading.overrun + Math.max(0, Number(entries[2]) - Number(entries[1])),
      );
    const column = /^#[ |/]*_-+=> (\S+)/.exec(line);
    if (column) this.#legend.push(column[1]!);
  }

  #closeMarker(): void {
    const marker = this.#marker;
    if (!marker) return;
    const events = this.reading.events;
    events.push({ ...events.pop()!, args: [marker.text] });
    this.#marker = undefined;
  }

  /** Takes these lines as one event, if they are. `whole`: only if every argument is there. */
  #event(lines: readonly string[], i: number, padded = false, mayHold = true, whole = false): Verdict {
    const line = lines.join("\n");
    const cut = i + lines.length - 1 === this.cutAt;
    const header = (PADDED.exec(line) ?? (padded ? null : TRIMMED.exec(line)))?.groups;
    if (!header || Number(header["cpu"]) > 65535) return "no";
    const event = header["event"]!;
    const named = /^([\w.$-]{1,128}):(?: ([^]*))?$/.exec(event);
    if (!named && /^<(?:user )?stack trace>/.test(event)) {
      this.#closeMarker();
      this.reading.control++;
      return "control";
    }
    const unnamed = /^(?:([A-Za-z_]\w*)(?:\(| -> )|\S+(?: \[[^\]\s]+\])? +<-\S)/.exec(event);
    if (!named && !unnamed) return "no";
    const point = named ? this.points.byEvent(named[1]!) : undefined;
    if (!named || !point) {
      this.#push(header, i, {
        name: named ? named[1]! : (unnamed![1] ?? "function"),
        place: undefined,
        args: [],
        text: decode(named ? (named[2] ?? "") : event),
      });
      return "event";
    }
    if (point.operation.probe === "marker") {
      const text = decode(named[2] ?? "");
      this.#push(header, i, { name: point.event, place: undefined, args: [text], text: undefined });
      this.#marker = { text, blanks: 0 };
      return "event";
    }
    const printed = (named[2] ?? "").replace(/^ +/, "");
    // A probe prints its place, or arguments alone; any other text is an event of the kernel's own.
    if (point.operation.probe === "kprobe" && printed !== "" && !/^(?:\(|\w+=)/.test(printed)) {
      this.#push(header, i, { name: point.event, place: undefined, args: [], text: decode(named[2] ?? "") });
      return "event";
    }
    const body = parseBody(printed, point);
    if ((whole || cut) && !body.complete) return "no";
    if (cut && !endsWhole(body, point)) return "no";
    if (mayHold && body.unterminated && point.args.some((arg) => arg.type === "string")) return "more";
    this.#push(header, i, { name: point.event, place: undefined, args: [], text: undefined });
    this.#fill(point, printed, body, i + lines.length - 1, this.#match(point, body));
    return "event";
  }

  /** Sets the last event's place and arguments by its body. */
  #fill(point: Point, text: string, body: ReferenceBody, last: number, matched: Matched): void {
    const own = body.values.map((value, k) => valueOf(value, point.args[k]!));
    const isValue = (k: number): boolean => body.values[k] !== undefined && body.values[k] !== "(fault)";
    const bad = own.some((value, k) => value === undefined && isValue(k));
    const malformed = bad || body.leftover || body.unterminated;
    if (malformed) this.reading.malformed++;
    const args = own.map((value, k) => {
      const arg = point.args[k]!;
      return matched[k] ? narrowed(valueOf(matched[k].value, arg), arg) : value;
    });
    const { events } = this.reading;
    events.push({ ...events.pop()!, place: body.place ? decode(body.place) : undefined, args });
    const lacks = body.values.some((value, k) => value === undefined && !matched[k]);
    this.#open = lacks || malformed || text === "" ? { point, text, body, last, malformed } : undefined;
  }

  /** Finds arguments under other names. */
  #match(point: Point, { printed, leftover, unterminated }: ReferenceBody): Matched {
    if (leftover || unterminated || point.operation.probe !== "kprobe") return [];
    const offers = printed.map(({ name, value }) => offerOf(name, value));
    const at = this.#names.of(point).match(offers, offers.length, new ArgumentReport(), 0);
    return point.args.map(({ name }, k) => (printed[at[k]!]?.name === name ? undefined : printed[at[k]!]));
  }

  /** True if line `i` is the rest of the last event, which a mailer broke. */
  #rejoin(i: number): boolean {
    const open = this.#open;
    const [before, rest] = [open?.text.trimEnd() ?? "", this.lines[i]!.trim()];
    if (!open || open.last !== i - 1 || i === this.cutAt) return false;
    const inPlace = /^\([^)]*$/.test(before);
    if (!(before === "" ? /^\(/ : inPlace ? /^[^()]*\)/ : /^\w+=/).test(rest)) return false;
    const text = `${before} ${rest}`.trimStart();
    const body = parseBody(text, open.point);
    if (body.leftover || body.unterminated) return false;
    const matched = this.#match(open.point, body);
    const more = body.printed.slice(open.body.printed.length);
    const isTaken = (one: Printed): boolean =>
      open.point.args.some((arg, k) => arg.name === one.name || matched[k] === one);
    if (!body.complete && (more.length === 0 || !more.every(isTaken))) return false;
    if (open.malformed) this.reading.malformed--;
    this.#fill(open.point, text, body, i, matched);
    return true;
  }

  #push(
    header: Readonly<Record<string, string>>,
    i: number,
    rest: Pick<ReferenceEvent, "name" | "place" | "args" | "text">,
  ): void {
    this.#closeMarker();
    this.#open = undefined;
    const [whole, fraction = ""] = header["time"]!.split(".");
    this.reading.events.push({
      line: i + 1,
      comm: decode(header["comm"]!.replace(/^ +/, "")),
      pid: Number(header["pid"]),
      tgid: header["tgid"] === undefined ? undefined : Number(header["tgid"]),
      cpu: Number(header["cpu"]),
      context: this.#context(header["flags"]),
      time: fraction === "" ? BigInt(whole!) : BigInt(whole! + fraction.padEnd(9, "0")),
      digits: fraction.length,
      ...rest,
    });
  }

  #context(flags: string | undefined): number {
    if (flags === undefined) return CONTEXT_UNKNOWN;
    const column = flags.length === this.#legend.length ? this.#legend.indexOf("hardirq/softirq") : -1;
    return INTERRUPTS[flags[column >= 0 ? column : flags.length > 5 ? 3 : 2]!] ?? CONTEXT_UNKNOWN;
  }
}

interface ReferenceBody {
  readonly place: string | undefined;
  readonly values: readonly (string | undefined)[];
  readonly complete: boolean;
  readonly unterminated: boolean;
  readonly leftover: boolean;
  /** All arguments, if the event is not complete. */
  readonly printed: readonly Printed[];
}

interface Printed {
  readonly name: string;
  readonly value: string;
}

/** By argument of the catalogue. */
type Matched = readonly (Printed | undefined)[];

const NUMBER = String.raw`-?\d+|0x[\da-fA-F]+`;

/** Arguments without quotes, whatever their names. */
const EXTRAS = String.raw`(?: \w+=[^ "]*)+`;

const FOLIO =
  /^dev (0x[\da-f]+|[\da-f]+|-\d+):(0x[\da-f]+|[\da-f]+|-\d+) ino (0x[\da-f]+|[\da-f]+|-\d+) pfn=(0x[\da-f]+|[\da-f]+|-\d+) ofs=(0x[\da-f]+|[\da-f]+|-\d+) order=(0x[\da-f]+|[\da-f]+|-\d+)$/;
/** Formats of the kernel's own events that the catalogue has. */
const OWN: { readonly [event: string]: RegExp } = {
  module_load: /^(.*?) (.*?)$/,
  module_free: /^(.*?)$/,
  module_get: /^(.*?) call_site=(.*?) refcnt=(0x[\da-f]+|[\da-f]+|-\d+)$/,
  mm_filemap_add_to_page_cache: FOLIO,
  mm_filemap_delete_from_page_cache: FOLIO,
};

function parseBody(text: string, point: Point): ReferenceBody {
  const own = OWN[point.event]?.exec(text);
  if (own) {
    const values = own
      .slice(1)
      .map((value, k) =>
        point.args[k]!.type === "string"
          ? `"${value}"`
          : point.args[k]!.type === "x64"
            ? `0x${value.replace(/^0x/, "")}`
            : value,
      );
    return { place: undefined, values, complete: true, unterminated: false, leftover: false, printed: [] };
  }
  const place = /^\(([^)\n]*)\)/.exec(text);
  const rest = place ? text.slice(place[0].length) : text === "" ? "" : ` ${text}`;
  const names = point.args.map((arg) => arg.name);
  // Greedy: a string ends at the last quote after which the other arguments are.
  const args = point.args.map((arg) => ` ${arg.name}=(\\(fault\\)|${arg.type === "string" ? '"[^]*"' : NUMBER})`);
  const inOrder = new RegExp(`^${args.join("")}(?: \\w+=[^ "]*)*$`).exec(rest);
  if (inOrder) {
    const values = inOrder.slice(1);
    return { place: place?.[1], values, complete: true, unterminated: false, leftover: false, printed: [] };
  }

  const printed: Printed[] = [];
  const found = new Map<string, string>();
  let left = rest;
  let unterminated = false;
  for (let key = / (\w+)=/y.exec(left); key && !unterminated; key = / (\w+)=/y.exec(left)) {
    const others = names.filter((name) => name !== key![1]);
    const after = left.slice(key[0].length);
    const end = others.length > 0 ? `$| (?:${others.join("|")})=|${EXTRAS}$` : `$|${EXTRAS}$`;
    let value = after.startsWith('"') ? new RegExp(`^"[^]*"(?=${end})`).exec(after)?.[0] : /^[^ ]*/.exec(after)![0];
    unterminated = value === undefined;
    left = value === undefined ? "" : after.slice(value.length);
    value ??= `${after}"`;
    if (!found.has(key[1]!) || !names.includes(key[1]!)) printed.push({ name: key[1]!, value });
    if (!found.has(key[1]!)) found.set(key[1]!, value);
  }
  const values = names.map((name) => found.get(name));
  return { place: place?.[1], values, complete: false, unterminated, leftover: left !== "", printed };
}

function offerOf(name: string, value: string): Offer {
  const offer = new Offer(name);
  const number = valueOf(value, { name, type: "x64", fetch: "", meaning: "" });
  const form = value.startsWith("0x") ? "hexadecimal" : "decimal";
  const isNegative = value.startsWith("-");
  if (typeof number === "bigint")
    offer.setNumber(Number(number & 0xffffffffn), Number(number >> 32n), form, isNegative);
  else offer.setKind(value === "(fault)" ? FAULT : value.startsWith('"') && !/" \w+=/.test(value) ? STRING : OTHER);
  return offer;
}

/** Returns a number that may have been printed as a whole register. */
function narrowed(value: ReferenceValue, { type }: ArgumentDefinition): ReferenceValue {
  if (typeof value !== "bigint") return value;
  if (type === "s32") return BigInt.asUintN(64, BigInt.asIntN(32, value));
  return type === "u8" ? BigInt.asUintN(8, value) : type.endsWith("32") ? BigInt.asUintN(32, value) : value;
}

/** True unless a kernel address at the very end of a cut file lacks digits. */
function endsWhole(body: ReferenceBody, point: Point): boolean {
  const last = point.args.at(-1);
  return last?.type !== "ptr" || /^(?:0x0|0x[\da-fA-F]{16}|\(fault\))$/.test(body.values.at(-1)!);
}

function valueOf(value: string | undefined, arg: ArgumentDefinition): ReferenceValue {
  if (value === undefined) return undefined;
  if (arg.type === "string") return value.startsWith('"') ? decode(value.slice(1, -1)) : undefined;
  if (!new RegExp(`^(?:${NUMBER})$`).test(value) || value.length > 40) return undefined;
  const number = value.startsWith("-") ? -BigInt(value.slice(1)) : BigInt(value);
  return number >= 1n << 64n || number < -(1n << 63n) ? undefined : BigInt.asUintN(64, number);
}
