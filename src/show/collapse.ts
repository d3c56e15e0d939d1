/** Collapses runs of equal calls: sixteen pages are added to a file in sixteen calls that differ only in addresses. */
import type { CallNode } from "../reduce/call-tree.js";
import { call } from "../describe/call-text.js";

/** A sequence of calls, and how often it happened in a row. */
export interface Run {
  /** The calls of the first repetition. */
  readonly nodes: readonly CallNode[];
  readonly times: number;
  /** The last call of the last repetition. */
  readonly last: CallNode;
}

/** Longest sequence that is searched for. */
const MAX_PERIOD = 6;
/** Lines that a run must save to be worth collapsing. */
const WORTH = 2;

/** Returns a key that two calls must share to be collapsed. */
export type Sameness = (node: CallNode) => string;

/** Same shape: the operation, its success, and the shapes of its callees. */
export const shape: Sameness = (node) =>
  `${node.operation}${node.rcu ? "@" : ""}${call.failed(node) ? `!${node.result!.text}` : ""}(${node.children.map(shape).join()})`;

/**
 * Same shape, by the same task, on the same objects: sixteen faults on one mapping, but never two lives at one address.
 */
export const sameObjects: Sameness = (node) => `${node.task}:${shape(node)}:${objects(node)}`;

function objects(node: CallNode): string {
  const own = [...node.args, ...(node.result ? [node.result] : [])].map((value) => value.object?.id ?? "");
  return `${own.join()}:${node.touched.map((t) => t.object.id + t.note).join()}(${node.children.map(objects).join()})`;
}

export function runs(nodes: readonly CallNode[], sameness: Sameness): Run[] {
  const keys = nodes.map(sameness);
  const found: Run[] = [];
  for (let i = 0; i < nodes.length; ) {
    const { period, times } = best(keys, i);
    found.push({ nodes: nodes.slice(i, i + period), times, last: nodes[i + period * times - 1]! });
    i += period * times;
  }
  return found;
}

function best(keys: readonly string[], from: number): { period: number; times: number } {
  let chosen = { period: 1, times: 1 };
  let saved = WORTH - 1;
  for (let period = 1; period <= MAX_PERIOD && from + period < keys.length; period++) {
    const times = repeats(keys, from, period);
    // A sequence is shown in full and followed by a line that counts; a single call carries its count itself.
    const saves = period * (times - 1) - (period > 1 ? 1 : 0);
    if (times > 1 && saves > saved) {
      chosen = { period, times };
      saved = saves;
    }
  }
  return chosen;
}

function repeats(keys: readonly string[], from: number, period: number): number {
  let at = from + period;
  while (at < keys.length && keys[at] === keys[at - period]) at++;
  return Math.floor((at - from) / period);
}
