/**
 * Replay: events in, state, ledger and verdicts out. This is the library's main verb; the command prints what it
 * returns.
 */
import { COUNTED_KINDS } from "../../events/kinds/index.js";
import { points } from "../../events/index.js";
import type { Disagreement, Judgement, Tally } from "../check/checker.js";
import { errnoName } from "../base/errno.js";
import type { Finding, RuleName } from "../check/finding.js";
import { coldChunks } from "./operation-chunks.js";
import type { Batch } from "../log/batch.js";
import type { Tables } from "../log/tables.js";
import { exactTime } from "../log/time.js";
import { openRecording, type OpenOptions } from "../read/recording.js";
import type { Recorded } from "../read/report.js";
import type { MissingHalf } from "../reduce/calls.js";
import type { KernelObject } from "../reduce/objects.js";
import type { OperationList } from "../reduce/operation-list.js";
import { Operations } from "../reduce/operations.js";
import type { Observer, World } from "../reduce/world.js";
import { all } from "./observers.js";
import { Replaying, type ReplayingOptions } from "./replaying.js";

/** Summary of reading a recording: counts of events and lines, and its length in seconds. */
export interface TraceSummary {
  readonly path: string;
  readonly format: string;
  /** Events read, those of unknown operations among them. */
  readonly events: number;
  /** Events that the recording itself says are missing. */
  readonly lost: number;
  /** Lines that are neither header nor event. */
  readonly skipped: number;
  readonly tasks: number;
  /** From the first event to the last; of a counter clock, 0. */
  readonly seconds: number;
  readonly unknown: number;
  readonly warnings: readonly string[];
}

/**
 * Counts of one kind of object: those born, those that died, and those that live at the end. An object that is older
 * than the recording lives and was not born.
 */
export interface ObjectCounts {
  readonly born: number;
  readonly died: number;
  readonly live: number;
}

/**
 * An entry from user space that touches guest_memfd (`kvm_gmem_create`): the catalogue's name, the task (`comm-pid`),
 * the number of its event, and what it returned, an error negative.
 */
export interface OperationSummary {
  readonly name: string;
  readonly task: string;
  readonly event: number;
  readonly result?: number;
  /** Name of the error, where `result` is one. */
  readonly error?: string;
}

/**
 * The result of a replay: state, ledger, verdicts. `findings` and `hazards` are in the order of their
 * events.
 */
export interface Replay {
  readonly trace: TraceSummary;
  readonly objects: Readonly<Record<string, ObjectCounts>>;
  /** Made when it is first asked for; `eachOperation` makes them one by one. */
  readonly operations: readonly OperationSummary[];
  eachOperation(): Iterable<OperationSummary>;
  readonly findings: readonly Finding[];
  readonly hazards: readonly Finding[];
  /** By rule: how often it found something wrong, found all well, or could not tell. */
  readonly rules: ReadonlyMap<RuleName, Tally>;
  /** The verdict of each rule over the whole recording, and what it would have needed to see. */
  readonly judgements: readonly Judgement[];
  readonly counts: {
    readonly explained: ReadonlyMap<string, number>;
    readonly unexplained: number;
    readonly shown: readonly Disagreement[];
  };
  readonly missing: { readonly total: number; readonly shown: readonly MissingHalf[] };
  /** With `everything`: objects that are not guest_memfd's, and on how many of them a rule had something to say. */
  readonly strangers: { readonly objects: number; readonly judged: number } | undefined;
  /** The state at the end, or at the moment that was asked for. */
  readonly world: World;
  readonly recording: Recorded;
}

/** A moment: the state after an event, or after the last event not later than a time. */
export type Moment = { readonly event: number } | { readonly time: bigint };

/** Options of reading and replaying, and the moment to stop at. All are optional. */
export interface ReplayOptions extends OpenOptions, ReplayingOptions {
  /** Stop after this moment; what is returned is the state then. */
  readonly at?: Moment;
  /** A replay of the same recording that came so far: its events are passed over where they come again. */
  readonly from?: Replaying;
  /** Receives what happens while it happens. */
  readonly observe?: (world: World, recording: Recorded) => Observer;
  /** Called after every batch. */
  readonly onProgress?: (events: number, bytes: number) => void;
}

