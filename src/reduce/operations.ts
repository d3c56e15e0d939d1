/**
 * Lists the entries from user space that touched guest_memfd: system calls and ioctls, as far as probes show them.
 */
import type { PointTable } from "../../events/points.js";
import type { EventView } from "../log/view.js";
import { toNumber } from "../log/view.js";
import type { Frame, Stack } from "./calls.js";
import type { KernelObject } from "./objects.js";
import { type ColdChunks, OperationList } from "./operation-list.js";
import type { Observer } from "./world.js";

export class Operations implements Observer {
  readonly list: OperationList;
  /** By the event of its entry: the number of a record that has no result yet. */
  readonly #open = new Map<number, number>();
  /** By stack: the file that a close(2) in progress closes, whose release is part of the same operation. */
  readonly #closing = new Map<Stack, number>();
  /** By point: 1 an entry from user space, 2 its return, 0 any other. */
  readonly points: Uint8Array;

  /** `cold` opens the store for the earlier part of a long list; without it all of the list stays in memory. */
  constructor(points: PointTable, cold?: () => ColdChunks) {
    this.list = new OperationList(
      points.points.map((p) => p?.operation.name ?? ""),
      cold,
    );
    this.points = Uint8Array.from(points.points, (p) => (p?.operation.entry ? (p.phase === "entry" ? 1 : 2) : 0));
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
    const { name, entry } = point.operation;
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
    for (const outer of entry!.partOf) if (stack.find(outer)) return;
    if (entry!.ifTouched) {
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
