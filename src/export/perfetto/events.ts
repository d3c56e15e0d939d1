/**
 * Events of the Chrome trace event format, one JSON object a line, and the tracks that they stand on. The callers keep
 * the rules of the format: times on a track never go back, and every slice that begins ends, the innermost first.
 */
import { jsonString } from "../../base/json-text.js";

/** An exact time, `high * 10^9 + low` nanoseconds (or ticks of a counter, shown as nanoseconds). */
export interface Time {
  readonly high: number;
  readonly low: number;
}

export type Arg = string | number | boolean;
export type Args = Readonly<Record<string, Arg>>;

const MICROSECONDS = 1_000_000;
const THOUSAND = 1000;
/** Seconds whose microseconds a double holds exactly. */
const EXACT_SECONDS = 9e9;
/**
 * The first number for processes and threads that the kernel does not have: beyond any pid (PID_MAX_LIMIT is 4194304).
 */
const FIRST_OWN = 1_000_000_001;

export function isLater(a: Time, b: Time): boolean {
  return a.high !== b.high ? a.high > b.high : a.low > b.low;
}

/** Returns microseconds with a fraction, as JSON writes a number. */
export function timestamp({ high, low }: Time): string {
  const whole =
    high < EXACT_SECONDS
      ? String(high * MICROSECONDS + Math.floor(low / THOUSAND))
      : String(BigInt(high) * BigInt(MICROSECONDS) + BigInt(Math.floor(low / THOUSAND)));
  return `${whole}.${String(low % THOUSAND).padStart(3, "0")}`;
}

/** A row of the picture. */
export class Track {
  last: Time = { high: 0, low: 0 };
  /** The number of open slices. */
  depth = 0;

  constructor(
    readonly pid: number,
    readonly tid: number,
  ) {}

  /** Returns the time itself, or the track's last if the recording's clock went back. */
  at(time: Time): Time {
    if (isLater(time, this.last)) this.last = { high: time.high, low: time.low };
    return this.last;
  }
}

export class TraceEvents {
  #text = "";
  #own = FIRST_OWN;
  #processes = 0;
  #begun = false;
  /** The latest time of all tracks. */
  last: Time = { high: 0, low: 0 };

  /** Returns the text written since the last call, separators included. */
  take(): string {
    const text = this.#text;
    this.#text = "";
    return text;
  }

  /** Returns a number for a process or a thread that the kernel does not have. */
  own(): number {
    return this.#own++;
  }

  /** Names a group of tracks; groups are shown in the order in which they are named. */
  process(pid: number, name: string): void {
    this.#metadata("process_name", pid, 0, `"name":${jsonString(name)}`);
    this.#metadata("process_sort_index", pid, 0, `"sort_index":${this.#processes++}`);
  }

  thread(track: Track, name: string): void {
    this.#metadata("thread_name", track.pid, track.tid, `"name":${jsonString(name)}`);
  }

  begin(track: Track, time: Time, name: string, category: string, args: Args): void {
    track.depth++;
    this.#event("B", track, time, `,"name":${jsonString(name)},"cat":"${category}"${argsText(args)}`);
  }

  end(track: Track, time: Time, args: Args = {}): void {
    if (track.depth === 0) return;
    track.depth--;
    this.#event("E", track, time, argsText(args));
  }

  instant(track: Track, time: Time, name: string, category: string, args: Args): void {
    this.#event("i", track, time, `,"name":${jsonString(name)},"cat":"${category}","s":"t"${argsText(args)}`);
  }

  counter(track: Track, time: Time, name: string, unit: string, value: number): void {
    this.#event("C", track, time, `,"name":${jsonString(name)},"args":{"${unit}":${value}}`);
  }

  /** Writes one half of a slice that is outside the tracks' nesting: `id` and `category` pair the halves. */
  async(phase: "b" | "e", track: Track, time: Time, name: string, category: string, id: number, args: Args = {}): void {
    this.#event(phase, track, time, `,"name":${jsonString(name)},"cat":"${category}","id":${id}${argsText(args)}`);
  }

  /** Writes one end of an arrow, at the slice that is open on the track. */
  flow(phase: "s" | "f", track: Track, time: Time, name: string, id: number): void {
    this.#event(
      phase,
      track,
      time,
      `,"name":${jsonString(name)},"cat":"reference","id":${id}${phase === "f" ? ',"bp":"e"' : ""}`,
    );
  }

  #event(phase: string, track: Track, time: Time, rest: string): void {
    const at = track.at(time);
    if (isLater(at, this.last)) this.last = at;
    this.#line(`{"ph":"${phase}","pid":${track.pid},"tid":${track.tid},"ts":${timestamp(at)}${rest}}`);
  }

  #metadata(what: string, pid: number, tid: number, arg: string): void {
    this.#line(`{"ph":"M","pid":${pid},"tid":${tid},"name":"${what}","args":{${arg}}}`);
  }

  #line(text: string): void {
    this.#text += `${this.#begun ? ",\n" : ""}${text}`;
    this.#begun = true;
  }
}

function argsText(args: Args): string {
  let text = "";
  for (const [name, value] of Object.entries(args))
    text += `${text === "" ? "" : ","}${jsonString(name)}:${typeof value === "string" ? jsonString(value) : String(value)}`;
  return text === "" ? "" : `,"args":{${text}}`;
}
