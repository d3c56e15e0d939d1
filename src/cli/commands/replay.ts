/** `kreel replay TRACE`. */
import type { Command } from "commander";
import type { Required } from "../../check/required.js";
import { LogFile } from "../../log/file/log-file.js";
import { isReadAgain } from "../../read/again.js";
import { checkRead } from "../../read/nothing-read.js";
import type { ReadReport } from "../../read/report.js";
import { TroubleError } from "../../base/trouble.js";
import { type Moment, type Replay, replay, type ReplayOptions } from "../../replay/replay.js";
import { Chronicle } from "../../describe/chronicle.js";
import { Evidence } from "../../show/evidence.js";
import { findingsLines } from "../../show/findings.js";
import { jsonText, replayJson } from "../../show/json.js";
import { parseSpec } from "../../show/object-life.js";
import { all } from "../../replay/observers.js";
import { stateJson, stateLines, stateOf } from "../../show/state.js";
import { summaryLines } from "../../show/summary.js";
import { treeObservers } from "../../show/trees.js";
import { Follow } from "../follow.js";
import { LifePrinter } from "../life.js";
import { listOf, runMany } from "../many/run.js";
import { parseMoment } from "../moment.js";
import { progressOf, type ProgressSink } from "../progress.js";
import { type Reached, replayedTo, soughtIn } from "../reached.js";
import { requiredOf, requireOption, unjudgedLines } from "../require.js";
import { Spool } from "../spool.js";
import type { Terminal } from "../terminal.js";
import { UsageError } from "../trouble.js";
import { warningLines } from "../warnings.js";

interface Flags {
  readonly json?: true;
  readonly focus: string;
  readonly at?: string;
  readonly object?: string;
  readonly from?: string;
  /** From `--no-tree`. */
  readonly tree: boolean;
  readonly summary?: true;
  readonly follow?: true;
  readonly require?: readonly string[];
}

export function addReplay(program: Command, terminal: Terminal, done: (code: number) => void): void {
  program
    .command("replay")
    .summary("derive the state of guest_memfd, keep the ledger of references, report findings")
    .description(
      "Replays a recording: what lived and died, each operation as a call tree, and what is wrong. Exits with 0 when nothing is, 1 when there are findings, 2 when the recording cannot be read.",
    )
    .argument(
      "<trace...>",
      "a recording, plain, gzip or zstd; a directory with a file for each CPU; - is standard input; several are replayed side by side, on all cores",
    )
    .option("--at <moment>", "the state after an event (1402), or at a time of the recording (35.846890)")
    .option(
      "--object <object>",
      "the life of one object, every get and put with its owner: kvm_amd, 'inode 0xffff…', 0xffff…#2",
    )
    .option("--focus <what>", "guest-memfd: what guest_memfd touches; all: everything that was recorded", "guest-memfd")
    .option("--no-tree", "summary and findings without the call trees")
    .option("--summary", "the same as --no-tree")
    .option(
      "--follow",
      "the recording is still being written: a file that grows, a FIFO, standard input or trace_pipe; what is found is said at once, the summary when a signal (^C) or the end of the pipe ends it",
    )
    .addOption(requireOption())
    .option("--json", "one JSON document")
    .option("--from <format>", "read the recording as this, whatever it looks like")
    .action(async (paths: [string, ...string[]], flags: Flags) =>
      done(await (paths.length === 1 ? runReplay(paths[0], flags, terminal) : replayMany(paths, flags, terminal))),
    );
}

/** The document of several recordings is a list of theirs. */
async function replayMany(paths: readonly string[], flags: Flags, terminal: Terminal): Promise<number> {
  requiredOf(flags.require);
  const alone = ["at", "object", "follow"].find((name) => name in flags);
  if (alone !== undefined) throw new UsageError(`--${alone} is for one recording`);
  if (paths.includes("-")) throw new UsageError("standard input cannot be one of several recordings");
  const jobs = paths.map((path) => ({ command: "replay", paths: [path], flags }) as const);
  return runMany(jobs, terminal, { frame: flags.json ? listOf("replay") : { before: "", between: "\n", after: "" } });
}

export async function runReplay(path: string, flags: Flags, terminal: Terminal): Promise<number> {
  if (flags.focus !== "guest-memfd" && flags.focus !== "all")
    throw new UsageError(`--focus ${flags.focus}: guest-memfd or all`);
  if (flags.follow && flags.at !== undefined)
    throw new UsageError("--at is a moment of a recording that is over; with --follow there is the state at the end");
  const run = new Run(path, flags, terminal);
  if (flags.object !== undefined) return run.life(flags.object);
  if (flags.at !== undefined) return run.state(parseMoment(flags.at));
  return flags.json ? run.json() : run.text();
}

class Run {
  readonly #required: Required;
  readonly #progress: ProgressSink;
  readonly #follow: Follow | undefined;

  constructor(
    private readonly path: string,
    private readonly flags: Flags,
    private readonly terminal: Terminal,
  ) {
    this.#required = requiredOf(flags.require);
    this.#progress = progressOf(terminal, !flags.json && !flags.follow);
    this.#follow = flags.follow && new Follow(path, terminal, !flags.json && flags.object === undefined);
  }

