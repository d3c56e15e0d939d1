/**
 * Call trees in the order of their first events. A tree is complete when its outermost call returns, so a short call of one
 * task is complete before a long one of another that began earlier: it waits until nothing older is open, or until too much
 * is waiting.
 */
import type { EventView } from "../log/view.js";
import type { CallNode } from "../reduce/call-tree.js";
import type { Frame, Stack } from "../reduce/calls.js";
import type { Observer } from "../reduce/world.js";
import { nestWithin } from "./nesting.js";

/** Calls that may wait, in all trees together: what a screen could not show anyway, and a small part of memory. */
const MAX_WAITING = 20_000;

export class InOrder implements Observer {
  /** Outermost calls in progress, by stack: the events of their entries. */
  readonly #open = new Map<Stack, number>();
  #waiting: CallNode[] = [];
  #size = 0;

  constructor(private readonly onTree: (tree: CallNode) => void) {}

  /** Takes a complete tree. */
  take(tree: CallNode): void {
    this.#waiting.push(tree);
    this.#size += sizeOf(tree);
  }

  entered(e: EventView, stack: Stack, frame: Frame | undefined): void {
    if (frame && stack.depth === 1 && e.point!.operation.context !== "rcu") this.#open.set(stack, e.seq);
  }

  /** Runs after the trees have seen the event. */
  reduced(_e: EventView, stack: Stack): void {
    if (stack.depth === 0) this.#open.delete(stack);
    if (this.#waiting.length > 0) this.#release();
  }

  closed(_frame: Frame, stack: Stack): void {
    if (stack.depth === 0) this.#open.delete(stack);
  }

  finish(): void {
    this.#open.clear();
    this.#release();
  }

  #release(): void {
    const oldest = this.#size > MAX_WAITING ? Infinity : Math.min(Infinity, ...this.#open.values());
    if (this.#waiting.length > 1) this.#waiting.sort((a, b) => a.seq - b.seq);
    let n = 0;
    while (n < this.#waiting.length && this.#waiting[n]!.seq < oldest) n++;
    if (n === 0) return;
    const ready = this.#waiting.splice(0, n);
    this.#size = this.#waiting.reduce((sum, tree) => sum + sizeOf(tree), 0);
    for (const tree of nestWithin(ready)) this.onTree(tree);
  }
}

function sizeOf(tree: CallNode): number {
  return tree.children.reduce((sum, child) => sum + sizeOf(child), 1);
}
