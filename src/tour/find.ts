/** Finds the place in a recording that a rule points to. */
import type { CallNode } from "../reduce/call-tree.js";
import type { Kind } from "../reduce/objects.js";
import { call } from "../describe/call-text.js";
import type { CallRule, MomentRule, Path } from "./types.js";

const MARKER = "tracing_mark_write";

export interface Place {
  readonly event: number;
  readonly node: CallNode;
}

/** Yields calls and their callees, each before those inside it. */
export function* calls(trees: readonly CallNode[]): Generator<CallNode> {
  for (const tree of trees) {
    yield tree;
    yield* calls(tree.children);
  }
}

/** Returns the text of a marker: `ret: close g = 0`; `undefined` for any other call. */
export function markerText(node: CallNode): string | undefined {
  return node.operation === MARKER ? (JSON.parse(node.args[0]!.text) as string) : undefined;
}

/**
 * Finds a call.
 *
 * @throws {Error} If there is none: the tour and its recordings do not match.
 */
export function findCall(trees: readonly CallNode[], path: Path): CallNode {
  let within = trees;
  let found: CallNode | undefined;
  for (const step of path) {
    found = nth(within, typeof step === "string" ? { operation: step } : step);
    within = found.children;
  }
  return found!;
}

function nth(within: readonly CallNode[], rule: CallRule): CallNode {
  let left = rule.nth ?? 1;
  for (const node of calls(within)) if (isOf(node, rule) && --left === 0) return node;
  throw new Error(`the tour looks for ${JSON.stringify(rule)}, which this recording does not have`);
}

function isOf(node: CallNode, { operation, result }: CallRule): boolean {
  return (
    node.operation === operation &&
    (result === undefined || (node.result !== undefined && call.result(node.result) === result))
  );
}

export function findMoment(trees: readonly CallNode[], rule: MomentRule): Place {
  if ("marker" in rule) {
    const node = trees.find((tree) => markerText(tree) === rule.marker);
    if (!node) throw new Error(`the tour looks for the marker "${rule.marker}", which ${rule.in} does not have`);
    return { node, event: node.seq };
  }
  const node = findCall(trees, rule.path);
  return { node, event: rule.when === "return" ? node.returned : node.seq };
}

/** Returns the first object of a kind that a call, or one inside it, names. */
export function namedBy(node: CallNode, kind: Kind): string | undefined {
  for (const { args, result, touched } of calls([node])) {
    const named = [...(result ? [result] : []), ...args].flatMap(({ object }) => object ?? []);
    const object = [...named, ...touched.map((touch) => touch.object)].find((o) => o.kind === kind);
    if (object) return object.label;
  }
  return undefined;
}

/** Returns the last event seen of a call and its callees. */
export function endOf(node: CallNode): number {
  return node.children.reduce((last, child) => Math.max(last, endOf(child)), Math.max(node.seq, node.returned));
}
