/** Finds the call tree around one event of a log. */
import type { EventView } from "../../log/view.js";
import { type CallNode, CallTrees } from "../../reduce/call-tree.js";
import type { Frame, Stack } from "../../reduce/calls.js";
import type { Seeker } from "../../seek/seeker.js";
import { call } from "../../describe/call-text.js";
import type { Tree, TreeLine } from "../protocol.js";

/** Events that are read before the end of the operation is checked for; doubled each time. */
const READ = 512;
/** Events after which the rest of an operation is left out. */
const MOST = 1 << 17;
const LINES = 2000;

export function treeAround(seeker: Seeker, event: number): Tree {
  const { root, task } = outermost(seeker, event);
  if (root === 0) return { task: "", lines: [], more: 0 };
  const replaying = seeker.at(root - 1);
  const { world } = replaying;
  let found: CallNode | undefined;
  /** An enclosing call of the same task, for an event that has no place in a tree. */
  let around: CallNode | undefined;
  const trees = new CallTrees(world, (tree) => {
    if (holds(tree, event)) found ??= tree;
    else if (tree.seq < event && tree.returned > event && tree.task === task) around ??= tree;
  });
  world.observer = trees;
  // An event that is in no tree is known to be so when the outermost call is over.
  const isOver = (): boolean =>
    replaying.next > event && !world.calls.stacks().some((stack) => stack.at(stack.depth - 1)?.seq === root);
  let to = 0;
  for (let read = READ; !found && !isOver() && to < Math.min(seeker.events, event + MOST); read *= 2) {
    to = Math.min(seeker.events, event + read);
    seeker.forward(replaying, to);
  }
  if (!found) trees.finish();
  found ??= around;
  if (!found) return { task: "", lines: [], more: 0 };
  const lines: TreeLine[] = [];
  const more = collect(found, 0, lines);
  return { task: world.taskName(found.task), lines, more };
}

/**
 * Returns the event of the outermost call around an event: itself if there is none, 0 if it cannot be read; and its
 * task.
 */
function outermost(seeker: Seeker, event: number): { readonly root: number; readonly task: number } {
  let root = 0;
  let task = 0;
  if (event === 0) return { root, task };
  const replaying = seeker.at(event - 1);
  const note = (e: EventView, stack: Stack, frame: Frame | undefined): void => {
    if (e.seq !== event) return;
    root = Math.min(stack.at(stack.depth - 1)?.seq ?? e.seq, frame?.seq ?? e.seq);
    task = e.taskId;
  };
  replaying.world.observer = { reduced: note };
  seeker.forward(replaying, event);
  return { root, task };
}

function holds(node: CallNode, event: number): boolean {
  if (node.seq === event || node.returned === event) return true;
  if (node.seq > event) return false;
  return node.children.some((child) => holds(child, event));
}

/** Returns the number of calls that did not fit. */
function collect(node: CallNode, depth: number, lines: TreeLine[]): number {
  if (lines.length >= LINES) return 1 + node.children.reduce((sum, child) => sum + collect(child, depth + 1, lines), 0);
  const { operation, seq, returned, result } = node;
  lines.push({
    depth,
    event: seq,
    returned,
    text: `${operation}(${call.args(node)})${result ? ` = ${call.result(result)}` : ""}`,
    failed: call.failed(node),
    notes: node.touched
      .filter(({ note }) => note !== "")
      .map(({ object, note }) => ({ id: object.id, label: object.label, note })),
  });
  return node.children.reduce((sum, child) => sum + collect(child, depth + 1, lines), 0);
}
