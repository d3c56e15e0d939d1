import type { CallNode } from "../reduce/call-tree.js";

/**
 * Moves calls into the calls around them: a call may be complete before the one around it turns out to matter. Trees
 * come in order.
 */
export function nestWithin(trees: readonly CallNode[]): CallNode[] {
  const kept: CallNode[] = [];
  // The outermost calls of one task follow each other: only its latest can enclose the next.
  const latest = new Map<number, CallNode>();
  for (const tree of trees) {
    const around = tree.rcu ? undefined : latest.get(tree.task);
    if (around && around.seq < tree.seq && tree.seq < around.returned) {
      around.children.push(tree);
      if (around.children.at(-2) && around.children.at(-2)!.seq > tree.seq)
        around.children.sort((a, b) => a.seq - b.seq);
    } else {
      kept.push(tree);
      if (!tree.rcu) latest.set(tree.task, tree);
    }
  }
  return kept;
}
