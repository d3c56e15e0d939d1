/**
 * The course of a recording: who did what, in order, without where and when. One sequence of outermost operations an actor
 * (a thread of the workload), apart from what no actor did: RCU callbacks, which belong to the objects that they free.
 */
import { points } from "../../events/index.js";
import type { Finding } from "../check/finding.js";
import { CallTrees, type CallNode } from "../reduce/call-tree.js";
import type { File, ObjectId } from "../reduce/objects.js";
import type { TaskId } from "../log/batch.js";
import { openRecording, type OpenOptions } from "../read/recording.js";
import type { Recorded } from "../read/report.js";
import { type Replay, replayRecording } from "../replay.js";
import { type Marker, markerOf } from "./markers.js";
import { PackedTrees } from "./packed-trees.js";

/** What a file of guest_memfd held when its creation returned. */
export interface FileMade {
  readonly file: number;
  /** `module by try_module_get`, in a fixed order. */
  readonly holds: readonly string[];
  /** The file system of its inode, where guest_memfd mounted it; else empty. */
  readonly fsName: string;
}

/** An operation that user space or an RCU callback is the beginning of; its calls are packed. */
export interface Root {
  readonly operation: string;
  readonly seq: number;
  readonly task: TaskId;
  /** Its return, when that is probed and was seen; else 0. */
  readonly returned: number;
  /** Where `Course.trees` has it; -1: only the files that it touched are of interest. */
  readonly tree: number;
  /** The words of a marker; else the operation and the file or module that it is about. Two that agree in it are the same step. */
  readonly key: string;
  readonly marker: Pick<Marker, "phase" | "command"> | undefined;
  /** The files that it touched, by id, in order. */
  readonly files: readonly ObjectId[];
  /** Of a marker: the file system of the file that the operation it frames touched. */
  fsName: string;
}

export interface Actor {
  /** The task's name, with a number where several tasks share it. */
  readonly name: string;
  /** Without the number. */
  readonly comm: string;
  readonly roots: readonly Root[];
}

export interface Course {
  readonly replay: Replay;
  /** In the order in which they were started. */
  readonly actors: readonly Actor[];
  /** Operations that ran as RCU callbacks, by kind of object and operation: the first event of each. */
  readonly callbacks: ReadonlyMap<string, CallNode>;
  readonly trees: PackedTrees;
  /** By event of the return of `kvm_gmem_create`. */
  readonly made: ReadonlyMap<number, FileMade>;
  readonly findings: readonly Finding[];
  /** The module was loaded within the recording: what it mounted was seen. */
  readonly loads: boolean;
}

/** Done by whoever looks at a file, a mount or a module, workload or not: no part of what guest_memfd does. */
const PASSING = new Set(["fput", "dput", "mntput", "mntget", "iput", "ihold", "try_module_get", "module_put", "filp_close", "close_fd"]);
/** Told although they touch nothing that is followed. */
const MATTERS = new Set(["put_unused_fd", "fd_install", "misc_deregister"]);
/** Depends on what the slab allocator has at hand, not on the operation around it. */
const PER_SLAB = new Set(["kvm_gmem_init_inode_once"]);

export interface CourseOptions extends OpenOptions {
  /** Bytes of call trees that are kept in memory; the rest goes to a temporary file. */
  readonly memory?: number;
}

/** `Course.trees` is the caller's to close. */
export async function courseOf(log: string | Recorded, options: CourseOptions = {}): Promise<Course> {
  const recording = typeof log === "string" ? await openRecording(log, options) : log;
  const made = new Map<number, FileMade>();
  const roots = new Roots(recording.fileOf === undefined, new PackedTrees(options.memory));
  const replaying = replayRecording(recording, {
    observe: (world) => {
      const trees = new CallTrees(world, (tree) => roots.add(tree));
      // Files hold one of a few sets.
      const known = new Map<string, readonly string[]>();
      return {
        touched: (object, event, note) => {
          trees.touched(object, event, note);
          if (object.kind === "file" && event.point!.operation.name === "kvm_gmem_create") made.set(event.seq, heldBy(object));
        },
        entered: (...args) => trees.entered(...args),
        returned: () => trees.returned(),
        reduced: (...args) => trees.reduced(...args),
        closed: (frame, stack) => trees.closed(frame, stack),
        finish: () => trees.finish(),
      };
      function heldBy(file: File): FileMade {
        const holds = world.heldBy(file.id, [file.module, file.vm, file.dentry, file.mount]).map(({ target, reference }) => `${target.kind} by ${reference.by}`).sort();
        const key = holds.join();
        if (!known.has(key)) known.set(key, holds);
        const superblock = world.store.get(world.store.get(file.inode, "inode")?.superblock ?? 0, "superblock");
        return { file: file.id, holds: known.get(key)!, fsName: superblock?.module ? superblock.fsName : "" };
      }
    },
  });
  const result = await replaying.catch((error: unknown) => {
    roots.trees.close();
    throw error;
  });
  const { tasks } = result.recording.tables;
  return { replay: result, actors: actorsOf(roots.byThread(made, (task) => tasks.get(task).pid), (task) => tasks.get(task).comm), callbacks: roots.callbacks, trees: roots.trees, made, findings: result.findings, loads: result.world.sees("kvm_init") };
}

