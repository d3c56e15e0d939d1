/** Compares two call trees of corresponding operations, call by call. */
import { points } from "../../events/index.js";
import { errnoName } from "../base/errno.js";
import type { CallNode, ObjectRef, Value } from "../reduce/call-tree.js";
import { alignBest } from "./align/align.js";
import type { Site } from "./types.js";
import type { Unifier } from "./unify.js";

/** The part of a call and of its callees that is compared. */
export interface ComparedNode extends Pick<CallNode, "operation" | "seq" | "point" | "line" | "args" | "result"> {
  readonly touched: readonly { readonly object: ObjectRef }[];
  readonly children: readonly ComparedNode[];
}

/** A call in its tree, in the order of calling. */
export interface Call {
  readonly node: ComparedNode;
  readonly depth: number;
  readonly parent: string;
  /** The call that it is made from. */
  readonly caller?: Call;
}

export type Change = "same" | "added" | "removed" | "replaced" | "reordered" | "argument" | "result";

/** One line of two aligned trees: a call on one side, or on both. */
export interface Line {
  readonly before: Call | undefined;
  readonly after: Call | undefined;
  change: Change;
  /** The difference in words; empty if one side has no such call. */
  detail: string;
}

/** Arguments that vary between runs: counts that other tasks move, and values that identify no tracked object. */
const VARIES = new Set(["refcnt", "state"]);

export function flatten(root: ComparedNode): Call[] {
  const calls: Call[] = [];
  const visit = (node: ComparedNode, depth: number, caller: Call | undefined): void => {
    const call: Call = { node, depth, parent: caller?.node.operation ?? "", ...(caller ? { caller } : {}) };
    calls.push(call);
    for (const child of node.children) visit(child, depth + 1, call);
  };
  visit(root, 0, undefined);
  return calls;
}

export function siteOf(call: Call | ComparedNode | undefined): Site | null {
  if (!call) return null;
  const node = "node" in call ? call.node : call;
  return node.line > 0 ? { event: node.seq, line: node.line } : { event: node.seq };
}

/** Aligns two trees. It unifies identities on the way, so trees must come in the order of the recording. */
export function compareCalls(before: ComparedNode, after: ComparedNode, unifier: Unifier, racing: boolean): Line[] {
  const a = flatten(before);
  const b = flatten(after);
  const pairs = alignBest(
    a,
    b,
    (x, y) => likeness(x, y, unifier),
    (call) => call.node.operation,
  );
  const lines: Line[] = pairs.map((p) => ({
    before: a[p.a],
    after: b[p.b],
    change: p.a < 0 ? "added" : p.b < 0 ? "removed" : "same",
    detail: "",
  }));
  for (const line of lines)
    if (line.before && line.after) compareCall(line, line.before.node, line.after.node, unifier, racing);
  reordered(lines, unifier);
  return replaced(lines);
}

/**
 * Scores the similarity of two calls: 0 unless the operation is the same, more if the object, the caller, the depth and
 * success agree.
 */
function likeness(x: Call, y: Call, unifier: Unifier): number {
  if (x.node.operation !== y.node.operation) return 0;
  let score = 10;
  if (x.parent === y.parent) score += 2;
  if (x.depth === y.depth) score += 1;
  if (failed(x.node.result) === failed(y.node.result)) score += 2;
  const p = x.node.args[0]?.object;
  const q = y.node.args[0]?.object;
  if (p && q) score += unifier.compatible(p, q) ? 2 : -6;
  return score;
}

/** True if a result is an error, in the form that the operation uses (errno, NULL, zero). */
export function failed(result: Value | undefined): boolean {
  return (
    result?.number !== undefined &&
    result.definition.failure !== undefined &&
    (result.definition.failure === "zero" || result.definition.failure === "NULL"
      ? result.number === 0
      : result.number < 0)
  );
}

/** Resolves an address argument to the slot that the call made there, not the slot that lived there before. */
function made(node: ComparedNode, value: Value): Value {
  if (value.definition.object !== "memslot") return value;
  const object = node.touched.find(
    (t) => t.object.kind === "memslot" && addressOf(t.object.label) === value.text,
  )?.object;
  return { ...value, object };
}

/** Extracts `0xffff…` from `memslot 0xffff…#2`. */
function addressOf(label: string): string {
  return /0x[0-9a-f]+/.exec(label)?.[0] ?? "";
}

function compareCall(line: Line, before: ComparedNode, after: ComparedNode, unifier: Unifier, racing: boolean): void {
  const details: string[] = [];
  before.args.forEach((argument, k) => {
    if (!after.args[k]) return;
    const x = made(before, argument);
    const y = made(after, after.args[k]);
    if (!sameValue(x, y, unifier, racing)) details.push(`${x.name}: ${change(x, y)}`);
  });
  if (details.length > 0) {
    line.change = "argument";
    line.detail = details.join(", ");
  }
  const { result: r } = before;
  const { result: s } = after;
  if (r && s && !sameValue(r, s, unifier, racing)) {
    line.change = "result";
    line.detail = [...details, change(r, s)].join(", ");
  }
}

