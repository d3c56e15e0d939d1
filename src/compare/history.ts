/**
 * The history of a recording: who did what, in order, without addresses and times. Each actor (a thread of the
 * workload) has one sequence of outermost operations; RCU callbacks have no actor and belong to the objects that they
 * free.
 */
import { operationsWith, points } from "../../events/index.js";
import type { Finding } from "../check/finding.js";
import { CallTrees, type CallNode } from "../reduce/call-tree.js";
import type { File, Kind } from "../reduce/objects.js";
import { checkRecorded } from "../read/nothing-read.js";
import { openRecording, type OpenOptions } from "../read/recording.js";
import type { Recorded } from "../read/report.js";
import { showing } from "../read/showing.js";
import { type Replay, replayRecording } from "../replay/replay.js";
import { siteOf } from "./calls.js";
import { FilesMade } from "./created-files.js";
import { Makers } from "./first-operations.js";
import { markerOf } from "./markers.js";
import { PackedTrees } from "./packed-trees.js";
import { Pages } from "./paged.js";
import { type Actor, OutermostOperations } from "./outermost-operations.js";
import { type Surface, SurfaceKeeper } from "./surface.js";
import type { Site } from "./types.js";

export interface History {
  readonly replay: Replay;
  /** In the order in which they were started. */
  readonly actors: readonly Actor[];
  /** The first event of each operation that ran as an RCU callback, by kind of object and operation. */
  readonly callbacks: ReadonlyMap<string, CallNode>;
  /** By kind, the call that showed the first object born within the recording. */
  readonly firsts: ReadonlyMap<Kind, CallNode>;
  readonly trees: PackedTrees;
  readonly outermostOperations: OutermostOperations;
  readonly made: FilesMade;
  readonly findings: readonly Finding[];
  readonly makers: Makers;
  readonly surface: Surface;
  /** By operation: the number of its compared calls and the first of them. */
  readonly occurrences: ReadonlyMap<string, Occurrences>;
  /** True if the module was loaded within the recording, so that its mounts were seen. */
  readonly loads: boolean;
  /** See `HistoryOptions`. */
  readonly memory: number | undefined;
  /** Frees the temporary files; the history cannot be compared after this. */
  close(): void;
}

export interface Occurrences {
  times: number;
  first: Site;
}

const PASSING = operationsWith("passing");
const MATTERS = operationsWith("told untouched");
const PER_SLAB = operationsWith("per slab");

export interface HistoryOptions extends OpenOptions {
  /**
   * Bytes of call trees and of columns of outermost operations that stay in memory; the rest goes to temporary files.
   */
  readonly memory?: number;
  /** Kinds of object whose ends do not show: a passing operation on one may concern a later one at the same address. */
  readonly unended?: ReadonlySet<Kind>;
}

/** Reads a history; the caller closes it. */
export async function historyOf(log: string | Recorded, options: HistoryOptions = {}): Promise<History> {
  const recording = typeof log === "string" ? await openRecording(log, options) : log;
  const { tasks } = recording.tables;
  const pages = new Pages(options.memory);
  const made = new FilesMade(pages);
  const trees = new PackedTrees(options.memory);
  const outermostOperations = new OutermostOperations(pages, (task) => tasks.get(task).pid);
  const keeper = new SurfaceKeeper();
  const makers = new Makers(pages);
  const collecting = new Collecting(
    recording.fileOf === undefined,
    trees,
    outermostOperations,
    makers,
    options.unended ?? new Set(),
  );
  const close = (): void => {
    pages.close();
    trees.close();
  };
  const replaying = replayRecording(
    showing(recording, (batch) => keeper.add(batch)),
    {
      observe: (world) => {
        const calls = new CallTrees(world, (tree) => collecting.add(tree));
        return {
          touched: (object, event, note) => {
            calls.touched(object, event, note);
            if (object.kind === "file" && event.point!.operation.name === "kvm_gmem_create")
              noteHeld(object, event.seq);
          },
          entered: (...args) => calls.entered(...args),
          returned: () => calls.returned(),
          reduced: (...args) => calls.reduced(...args),
          closed: (frame, stack) => calls.closed(frame, stack),
          finish: () => calls.finish(),
        };
        function noteHeld(file: File, event: number): void {
          const holds = world
            .heldBy(file.id, [file.module, file.vm, file.dentry, file.mount])
            .map(({ target, reference }) => `${target.kind} by ${reference.by}`)
            .sort();
          const superblock = world.store.get(world.store.get(file.inode, "inode")?.superblock ?? 0, "superblock");
          made.add(event, file.id, holds, superblock?.module ? superblock.fsName : "");
        }
      },
    },
  );
  const result = await replaying
    .then((replay) => {
      checkRecorded(recording);
      return replay;
    })
    .catch((error: unknown) => {
      close();
      throw error;
    });
  const actors = outermostOperations.actors(made, (task) => tasks.get(task).comm);
  return {
    replay: result,
    actors,
    callbacks: collecting.callbacks,
    firsts: collecting.firsts,
    trees,
    outermostOperations,
    made,
    findings: result.findings,
    makers,
    surface: keeper.surface,
    occurrences: collecting.occurrences,
    loads: result.world.sees("kvm_init"),
    memory: options.memory,
    close,
  };
}

