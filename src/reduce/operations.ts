/** The entries from user space that touched guest_memfd, in order: system calls and ioctls as far as probes show them. */
import type { PointTable } from "../../events/points.js";
import type { TaskId } from "../log/batch.js";
import type { EventView } from "../log/view.js";
import { toNumber } from "../log/view.js";
import type { Frame, Stack } from "./calls.js";
import type { KernelObject } from "./objects.js";
import type { Observer } from "./world.js";

export interface OperationRecord {
  readonly name: string;
  readonly task: TaskId;
  /** The event of its entry. */
  readonly event: number;
  /** What it returned; absent where its return is not probed, or was not seen. */
  readonly result?: number;
}

/**
 * Entries, and around which other entry they are only a part: `kvm_gmem_bind` is one where the ioctl around it has no probe.
 * What is not probed at its entry (open, dup, munmap) is known by the first operation inside it.
 */
const ENTRIES: { readonly [operation: string]: readonly string[] } = {
  kvm_init: [],
  kvm_exit: [],
  kvm_arch_init_vm: [],
  kvm_gmem_create: [],
  kvm_set_memory_region: [],
  kvm_gmem_bind: ["kvm_set_memory_region"],
  kvm_gmem_prepare_memory_region: ["kvm_set_memory_region"],
  kvm_gmem_commit_memory_region: ["kvm_set_memory_region"],
  kvm_gmem_unbind: ["kvm_set_memory_region", "kvm_destroy_vm", "kvm_gmem_bind"],
  kvm_gmem_fallocate: [],
  kvm_gmem_mmap: [],
  kvm_gmem_fault_user_mapping: [],
  kvm_gmem_setattr: [],
  file_close_fd: [],
  fd_install: ["kvm_gmem_create", "kvm_arch_init_vm"],
  __fput: [],
};
/** Only when it touches what guest_memfd is made of: every process closes files. */
const ONLY_IF_TOUCHED = new Set(["file_close_fd", "fd_install", "__fput"]);

const NO_RESULT = Number.NaN;

/** Records in columns: a long recording has one for every few dozen events, and they are all that grows with it. */
export class OperationList implements Iterable<OperationRecord> {
  length = 0;
  #name = new Uint16Array(256);
  #task = new Uint32Array(256);
  #event = new Float64Array(256);
  #result = new Float64Array(256);

  constructor(private readonly names: readonly string[]) {}

  push(point: number, task: TaskId, event: number): number {
    const at = this.length++;
    if (at === this.#name.length) this.#grow();
    this.#name[at] = point;
    this.#task[at] = task;
    this.#event[at] = event;
    this.#result[at] = NO_RESULT;
    return at;
  }

  returned(at: number, result: number): void {
    this.#result[at] = result;
  }

  at(at: number): OperationRecord {
    const result = this.#result[at]!;
    return { name: this.names[this.#name[at]!]!, task: this.#task[at]!, event: this.#event[at]!, ...(Number.isNaN(result) ? {} : { result }) };
  }

  *[Symbol.iterator](): Generator<OperationRecord> {
    for (let at = 0; at < this.length; at++) yield this.at(at);
  }

  #grow(): void {
    const size = this.#name.length * 2;
    const name = new Uint16Array(size);
    const task = new Uint32Array(size);
    const event = new Float64Array(size);
    const result = new Float64Array(size);
    name.set(this.#name);
    task.set(this.#task);
    event.set(this.#event);
    result.set(this.#result);
    [this.#name, this.#task, this.#event, this.#result] = [name, task, event, result];
  }
}

export class Operations implements Observer {
  readonly list: OperationList;
  /** Where a record waits for its return, by the event of its entry. */
  readonly #open = new Map<number, number>();
  /** The file whose close is on its way, by stack: its release is the same operation. */
  readonly #closing = new Map<Stack, number>();
  /** By point: 1 an entry from user space, 2 its return, 0 any other. */
  readonly points: Uint8Array;

  constructor(points: PointTable) {
    this.list = new OperationList(points.points.map((p) => p?.operation.name ?? ""));
    this.points = Uint8Array.from(points.points, (p) => (p && ENTRIES[p.operation.name] ? (p.phase === "entry" ? 1 : 2) : 0));
  }

  touched(object: KernelObject, e: EventView): void {
    this.#touched = e.seq;
    this.#object = object.id;
  }
  /** The event that touched an object last, and the object. */
  #touched = 0;
  #object = 0;

  reduced(e: EventView, stack: Stack, frame: Frame | undefined): void {
    const point = e.point!;
    const role = this.points[point.id]!;
    if (role === 0) return;
    const { name } = point.operation;
    if (role === 2) {
      const at = frame && this.#open.get(frame.seq);
      if (at === undefined) return;
      this.#open.delete(frame!.seq);
      if (e.isFault(0)) return;
      const result = point.operation.result!;
      const low = e.batch.low[e.base]!;
      const value = result.type === "s32" ? low | 0 : toNumber(low, e.batch.high[e.base]!);
      this.list.returned(at, value);
      return;
    }
    for (const outer of ENTRIES[name]!) if (stack.find(outer)) return;
    if (ONLY_IF_TOUCHED.has(name)) {
      if (this.#touched !== e.seq) return;
      const closing = this.#closing.get(stack);
      if (name === "file_close_fd") this.#closing.set(stack, this.#object);
      else this.#closing.delete(stack);
      if (name === "__fput" && closing === this.#object) return;
    }
    const at = this.list.push(point.id, e.taskId, e.seq);
    if (frame && point.operation.result) this.#open.set(frame.seq, at);
  }
}
