/**
 * The evidence of a recording for or against a kernel: the events of each thread in order, and which of them the kernel
 * must account for.
 *
 * A thread does much besides guest_memfd. An event *must* be explained if it touches an object of guest_memfd, or
 * belongs to KVM; the rest *may* be: a count dropped by debugfs is not, one dropped on a dentry that no probe
 * introduced is, and only the kernel under trial can tell.
 */
import type { OperationDefinition } from "../../events/definition.js";
import { operationsWith, points } from "../../events/index.js";
import type { AddressId, Batch, Loss } from "../log/batch.js";
import type { Tables } from "../log/tables.js";
import { checkRecorded } from "../read/nothing-read.js";
import type { Recorded } from "../read/report.js";
import { type Head, headOf } from "../read/head.js";
import { replayRecording, type TraceSummary } from "../replay/replay.js";

/** The position of an event. */
export interface EvidenceEvent {
  readonly batch: Batch;
  readonly index: number;
}

/** The events of one thread. RCU callbacks are kept apart. */
export interface Stream {
  readonly pid: number;
  /** The last name of the thread, and the first, which is that of its parent. */
  comm: string;
  readonly began: string;
  readonly events: EvidenceEvent[];
  /** By event: true if it must be explained. */
  readonly must: boolean[];
  musts: number;
}

export interface Evidence {
  readonly tables: Tables;
  /** For a recording of several files, the one with a CPU's lines. */
  readonly fileOf: (cpu: number) => string | undefined;
  /** Sorted by the first event that must be explained. */
  readonly streams: readonly Stream[];
  /** Callbacks on tracked objects, with the address of the object, not of its RCU head. */
  readonly callbacks: readonly { readonly event: EvidenceEvent; readonly address: number }[];
  readonly losses: readonly Loss[];
  /** Modules whose count the recorder itself changed: setting a probe holds the module for a while. */
  readonly probedModules: ReadonlySet<number>;
  /** By point: whether the recording has such an event at all. */
  readonly seen: Uint8Array;
  /** True if the program marks its operations (`op: …`, `ret: … = …`). */
  readonly marked: boolean;
  readonly events: number;
  readonly head: Head;
  /** An address of a table of functions. */
  readonly functionAddress: AddressId | undefined;
  /** True if a function of KVM appears without the module that it would be in. */
  readonly builtIn: boolean;
}

/** Operations that say nothing of guest_memfd unless called from one of its own. */
const PASSING = operationsWith("passing");
const PER_SLAB = operationsWith("per slab");
/** `kvm_gmem_create+0x0/0x290`: a function without the name of a module. */
const BARE_SYMBOL = /^[A-Za-z_][\w.]*\+0x[\da-f]+\/0x[\da-f]+$/;
/** While the module is loading (MODULE_STATE_COMING), setting probes in it takes and drops references on it. */
const MODULE_STATE_COMING = 1;

export function sequenceOf({ batch, index }: EvidenceEvent): number {
  return batch.firstSeq + index;
}

export function operationOf({ batch, index }: EvidenceEvent): OperationDefinition {
  return points.points[batch.point[index]!]!.operation;
}

/** By point: the index of the argument that is the address of a table of functions; -1: none. */
const fopsOf: readonly number[] = points.points.map(
  (point) => point?.args.findIndex(({ name, type }) => name === "fops" && type === "ptr") ?? -1,
);

/** Reads a whole recording. */
export async function evidenceOf(
  recorded: Recorded,
): Promise<{ readonly evidence: Evidence; readonly trace: TraceSummary }> {
  const streams = new Map<number, Stream>();
  const callbacks: { event: EvidenceEvent; address: number }[] = [];
  const losses: Loss[] = [];
  const probedModules = new Set<number>();
  const seen = new Uint8Array(points.points.length);
  let marked = false;
  let events = 0;
  const { tables } = recorded;
  const batches = new Set<Batch>();
  let touched = 0;
  let object = 0;
  let functionAddress: AddressId | undefined;
  let builtIn = false;
  const { trace } = await replayRecording(recorded, {
    observe: () => ({
      touched(o, e) {
        touched = e.seq;
        object = o.address;
      },
      reduced(e, stack, frame) {
        const { batch, index } = e;
        const point = e.point!;
        const { operation } = point;
        events++;
        seen[point.id] = 1;
        const fops = fopsOf[point.id]!;
        if (functionAddress === undefined && fops >= 0 && batch.low[e.base + fops] !== 0 && !e.isFault(fops))
          functionAddress = batch.low[e.base + fops]!;
        if (!builtIn && operation.module !== undefined && point.phase === "entry")
          builtIn = BARE_SYMBOL.test(tables.places.text(batch.place[index]!));
        if (!batches.has(batch)) {
          batches.add(batch);
          for (const loss of batch.losses) losses.push({ ...loss, index: batch.firstSeq + loss.index });
        }
        const event: EvidenceEvent = { batch, index };
        if (operation.context === "rcu") {
          if (touched === e.seq && operation.name === "i_callback") callbacks.push({ event, address: object });
          return;
        }
        const task = tables.tasks.get(e.taskId);
        if (task.pid === 0) return;
        let stream = streams.get(task.pid);
        if (!stream)
          streams.set(
            task.pid,
            (stream = { pid: task.pid, comm: task.comm, began: task.comm, events: [], must: [], musts: 0 }),
          );
        stream.comm = task.comm;
        if (
          operation.name === "try_module_get" &&
          point.phase === "entry" &&
          batch.low[e.base + 3] === MODULE_STATE_COMING
        )
          probedModules.add(batch.low[e.base]!);
        const depth = point.phase === "entry" && frame ? stack.depth - 1 : stack.depth;
        const mark = operation.probe === "marker" && /^(?:op|ret): /.test(batch.strings[batch.low[e.base]!] ?? "");
        if (mark) marked = true;
        const must =
          mark ||
          ((touched === e.seq ||
            operation.module !== undefined ||
            (stack.find("kvm_gmem_create") !== undefined && batch.low[e.base] !== 0)) &&
            !PER_SLAB.has(operation.name) &&
            !(PASSING.has(operation.name) && depth === 0));
        stream.events.push(event);
        stream.must.push(must);
        if (must) stream.musts++;
      },
    }),
  });
  checkRecorded(recorded);
  const first = (stream: Stream): number => {
    const at = stream.must.indexOf(true);
    return at < 0 ? Infinity : sequenceOf(stream.events[at]!);
  };
  const sorted = [...streams.values()].sort((a, b) => first(a) - first(b));
  return {
    evidence: {
      tables,
      fileOf: (cpu) => recorded.fileOf?.(cpu),
      streams: sorted,
      callbacks,
      losses,
      probedModules,
      seen,
      marked,
      events,
      head: headOf(recorded.report.environment),
      functionAddress,
      builtIn,
    },
    trace,
  };
}