function change(x: Value, y: Value): string {
  return shown(x) === shown(y) ? `another ${shown(y)}` : `${shown(x)} → ${shown(y)}`;
}

function sameValue(x: Value, y: Value, unifier: Unifier, racing: boolean): boolean {
  if (VARIES.has(x.name)) return true;
  if (x.definition.type === "ptr") {
    // A pointer is a tracked object, an error, or a value that cannot be compared.
    if (x.object && y.object) return unifier.unify(x.object, y.object);
    return x.number === y.number;
  }
  if (x.definition.unit === "descriptor" && (x.number ?? -1) >= 0 && (y.number ?? -1) >= 0)
    return unifier.descriptor(x.number!, y.number!, racing);
  return x.text === y.text;
}

/** Formats a value for messages; a mere address becomes `…`, since it differs from run to run. */
export function shown(value: Value): string {
  const { definition, number } = value;
  if (definition.type === "ptr") {
    if (number !== undefined && number < 0) return `ERR_PTR(-${errnoName(number)})`;
    if (number === 0) return "NULL";
    return value.object ? `${value.object.kind}${value.object.name ? ` ${value.object.name}` : ""}` : "…";
  }
  if (number !== undefined && number < 0 && definition.failure === "errno") return `-${errnoName(number)}`;
  return value.text;
}

/** True if two calls may be the same one, made by different threads: the operation and the object agree. */
export function sameCall(x: ComparedNode, y: ComparedNode, unifier: Unifier): boolean {
  if (x.operation !== y.operation || failed(x.result) !== failed(y.result)) return false;
  const p = x.args.find((a) => a.object)?.object;
  const q = y.args.find((a) => a.object)?.object;
  return p && q ? unifier.compatible(p, q) : !p && !q;
}

/** Marks a call that moved within its operation: removed in one place, added in another, on the same object. */
function reordered(lines: Line[], unifier: Unifier): void {
  /** Added lines by operation that no removed line is paired with yet. */
  const came = new Map<string, Line[]>();
  for (const line of lines) {
    if (line.change !== "added") continue;
    const { operation } = line.after!.node;
    const others = came.get(operation);
    if (others) others.push(line);
    else came.set(operation, [line]);
  }
  for (const gone of lines) {
    const others = gone.change === "removed" ? came.get(gone.before!.node.operation) : undefined;
    if (!others) continue;
    const p = gone.before!.node.args[0]?.object;
    const at = others.findIndex(({ after }) => {
      const q = after!.node.args[0]?.object;
      return p && q ? unifier.compatible(p, q) : !p && !q;
    });
    if (at < 0) continue;
    const [moved] = others.splice(at, 1) as [Line];
    gone.change = "reordered";
    moved.change = "reordered";
    gone.detail = "was here";
    moved.detail = "is here now";
  }
}

/** Merges a removed and an added call between the same neighbours into a replacement if their prototypes are alike. */
function replaced(lines: Line[]): Line[] {
  const out: Line[] = [];
  let gap: Line[] = [];
  const close = (): void => {
    for (const gone of gap.filter((l) => l.change === "removed")) {
      const came = gap.find((l) => l.change === "added" && alike(gone.before!.node, l.after!.node));
      if (!came) continue;
      gap[gap.indexOf(gone)] = {
        before: gone.before,
        after: came.after,
        change: "replaced",
        detail: `${gone.before!.node.operation} → ${came.after!.node.operation}`,
      };
      gap.splice(gap.indexOf(came), 1);
    }
    out.push(...gap);
    gap = [];
  };
  for (const line of lines) {
    if (line.change === "added" || line.change === "removed") {
      gap.push(line);
      continue;
    }
    close();
    out.push(line);
  }
  close();
  return out;
}

function alike(x: ComparedNode, y: ComparedNode): boolean {
  const p = points.points[x.point]!.operation;
  const q = points.points[y.point]!.operation;
  if (p.result?.object !== undefined && p.result.object === q.result?.object) return true;
  return (
    p.args.length > 0 &&
    p.args.map((a) => a.name).join() === q.args.map((a) => a.name).join() &&
    (p.result === undefined) === (q.result === undefined) &&
    p.source === q.source
  );
}

/** Formats a call: its name, the arguments that mean something by themselves, its result. */
export function textOf(call: Call): string {
  const { node } = call;
  if (points.points[node.point]!.operation.probe === "marker") return node.args[0]!.text;
  const args = node.args
    .filter((a) => a.definition.type !== "ptr" || a.object !== undefined || a.number !== undefined)
    .map((a) => `${a.name}=${shown(a)}`);
  return `${node.operation}(${args.join(", ")})${node.result ? ` = ${shown(node.result)}` : ""}`;
}
