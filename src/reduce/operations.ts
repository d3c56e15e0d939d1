/** The entries from user space that touched guest_memfd, in order: system calls and ioctls as far as probes show them. */
import type { PointTable } from "../../events/points.js";
import type { EventView } from "../log/view.js";
import { toNumber } from "../log/view.js";
import type { Frame, Stack } from "./calls.js";
import type { KernelObject } from "./objects.js";
import { type ColdChunks, OperationList } from "./operation-list.js";
import type { Observer } from "./world.js";

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

export class Operations implements Observer {
  readonly list: OperationList;
  /** Where a record waits for its return, by the event of its entry. */
  readonly #open = new Map<number, number>();
  /** The file whose close is on its way, by stack: its release is the same operation. */
  readonly #closing = new Map<Stack, number>();
  /** By point: 1 an entry from user space, 2 its return, 0 any other. */
  readonly points: Uint8Array;

  /** `cold`: where a long list is put, else it stays in memory. */
  constructor(points: PointTable, cold?: () => ColdChunks) {
    this.list = new OperationList(points.points.map((p) => p?.operation.name ?? ""), cold);
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
