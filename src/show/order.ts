/**
 * Sorts call trees by their first events. A tree is complete when its outermost call returns, so a short call of one
 * task is complete before a long one of another that began earlier: it waits until nothing older is open, or until too
 * many calls wait.
 */
import type { EventView } from "../log/view.js";
import type { CallNode } from "../reduce/call-tree.js";
import type { Frame, Stack } from "../reduce/calls.js";
import type { Observer } from "../reduce/world.js";
import { nestWithin } from "./nesting.js";

/** Most calls that may wait, in all trees together: more than a screen could show, but a small part of memory. */
const MAX_WAITING = 20_000;

export class InOrder implements Observer {
  /** Outermost calls in progress, by stack: the events of their entries. */
  readonly #open = new Map<Stack, number>();
  /** The earliest of them. */
  #oldest = Infinity;
  #waiting: CallNode[] = [];
  /** The first event of the waiting trees. */
  #first = Infinity;
  #size = 0;
  #touched = false;

  constructor(private readonly onTree: (tree: CallNode) => void) {}

  /** Takes a complete tree. */
  take(tree: CallNode): void {
    this.#waiting.push(tree);
    this.#first = Math.min(this.#first, tree.seq);
    this.#size += sizeOf(tree);
  }

  touched(): void {
    this.#touched = true;
  }

  entered(): void {
    this.#touched = false;
  }

  /** Runs after the trees have seen the event. */
  reduced(e: EventView, stack: Stack, frame: Frame | undefined): void {
    const { phase, operation } = e.point!;
    // A call without a return may never end, and matters only if it touched something.
    if (
      frame &&
      phase === "entry" &&
      stack.depth === 1 &&
      operation.context !== "rcu" &&
      (frame.paired || this.#touched)
    )
      this.#opened(stack, e.seq);
    if (stack.depth === 0) this.#closed(stack);
    if (this.#first < this.#oldest || this.#size > MAX_WAITING) this.#release();
  }

  closed(_frame: Frame, stack: Stack): void {
    if (stack.depth === 0) this.#closed(stack);
  }

  finish(): void {
    this.#open.clear();
    this.#oldest = Infinity;
    if (this.#waiting.length > 0) this.#release();
  }

  #opened(stack: Stack, seq: number): void {
    if (this.#open.has(stack)) this.#closed(stack);
    this.#open.set(stack, seq);
    this.#oldest = Math.min(this.#oldest, seq);
  }

  #closed(stack: Stack): void {
    const seq = this.#open.get(stack);
    if (seq === undefined) return;
    this.#open.delete(stack);
    if (seq === this.#oldest) this.#oldest = [...this.#open.values()].reduce((a, b) => Math.min(a, b), Infinity);
  }

  #release(): void {
    this.#waiting.sort((a, b) => a.seq - b.seq);
    // Open calls that keep so many waiting are taken for tasks that ended; nothing waits for them again.
    if (this.#size > MAX_WAITING) {
      this.#open.clear();
      this.#oldest = Infinity;
    }
    const oldest = this.#oldest;
    const n = this.#waiting.findIndex((tree) => tree.seq > oldest);
    const ready = this.#waiting.splice(0, n < 0 ? this.#waiting.length : n);
    this.#first = this.#waiting[0]?.seq ?? Infinity;
    for (const tree of ready) this.#size -= sizeOf(tree);
    for (const tree of nestWithin(ready)) this.onTree(tree);
  }
}

function sizeOf(tree: CallNode): number {
  return tree.children.reduce((sum, child) => sum + sizeOf(child), 1);
}