/** The outermost operations of a recording as they come: when each is over, not when it begins. */
class Roots {
  readonly callbacks = new Map<string, CallNode>();
  readonly #roots: Root[] = [];
  /** One string for each key, however often it occurs. */
  readonly #keys = new Map<string, string>();

  constructor(
    private readonly hasLines: boolean,
    readonly trees: PackedTrees,
  ) {}

  add(root: CallNode): void {
    if (root.rcu) {
      for (const { object } of root.touched) {
        const key = `${object.kind} ${root.operation}`;
        const first = this.callbacks.get(key);
        if (!first || root.seq < first.seq) this.callbacks.set(key, root);
      }
      return;
    }
    const files = root.touched.filter((t) => t.object.kind === "file").map((t) => t.object.id);
    const essence = essential(root, ofVmFile(root), this.hasLines);
    const kept = essence && !(PASSING.has(essence.operation) && essence.children.length === 0) ? essence : undefined;
    if (!kept && files.length === 0) return;
    const marker = markerOf(root);
    const about = root.touched.find((t) => t.object.kind === "file" || t.object.kind === "module")?.object.name ?? "";
    this.#roots.push({
      operation: root.operation,
      seq: root.seq,
      task: root.task,
      returned: root.returned,
      tree: kept ? this.trees.add(kept) : -1,
      key: this.#same(marker ? `${marker.phase} ${marker.command}` : `${root.operation} ${about}`),
      marker: marker && { phase: marker.phase, command: this.#same(marker.command) },
      files: files.length === 0 ? NONE : files,
      fsName: "",
    });
  }

  /** Each thread's, in the order of the recording. `made`: by event, the files that were made. */
  byThread(made: ReadonlyMap<number, FileMade>, pidOf: (task: TaskId) => number): Map<number, Root[]> {
    const fsOfFile = new Map([...made.values()].map((m) => [m.file, m.fsName]));
    const touching = new Map<TaskId, string>();
    const rootsOf = new Map<number, Root[]>();
    for (const root of this.#roots.sort((a, b) => a.seq - b.seq)) {
      for (const file of root.files) {
        const fs = fsOfFile.get(file);
        if (fs !== undefined) touching.set(root.task, fs);
      }
      if (root.operation === "tracing_mark_write") {
        root.fsName = touching.get(root.task) ?? "";
        touching.delete(root.task);
      }
      if (root.tree < 0) continue;
      const pid = pidOf(root.task);
      const mine = rootsOf.get(pid);
      if (mine) mine.push(root);
      else rootsOf.set(pid, [root]);
    }
    return rootsOf;
  }

  #same(text: string): string {
    const known = this.#keys.get(text);
    if (known === undefined) this.#keys.set(text, text);
    return known ?? text;
  }
}

const NONE: readonly ObjectId[] = [];

/** A thread is its pid, whatever it calls itself meanwhile; runs agree on names and on who was started first, not on pids. */
function actorsOf(rootsOf: ReadonlyMap<number, readonly Root[]>, commOf: (task: number) => string): Actor[] {
  const counts = new Map<string, number>();
  return [...rootsOf]
    .sort(([p], [q]) => p - q)
    .map(([, roots]) => {
      const comm = commOf(roots.at(-1)!.task);
      const count = (counts.get(comm) ?? 0) + 1;
      counts.set(comm, count);
      return { name: count === 1 ? comm : `${comm} (${count})`, comm, roots };
    });
}

function ofVmFile(root: CallNode): boolean {
  return root.operation === "__fput" && root.touched.some((t) => t.object.kind === "file" && t.object.name === "kvm-vm");
}

/** A tree without what would differ between two runs of the same thing; of a recording in several files a line says nothing. */
function essential(node: CallNode, ofVm: boolean, hasLines: boolean): CallNode | undefined {
  if (PER_SLAB.has(node.operation)) return undefined;
  const children = node.children.map((child) => essential(child, ofVm, hasLines)).filter((child) => child !== undefined);
  // A VM's own file hangs on the anonymous inodes' mount and dentry, which guest_memfd may have in common with it.
  if (ofVm && children.length === 0 && PASSING.has(node.operation) && node.operation !== "module_put") return undefined;
  const { operation } = points.points[node.point]!;
  const matters = node.touched.length > 0 || children.length > 0 || operation.module !== undefined || operation.probe === "marker" || (operation.result !== undefined && operation.name !== "try_module_get") || MATTERS.has(operation.name);
  if (!matters) return undefined;
  return { ...node, line: hasLines ? node.line : 0, children };
}
