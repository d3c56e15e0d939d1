/** `kreel export TRACE --to FORMAT`. */
import type { Command } from "commander";
import { EXPORTS, type GraphFormat, type StreamFormat, type StreamOptions } from "../../export/formats.js";
import { graphOf } from "../../export/graph.js";
import { probesOf } from "../../export/kprobe-events.js";
import { checkRead } from "../../read/nothing-read.js";
import type { ReadReport, Recorded } from "../../read/report.js";
import { TroubleError } from "../../base/trouble.js";
import { type Moment, replay } from "../../replay/replay.js";
import { list } from "../../base/text.js";
import { ExportTarget } from "../export-target.js";
import { parseMoment } from "../moment.js";
import { openShowing } from "../opened.js";
import { progressOf, type ProgressSink } from "../progress.js";
import type { Terminal } from "../terminal.js";
import { UsageError } from "../trouble.js";
import { warningLines } from "../warnings.js";

interface Flags {
  readonly to: string;
  readonly at?: string;
  readonly focus: string;
  readonly output?: string;
  readonly from?: string;
}

const NAMES = Object.keys(EXPORTS);
/** Names of the formats that accept `--at`, and of those that accept `--focus`. */
const OF_MOMENT = NAMES.filter((name) => EXPORTS[name]!.of === "moment");
const FOCUSED = NAMES.filter((name) => isFocused(EXPORTS[name]!));

function isFocused(format: (typeof EXPORTS)[string]): boolean {
  return format.of === "moment" || (format.of === "recording" && format.focused === true);
}

const NAMES_SHOWN = 5;

export function addExport(program: Command, terminal: Terminal, done: (code: number) => void): void {
  program
    .command("export")
    .summary("write a recording as Perfetto JSON, NDJSON, Arrow, a graph, or its probes")
    .description(
      `Writes a recording in another form: ${NAMES.map((name) => `${name} (${EXPORTS[name]!.words})`).join(", ")}. Exits with 0, or 2 for trouble.`,
    )
    .argument("<trace>", "a recording, plain, gzip or zstd; - is standard input")
    .requiredOption("--to <format>", NAMES.join(", "))
    .option(
      "--at <moment>",
      `${OF_MOMENT.join(", ")}: the state after an event (1402), or at a time of the recording (35.846890); else at its end`,
    )
    .option("--focus <what>", `${FOCUSED.join(", ")}: guest-memfd, or all objects that were recorded`, "guest-memfd")
    .option("-o, --output <file>", "write it there, not to standard output")
    .option("--from <format>", "read the recording as this, whatever it looks like")
    .action(async (trace: string, flags: Flags) => done(await runExport(trace, flags, terminal)));
}

async function runExport(path: string, flags: Flags, terminal: Terminal): Promise<number> {
  const { to } = flags;
  const format = Object.hasOwn(EXPORTS, to) ? EXPORTS[to] : undefined;
  if (!format) throw new UsageError(`--to ${to}: one of ${NAMES.join(", ")}`);
  if (flags.focus !== "guest-memfd" && flags.focus !== "all")
    throw new UsageError(`--focus ${flags.focus}: guest-memfd or all`);
  if (flags.at !== undefined && format.of !== "moment")
    throw new UsageError(`--at is for ${OF_MOMENT.join(" and ")}: ${to} has the whole recording`);
  if (format.of === "recording" && format.binary && flags.output === undefined && terminal.out.terminal)
    throw new UsageError(`--to ${to} is no text for a terminal: give it a file with -o FILE, or a pipe`);
  const run = new Run(path, flags, terminal);
  switch (format.of) {
    case "recording":
      return run.stream(format);
    case "moment":
      return run.graph(format);
    case "probes":
      return run.probes();
  }
}

class Run {
  readonly #target: ExportTarget;
  readonly #progress: ProgressSink;

  constructor(
    private readonly path: string,
    private readonly flags: Flags,
    private readonly terminal: Terminal,
  ) {
    this.#target = new ExportTarget(terminal.out, flags.output, [path]);
    this.#progress = progressOf(terminal, flags.output !== undefined || !terminal.shared);
  }

  async stream({ pieces }: StreamFormat): Promise<number> {
    const recording = await this.#open();
    await this.#over(recording, this.#written(recording, pieces));
    this.#warn(recording.report);
    return 0;
  }

  async #written(recording: Recorded, pieces: StreamFormat["pieces"]): Promise<void> {
    try {
      const options: StreamOptions = { everything: this.flags.focus === "all", oneLine: this.#target.terminal };
      for await (const piece of await pieces(recording, options)) this.#target.write(piece);
      checkRead(this.path, recording.report);
      this.#target.close();
    } catch (error) {
      this.#target.discard();
      throw error;
    }
  }

  async graph({ text }: GraphFormat): Promise<number> {
    const { path, flags } = this;
    const everything = flags.focus === "all";
    const at = flags.at === undefined ? undefined : parseMoment(flags.at);
    const result = await replay(path, {
      everything,
      ...(at === undefined ? {} : { at }),
      ...(flags.from === undefined ? {} : { format: flags.from }),
      onProgress: (events, bytes) => this.#progress.update(events, bytes),
    }).finally(() => this.#progress.clear());
    const { events } = result.trace;
    if (at !== undefined) this.#checkMoment(at, events);
    checkRead(path, result.recording.report);
    this.#target.write(text(graphOf(result.world, `${path} after event ${events}`, everything)));
    this.#target.close();
    this.#warn(result.recording.report);
    return 0;
  }

  async probes(): Promise<number> {
    const { err } = this.terminal;
    const recording = await this.#open();
    const { text, tracepoints, unknown } = await this.#over(recording, probesOf(recording));
    checkRead(this.path, recording.report);
    if (text === "" && tracepoints.length === 0)
      throw new TroubleError("shows no operation that kreel knows: there is nothing to probe", this.path);
    this.#target.write(text);
    this.#target.close();
    if (tracepoints.length > 0)
      err.line(
        `kreel: the kernel has events of its own for the rest: ${tracepoints.map((t) => `echo 1 > events/${t}/enable`).join("; ")}`,
      );
    if (unknown.length > 0) err.line(`kreel: no probe is known for ${list(shown(unknown))}`);
    err.flush();
    return 0;
  }

  #checkMoment(at: Moment, events: number): void {
    if ("event" in at && events < at.event)
      throw new TroubleError(`--at ${at.event}: the recording has ${events} events`, this.path);
    if ("time" in at && events === 0)
      throw new TroubleError(`--at ${this.flags.at!}: the recording begins later`, this.path);
  }

  /** Awaits the result, then closes the recording. */
  async #over<T>(recording: Recorded, made: Promise<T>): Promise<T> {
    try {
      return await made;
    } finally {
      this.#progress.clear();
      await recording.close();
    }
  }

  #open(): Promise<Recorded> {
    return openShowing(this.path, this.flags.from, this.#progress);
  }

  #warn(report: ReadReport): void {
    for (const line of warningLines(this.path, report)) this.terminal.err.line(line);
    this.terminal.err.flush();
  }
}

function shown(names: readonly string[]): string[] {
  const rest = names.length - NAMES_SHOWN;
  return rest > 0 ? [...names.slice(0, NAMES_SHOWN), `${rest} more`] : [...names];
}
