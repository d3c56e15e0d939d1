/**
 * The report on reading a recording: how much of it was understood, and which events the recording itself reports
 * missing.
 */

import type { Log, Origin } from "../log/log.js";
import { ArgumentReport } from "./arguments/report.js";
import { isNatural } from "./ndjson/numbers.js";

/** A log and the report on reading it: a recording that was opened, or the run of a simulated kernel. */
export interface Recorded extends Log {
  readonly report: ReadReport;
  /**
   * For a recording in several files: returns the name of the file that has the lines of a CPU's events, relative to
   * the recording's path.
   */
  fileOf?(cpu: number): string | undefined;
  /** Reads the same events once more, from the first; absent if they can be read only once. */
  again?(): Promise<Recorded>;
  close(): Promise<void>;
}

export interface SkippedLine {
  /** The file, for a recording in several. */
  readonly file?: string;
  readonly line: number;
  /** Its beginning; not trusted, see `printable`. */
  readonly text: string;
}

export interface Clock {
  readonly kind: "seconds" | "counter";
  /** Digits after the decimal point; 0 for a counter. */
  readonly digits: number;
}

/** The header of ftrace's text about the buffer that it was printed from. */
export interface BufferEntries {
  readonly inBuffer: number;
  /** Including those that were overwritten. */
  readonly written: number;
  /** CPUs of the machine; absent if the header does not have them. */
  readonly cpus?: number;
}

/** A remark about the recorded machine: `release`, `config`, `command`, as `kreel record` writes them. */
export interface Remark {
  readonly name: string;
  /** Not trusted, see `printable`. */
  readonly text: string;
}

const MAX_REMARKS = 1000;
const MAX_REMARK_TEXT = 1000;
/** Limits for a log, which may claim anything; a directory of a thousand CPUs has one or two of each. */
const MAX_WARNINGS = 4096;
const MAX_WARNING_TEXT = 1000;
const MAX_SKIPPED_SHOWN = 5;
const MAX_SKIPPED_TEXT = 200;
/** Names of unknown operations that are counted separately; the rest is counted together. */
const MAX_UNKNOWN_NAMES = 1000;
/** Characters of a name that are kept to count by. */
const MAX_UNKNOWN_NAME = 256;

/** Counts that add up over the files of one recording. */
const PARTS = [
  "lines",
  "pairs",
  "continuations",
  "comments",
  "control",
  "blank",
  "skipped",
  "unknown",
  "malformed",
  "lostLines",
  "overrun",
] as const;

/**
 * Every line of the file is exactly one of: event, continuation (of an event whose text has a line feed), comment,
 * control, blank, skipped. So `events - pairs + continuations + comments + control + blank + skipped` is `lines` (plus
 * `earlierLines`, for a followed file that began anew).
 */
export class ReadReport {
  events = 0;
  lines = 0;
  /** Lines that were read before a followed file began anew. */
  earlierLines = 0;
  bytes = 0;
  /** Lines that have two events: in function_graph, a call that is over within its line. */
  pairs = 0;
  /** Further lines of an event whose task name, string or marker text has a line feed, or that a mailer broke. */
  continuations = 0;
  comments = 0;
  /** Lines of ftrace that are not events: losses, stack dumps, `CPU N buffer started`. */
  control = 0;
  blank = 0;
  /** Lines that are none of these. */
  skipped = 0;
  readonly firstSkipped: SkippedLine[] = [];
  /** Events of operations that are not in the catalogue, and their number by name. */
  unknown = 0;
  readonly unknownByName = new Map<string, number>();
  /** Events that were kept though part of their text was not understood. */
  malformed = 0;
  /** True if the recording reports lost events without their number. */
  uncountedLoss = false;
  /** For several buffers, the sum. */
  entries: BufferEntries | undefined;
  clock: Clock | undefined;
  tracer: string | undefined;
  /** In the recording's order; a name may repeat. */
  readonly environment: Remark[] = [];
  /** The original source of the events, for a recording that kreel exported. */
  exportedFrom: Origin | undefined;
  /** The last line has no end: the file was cut. */
  truncated = false;
  /** Missing arguments, and arguments under other names. */
  readonly arguments = new ArgumentReport();
  /** Sentences for the user, in order, about damage of the file around the text. */
  readonly warnings: string[] = [];
  #concluded = false;
  readonly #cpus: boolean[] = [];
  #lostLines = 0;
  #overrun = 0;