  async json(): Promise<number> {
    const result = await this.#replay({});
    this.#document(replayJson(result));
    return this.#code(result);
  }

  async text(): Promise<number> {
    if (flagsWantTree(this.flags) || this.#follow || !isReadAgain(this.path)) return this.#steps();
    // Following every step costs more than all the rest, and most recordings have nothing to show for it.
    const result = await this.#replay({}, false);
    if (result.findings.length + result.hazards.length > 0) return this.#steps();
    this.#warn(result);
    for (const line of summaryLines(result, this.terminal.style)) this.terminal.out.line(line);
    return this.#code(result);
  }

  async #steps(): Promise<number> {
    const { out, style, width } = this.terminal;
    const spool = new Spool(out, () => {
      if (this.terminal.shared) this.#progress.clear();
      out.line(`${this.path}: a long recording: the summary follows the calls`);
      out.line("");
    });
    let evidence: Evidence | undefined;
    const result = await this.#replay({
      observe: (world, recording) => {
        const chronicle = new Chronicle(world);
        evidence = new Evidence(chronicle, world, recording);
        const trees = flagsWantTree(this.flags)
          ? treeObservers(world, chronicle, this.terminal.style, (line) => spool.line(line))
          : [];
        return all(chronicle, ...trees, evidence);
      },
      onFinding: (finding) => evidence?.found(finding),
    });
    if (spool.isOpen || this.#follow?.found) out.line("");
    for (const line of summaryLines(result, style)) out.line(line);
    if (!spool.isOpen && !spool.isEmpty) out.line("");
    spool.release();
    const shown = findingsLines(result.findings, result.hazards, {
      path: this.path,
      style,
      width,
      steps: (finding) => evidence!.steps(finding),
    });
    if (shown.length > 0) out.line("");
    for (const line of shown) out.line(line);
    return this.#code(result);
  }

  async state(at: Moment): Promise<number> {
    const { out, style } = this.terminal;
    const everything = this.flags.focus === "all";
    const { event, world, findings, time, line } = await this.#reached(at, everything);
    if ("event" in at && event < at.event)
      throw new TroubleError(`--at ${at.event}: the recording has ${event} events`, this.path);
    if ("time" in at && event === 0)
      throw new TroubleError(`--at ${this.flags.at!}: the recording begins later`, this.path);
    const state = stateOf(world, everything);
    if (this.flags.json) this.#document(stateJson(state, { path: this.path, event, time }));
    else {
      const where = [time, line].filter((part) => part !== "").join(", ");
      out.line(style.bold(`${this.path} after event ${event}${where && ` (${where})`}`));
      out.line("");
      for (const text of stateLines(state, style)) out.line(text);
    }
    return findings > 0 ? 1 : 0;
  }

  async #reached(at: Moment, everything: boolean): Promise<Reached> {
    if (this.flags.from !== undefined || !LogFile.isAt(this.path))
      return replayedTo(at, (options) => this.#replay(options));
    const reached = soughtIn(this.path, at, everything);
    this.#warnOf(reached.report);
    return reached;
  }

  async life(text: string): Promise<number> {
    if (this.flags.json) throw new UsageError("--object prints text; for JSON give --at, or neither");
    const { out, style } = this.terminal;
    let life: LifePrinter | undefined;
    let chronicle: Chronicle | undefined;
    const result = await this.#replay({
      ...(this.flags.at === undefined ? {} : { at: parseMoment(this.flags.at) }),
      observe: (world) => {
        const printer = new LifePrinter(parseSpec(text), world, { style, print: (line) => out.line(line) });
        life = printer;
        return (chronicle = new Chronicle(world, (row) => printer.row(row)));
      },
    });
    life!.end((id) => chronicle!.labelOf(id));
    return this.#code(result);
  }

  async #replay(options: ReplayOptions, warn = true): Promise<Replay> {
    const { flags } = this;
    const progress: ReplayOptions = { ...options, onProgress: (events, bytes) => this.#progress.update(events, bytes) };
    const result = await replay(this.path, {
      ...(this.#follow?.options(options) ?? progress),
      ...(flags.from === undefined ? {} : { format: flags.from }),
      everything: flags.focus === "all",
    }).finally(() => this.#progress.clear());
    if (warn) this.#warn(result);
    return result;
  }

  #code(result: Replay): number {
    const lines = unjudgedLines(this.path, result.judgements, this.#required);
    for (const line of lines) this.terminal.err.line(line);
    this.terminal.err.flush();
    return result.findings.length + lines.length > 0 ? 1 : 0;
  }

  #warn(result: Replay): void {
    this.#warnOf(result.recording.report);
  }

  #warnOf(report: ReadReport): void {
    for (const line of warningLines(this.path, report)) if (!this.#follow?.hasSaid(line)) this.terminal.err.line(line);
    this.terminal.err.flush();
    checkRead(this.path, report);
  }

  #document(document: Parameters<typeof jsonText>[0]): void {
    for (const piece of jsonText(document)) this.terminal.out.write(piece);
  }
}

const flagsWantTree = (flags: Flags): boolean => flags.tree && !flags.summary && !flags.follow;