/** Collects the outermost operations as they end. */
class Collecting {
  readonly callbacks = new Map<string, CallNode>();
  readonly firsts = new Map<Kind, CallNode>();
  readonly occurrences = new Map<string, Occurrences>();

  constructor(
    private readonly hasLines: boolean,
    private readonly trees: PackedTrees,
    private readonly outermostOperations: OutermostOperations,
    private readonly makers: Makers,
    private readonly unended: ReadonlySet<Kind>,
  ) {}

  add(call: CallNode): void {
    this.#meet(call);
    if (call.rcu) {
      if (call.touched.length > 0) this.#count(call);
      for (const { object } of call.touched) {
        const key = `${object.kind} ${call.operation}`;
        const first = this.callbacks.get(key);
        if (!first || call.seq < first.seq) this.callbacks.set(key, call);
      }
      return;
    }
    const files = call.touched.filter((t) => t.object.kind === "file").map((t) => t.object.id);
    const essence = essential(call, ofVmFile(call), this.hasLines, this.unended);
    const kept = essence && !(PASSING.has(essence.operation) && essence.children.length === 0) ? essence : undefined;
    if (!kept && files.length === 0) return;
    if (kept) this.#count(kept);
    const marker = markerOf(call);
    const about = call.touched.find((t) => t.object.kind === "file" || t.object.kind === "module")?.object.name ?? "";
    const { operation, seq, task, returned } = call;
    this.outermostOperations.add({
      operation,
      seq,
      task,
      returned,
      tree: kept ? this.trees.add(kept) : -1,
      key: marker ? `${marker.phase} ${marker.command}` : `${operation} ${about}`,
      marker,
      files,
    });
  }

  #count(node: CallNode): void {
    const known = this.occurrences.get(node.operation);
    if (known) {
      known.times++;
      if (node.seq < known.first.event) known.first = siteOf(node)!;
    } else this.occurrences.set(node.operation, { times: 1, first: siteOf(node)! });
    for (const child of node.children) this.#count(child);
  }

  #meet(node: CallNode): void {
    for (const { object } of node.touched) {
      if (object.older) continue;
      this.makers.touched(object.id, node);
      const first = this.firsts.get(object.kind);
      if (!first || node.seq < first.seq) this.firsts.set(object.kind, node);
    }
    for (const child of node.children) this.#meet(child);
  }
}

/** True for the release of a VM's own file, or the part of it that is shown. */
function ofVmFile(call: CallNode): boolean {
  if (call.operation === "kvm_vm_release") return true;
  return (
    call.operation === "__fput" && call.touched.some((t) => t.object.kind === "file" && t.object.name === "kvm-vm")
  );
}

/**
 * Removes from a tree whatever differs between two runs of the same thing. In a recording of several files, a line
 * number says nothing.
 */
function essential(node: CallNode, ofVm: boolean, hasLines: boolean, unended: ReadonlySet<Kind>): CallNode | undefined {
  if (PER_SLAB.has(node.operation)) return undefined;
  const children = node.children
    .map((child) => essential(child, ofVm, hasLines, unended))
    .filter((child) => child !== undefined);
  // A VM's own file hangs on the anonymous inodes' mount and dentry, which guest_memfd may share.
  if (ofVm && children.length === 0 && PASSING.has(node.operation) && node.operation !== "module_put") return undefined;
  if (
    children.length === 0 &&
    PASSING.has(node.operation) &&
    node.touched.length > 0 &&
    node.touched.every(({ object }) => unended.has(object.kind))
  )
    return undefined;
  const { operation } = points.points[node.point]!;
  const matters =
    node.touched.length > 0 ||
    children.length > 0 ||
    operation.module !== undefined ||
    operation.probe === "marker" ||
    (operation.result !== undefined && operation.name !== "try_module_get") ||
    MATTERS.has(operation.name);
  if (!matters) return undefined;
  return { ...node, line: hasLines ? node.line : 0, children };
}