  /** `file` names the recording in errors. */
  constructor(readonly file = "-") {}

  /** The sum of `[LOST n EVENTS]`. A recording may claim any number: the sum is limited to the greatest exact one. */
  get lostLines(): number {
    return this.#lostLines;
  }
  set lostLines(count: number) {
    this.#lostLines = Math.min(count, Number.MAX_SAFE_INTEGER);
  }

  /** Overwritten entries, by the header: entries written, less those in the buffer. */
  get overrun(): number {
    return this.#overrun;
  }
  set overrun(count: number) {
    this.#overrun = Math.min(count, Number.MAX_SAFE_INTEGER);
  }

  /**
   * Events that the recording itself reports missing. The header and the lines count the same events: the greater is
   * valid.
   */
  get lost(): number {
    return Math.max(this.overrun, this.lostLines);
  }

  /** The CPUs that events ran on. */
  get cpus(): number[] {
    return [...this.#cpus.keys()].filter((cpu) => this.#cpus[cpu]);
  }

  sawCpu(cpu: number): void {
    this.#cpus[cpu] = true;
  }

  /** Adds a remark; those beyond the limit are dropped. */
  remark(name: string, text: string): void {
    if (this.environment.length < MAX_REMARKS) this.environment.push({ name, text: text.slice(0, MAX_REMARK_TEXT) });
  }

  /** Adds the header's count of one buffer. */
  sawEntries({ inBuffer, written, cpus }: BufferEntries): void {
    const { entries } = this;
    const most = Math.max(cpus ?? 0, entries?.cpus ?? 0);
    this.entries = {
      inBuffer: inBuffer + (entries?.inBuffer ?? 0),
      written: written + (entries?.written ?? 0),
      ...(most > 0 ? { cpus: most } : {}),
    };
  }

  /** Adds the report of one of several files; `file` is its name. */
  add(part: ReadReport, file: string): void {
    for (const name of PARTS) this[name] += part[name];
    for (const { line, text } of part.firstSkipped)
      if (this.firstSkipped.length < MAX_SKIPPED_SHOWN) this.firstSkipped.push({ file, line, text });
    for (const [name, times] of part.unknownByName) this.#tally(name, times);
    this.uncountedLoss ||= part.uncountedLoss;
    this.truncated ||= part.truncated;
    if (part.entries) this.sawEntries(part.entries);
    this.clock ??= part.clock;
    this.tracer ??= part.tracer;
    for (const { name, text } of part.environment) this.remark(name, text);
    for (const warning of part.warnings) this.warnings.push(`${file}: ${warning}`);
    for (const cpu of part.cpus) this.sawCpu(cpu);
    this.arguments.add(part.arguments, file);
  }

  /** True if reading is over and the report will not change. */
  get isConcluded(): boolean {
    return this.#concluded;
  }

  /** Ends the report with sentences about the recording as a whole; has an effect only once. */
  conclude(sentences: () => readonly string[]): void {
    if (!this.#concluded) this.warnings.push(...sentences());
    this.#concluded = true;
  }

  /** Begins anew with the file: its lines are counted from 1 again. Events may be missing. */
  restart(): void {
    this.earlierLines += this.lines;
    this.lines = 0;
    this.uncountedLoss = true;
  }

  skip(line: number, text: string): void {
    this.skipped++;
    if (this.firstSkipped.length < MAX_SKIPPED_SHOWN)
      this.firstSkipped.push({ line, text: text.slice(0, MAX_SKIPPED_TEXT) });
  }

  countUnknown(name: string): void {
    this.unknown++;
    this.#tally(name, 1);
  }

  #tally(name: string, times: number): void {
    const short = name.slice(0, MAX_UNKNOWN_NAME);
    const known = this.unknownByName.has(short) || this.unknownByName.size < MAX_UNKNOWN_NAMES;
    const key = known ? short : "(others)";
    this.unknownByName.set(key, (this.unknownByName.get(key) ?? 0) + times);
  }

  /** Returns the part that the events do not contain themselves, for a log, as JSON. */
  saved(): SavedReport {
    return {
      ...Object.fromEntries(COUNTS.map((name) => [name, this[name]])),
      firstSkipped: this.firstSkipped,
      uncountedLoss: this.uncountedLoss,
      truncated: this.truncated,
      ...(this.entries ? { entries: this.entries } : {}),
      ...(this.clock ? { clock: this.clock } : {}),
      ...(this.tracer === undefined ? {} : { tracer: this.tracer }),
      ...(this.environment.length > 0 ? { environment: this.environment } : {}),
      ...(this.arguments.isEmpty ? {} : { arguments: this.arguments.saved() }),
      warnings: this.warnings,
      cpus: this.cpus,
    };
  }

  /** Restores a saved report; entries that are not valid are left out. */
  restore(saved: SavedReport): void {
    for (const name of COUNTS) if (isNatural(saved[name])) this[name] = saved[name];
    for (const entry of listOf(saved["firstSkipped"]).slice(0, MAX_SKIPPED_SHOWN)) {
      const { line, text } = (entry ?? {}) as Partial<SkippedLine>;
      if (isNatural(line) && typeof text === "string")
        this.firstSkipped.push({ line, text: text.slice(0, MAX_SKIPPED_TEXT) });
    }
    this.uncountedLoss = saved["uncountedLoss"] === true;
    this.truncated = saved["truncated"] === true;
    this.entries = entriesOf(saved["entries"]);
    const { kind, digits } = (saved["clock"] ?? {}) as Partial<Clock>;
    if ((kind === "seconds" || kind === "counter") && isNatural(digits)) this.clock = { kind, digits };
    if (typeof saved["tracer"] === "string") this.tracer = saved["tracer"];
    this.restoreEnvironment(saved["environment"]);
    this.arguments.restore(saved["arguments"]);
    // The sentences of `conclude` are among the saved warnings.
    this.#concluded = true;
    for (const warning of listOf(saved["warnings"]).slice(0, MAX_WARNINGS))
      if (typeof warning === "string") this.warnings.push(warning.slice(0, MAX_WARNING_TEXT));
    for (const cpu of listOf(saved["cpus"])) if (isNatural(cpu) && cpu <= MAX_CPU) this.sawCpu(cpu);
  }

  /** Restores a saved `environment`. */
  restoreEnvironment(saved: unknown): void {
    for (const remark of listOf(saved)) {
      const { name, text } = (remark ?? {}) as Partial<Remark>;
      if (typeof name === "string" && typeof text === "string") this.remark(name.slice(0, MAX_REMARK_TEXT), text);
    }
  }
}

/** Restores a saved `ReadReport.entries`; `undefined` if it is not valid. */
export function entriesOf(saved: unknown): BufferEntries | undefined {
  const { inBuffer, written, cpus } = (saved ?? {}) as Partial<BufferEntries>;
  if (!isNatural(inBuffer) || !isNatural(written) || written < inBuffer) return undefined;
  return { inBuffer, written, ...(isNatural(cpus) && cpus > 0 ? { cpus } : {}) };
}

export type SavedReport = Readonly<Record<string, unknown>>;

const COUNTS = [
  "events",
  "lines",
  "bytes",
  "pairs",
  "continuations",
  "comments",
  "control",
  "blank",
  "skipped",
  "malformed",
  "lostLines",
  "overrun",
] as const;
const MAX_CPU = 65535;

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}
