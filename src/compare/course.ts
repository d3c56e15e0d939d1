/**
 * The course of a recording: who did what, in order, without where and when. One sequence of outermost operations an actor
 * (a thread of the workload), apart from what no actor did: RCU callbacks, which belong to the objects that they free.
 */
import { points } from "../../events/index.js";
import type { Finding } from "../check/finding.js";
import { CallTrees, type CallNode } from "../reduce/call-tree.js";
import type { File } from "../reduce/objects.js";
import { openRecording, type OpenOptions } from "../read/recording.js";
import type { Recorded } from "../read/report.js";
import { type Replay, replayRecording } from "../replay.js";

/** What a file of guest_memfd held when its creation returned. */
export interface FileMade {
  readonly file: number;
  /** `module by try_module_get`, in a fixed order. */
  readonly holds: readonly string[];
  /** The file system of its inode, where guest_memfd mounted it; else empty. */
  readonly fsName: string;
}

export interface Actor {
  /** The task's name, with a number where several tasks share it. */
  readonly name: string;
  /** Without the number. */
  readonly comm: string;
  readonly roots: readonly CallNode[];
}

export interface Course {
  readonly replay: Replay;
  /** In the order in which they were started. */
  readonly actors: readonly Actor[];
  /** Operations that ran as RCU callbacks, by kind of object and operation: the first event of each. */
  readonly callbacks: ReadonlyMap<string, CallNode>;
  /** By event of the return of `kvm_gmem_create`. */
  readonly made: ReadonlyMap<number, FileMade>;
  /** By event of a marker: the file system of the file that the operation it frames touched. */
  readonly fsOf: ReadonlyMap<number, string>;
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

export async function courseOf(log: string | Recorded, options: OpenOptions = {}): Promise<Course> {
  const roots: CallNode[] = [];
  const made = new Map<number, FileMade>();
  const recording = typeof log === "string" ? await openRecording(log, options) : log;
  const result = await replayRecording(recording, {
    observe: (world) => {
      const trees = new CallTrees(world, (tree) => roots.push(tree));
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
        const holds = world.heldBy(file.id, [file.module, file.vm, file.dentry, file.mount]).map(({ target, reference }) => `${target.kind} by ${reference.by}`);
        const superblock = world.store.get(world.store.get(file.inode, "inode")?.superblock ?? 0, "superblock");
        return { file: file.id, holds: holds.sort(), fsName: superblock?.module ? superblock.fsName : "" };
      }
    },
  });
  const rootsOf = new Map<number, CallNode[]>();
  const { tasks } = result.recording.tables;
  const callbacks = new Map<string, CallNode>();
  const fsOf = new Map<number, string>();
  const fsOfFile = new Map([...made.values()].map((m) => [m.file, m.fsName]));
  const touching = new Map<number, string>();
  roots.sort((a, b) => a.seq - b.seq);
  for (const root of roots) {
    if (root.rcu) {
      for (const { object } of root.touched) {
        const key = `${object.kind} ${root.operation}`;
        if (!callbacks.has(key)) callbacks.set(key, root);
      }
      continue;
    }
    for (const { object } of root.touched) {
      const fs = object.kind === "file" ? fsOfFile.get(object.id) : undefined;
      if (fs !== undefined) touching.set(root.task, fs);
    }
    if (root.operation === "tracing_mark_write") {
      fsOf.set(root.seq, touching.get(root.task) ?? "");
      touching.delete(root.task);
    }
    const kept = essential(root, ofVmFile(root), recording.fileOf === undefined);
    if (!kept || (PASSING.has(kept.operation) && kept.children.length === 0)) continue;
    const { pid } = tasks.get(root.task);
    const mine = rootsOf.get(pid);
    if (mine) mine.push(kept);
    else rootsOf.set(pid, [kept]);
  }
  return { replay: result, actors: actorsOf(rootsOf, (task) => tasks.get(task).comm), callbacks, made, fsOf, findings: result.findings, loads: result.world.sees("kvm_init") };
}

/** A thread is its pid, whatever it calls itself meanwhile; runs agree on names and on who was started first, not on pids. */
function actorsOf(rootsOf: ReadonlyMap<number, readonly CallNode[]>, commOf: (task: number) => string): Actor[] {
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