/**
 * Replays a recording: events in, state, ledger and verdicts out.
 *
 * @param path A file of any format that kreel reads, a directory with a file for each CPU, or `-` for standard input.
 * @throws {TroubleError} If it is no recording, or cannot be read: with file and line.
 * @throws {LogError} If it is a log of a later format.
 */
export async function replay(path: string, options: ReplayOptions = {}): Promise<Replay> {
  const recording = await openRecording(path, options);
  return replayRecording(recording, options);
}

/**
 * Replays a recording that is open already, and closes it. The same as `replay` otherwise.
 *
 * @throws {TroubleError} If a line cannot be read past, or the disk fails.
 */
export async function replayRecording(recording: Recorded, options: ReplayOptions = {}): Promise<Replay> {
  const { tables, report } = recording;
  const replaying = options.from ?? new Replaying(recording, options);
  const { reducer, checker, world } = replaying;
  const operations = new Operations(points, coldChunks);
  const extra = options.observe?.(world, recording);
  world.observer = extra ? all(operations, extra) : operations;
  try {
    for await (const batch of recording.batches()) {
      const to = end(batch, options.at);
      replaying.reduce(batch, to);
      options.onProgress?.(reducer.events, report.bytes);
      if (to < batch.length) break;
    }
  } finally {
    await recording.close();
  }
  if (!options.at) replaying.finish();
  extra?.finish?.();
  const { lost, skipped, unknown, warnings } = report;
  let summaries: readonly OperationSummary[] | undefined;
  const byEvent = (a: Finding, b: Finding): number => a.event - b.event;
  return {
    trace: {
      path: recording.origin.path,
      format: recording.origin.format,
      events: options.at ? reducer.events : report.events,
      lost,
      skipped,
      tasks: tables.tasks.size,
      seconds: report.clock?.kind === "counter" ? 0 : replaying.seconds,
      unknown,
      warnings,
    },
    objects: countObjects(world, world.everything),
    get operations() {
      return (summaries ??= [...summariesOf(operations.list, tables)]);
    },
    eachOperation: () => summariesOf(operations.list, tables),
    findings: checker.findings.sort(byEvent),
    hazards: checker.hazards.sort(byEvent),
    rules: checker.tallies(),
    judgements: checker.judgements(),
    counts: { explained: checker.explained, unexplained: checker.unexplained, shown: checker.disagreements },
    missing: { total: world.missingHalves, shown: world.missing },
    strangers: world.strangers?.counts,
    world,
    recording,
  };
}

function* summariesOf(list: OperationList, tables: Tables): Generator<OperationSummary> {
  for (const { name, task, event, result } of list) {
    yield {
      name,
      task: tables.tasks.get(task).name,
      event,
      ...(result === undefined ? {} : { result }),
      ...(result !== undefined && result < 0 ? { error: errnoName(result) } : {}),
    };
  }
}

/** Returns the number of events of a batch up to a moment. */
function end(batch: Batch, at: Moment | undefined): number {
  if (!at) return batch.length;
  if ("event" in at) return Math.max(0, Math.min(batch.length, at.event - batch.firstSeq + 1));
  let n = 0;
  while (n < batch.length && exactTime(batch.timeHigh[n]!, batch.timeLow[n]!) <= at.time) n++;
  return n;
}

export function countObjects(world: World, everything: boolean): Record<string, ObjectCounts> {
  const lifetimes = everything ? world.lifetimes.all : world.lifetimes.focus;
  const live = new Map<string, number>();
  const counted = (o: KernelObject): boolean => everything || (o.focus && (o.kind !== "file" || o.gmem));
  for (const o of world.store.live()) if (counted(o)) live.set(o.kind, (live.get(o.kind) ?? 0) + 1);
  const counts: Record<string, ObjectCounts> = {};
  for (const kind of COUNTED_KINDS) {
    const { born, died } = lifetimes.get(kind) ?? { born: 0, died: 0 };
    counts[kind] = { born, died, live: live.get(kind) ?? 0 };
  }
  return counts;
}
