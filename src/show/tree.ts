/**
 * Call trees as text: one line per call, with its event number, and below it its effects on objects and references.
 *
 *     task-123
 *       1057  37.367421  kvm_gmem_create(kvm=vm 0x…, size=2097152, flags=0x0) = 5
 *       1060               try_module_get(module=kvm_amd, refcnt=2, state=0) = 1
 *                            ~ module: refcnt 2 → 3, held by kvm_gmem_create
 */
import { formatTime } from "../log/time.js";
import { printable } from "../base/trouble.js";
import type { CallNode } from "../reduce/call-tree.js";
import { changeText, type ShownChange } from "../describe/changes.js";
import type { Change, Row } from "../describe/chronicle.js";
import { type Run, runs, sameObjects, shape } from "./collapse.js";
import type { Style } from "./style.js";
import { call } from "../describe/call-text.js";

const EVENT_WIDTH = 7;
/** Top-level calls that are searched together for runs, unless a marker ends the section. */
const SECTION = 256;
const MARKER = "tracing_mark_write";

export interface TreeContext {
  readonly style: Style;
  /** A task as recordings write it, `comm-pid`. */
  task(id: number): string;
  /** The changes at an event; `undefined` once it is too long ago. */
  row(seq: number): Row | undefined;
  print(line: string): void;
}

/** Prints trees as they come, in the order of their first events. */
export class TreePrinter {
  #section: CallNode[] = [];
  #task = -1;
  /** True if calls were printed since the last marker that begins something. */
  #calls = false;
  #printed = false;

  constructor(private readonly context: TreeContext) {}

  add(tree: CallNode): void {
    if (tree.operation === MARKER) {
      this.flush();
      this.#marker(tree);
    } else {
      this.#section.push(tree);
      if (this.#section.length >= SECTION) this.flush();
    }
  }

  flush(): void {
    for (const run of runs(this.#section.splice(0), sameObjects)) {
      this.#heading(run.nodes[0]!);
      this.#calls = true;
      for (const line of runLines(run, 0, timeOf(run.nodes[0]!).length, this.context)) this.context.print(line);
    }
  }

  #marker(node: CallNode): void {
    if (!isEnd(node)) {
      if (this.#calls && this.#task === node.task) this.context.print("");
      this.#calls = false;
    }
    this.#heading(node);
    const { style } = this.context;
    const text = printable(markerText(node));
    this.context.print(`${prefix(node, 0, style)}${style.dim("#")} ${style.bold(text)}`);
  }

  /** Prints the task's name on a line of its own when it changes: a column would cost every line its width. */
  #heading(node: CallNode): void {
    if (node.task === this.#task) return;
    if (this.#printed) this.context.print("");
    this.context.print(this.context.style.cyan(printable(this.context.task(node.task))));
    this.#task = node.task;
    this.#printed = true;
  }
}

/** A marker that reports an end belongs to the calls above it. */
function isEnd(node: CallNode): boolean {
  return /^"?(?:ret|end|done)\b/.test(node.args[0]?.text ?? "");
}

function markerText(node: CallNode): string {
  const text = node.args[0]?.text ?? "";
  return text.startsWith('"') ? (JSON.parse(text) as string) : text;
}

function timeOf(node: CallNode): string {
  return formatTime(node.timeHigh, node.timeLow, node.timeDigits);
}

function prefix(node: CallNode, depth: number, style: Style, timeWidth = 0): string {
  const time = depth === 0 ? timeOf(node) : "";
  return `${style.dim(`${String(node.seq).padStart(EVENT_WIDTH)}  ${time.padEnd(timeWidth)}`)}  ${"  ".repeat(depth)}`;
}

function runLines(run: Run, depth: number, timeWidth: number, context: TreeContext): string[] {
  const { style } = context;
  if (run.times === 1) return run.nodes.flatMap((node) => nodeLines(node, depth, timeWidth, context));
  const pad = " ".repeat(EVENT_WIDTH + 4 + timeWidth + 2 * depth);
  const lines = run.nodes.flatMap((node) => nodeLines(node, depth, timeWidth, context));
  const end = run.last.returned || run.last.seq;
  if (run.nodes.length === 1 && lines.length === 1)
    return [`${lines[0]!}  ${style.bold(`× ${run.times}`)}${style.dim(`, to event ${end}`)}`];
  const what = run.nodes.length === 1 ? "the same call" : `the same ${run.nodes.length} calls`;
  return [
    ...lines,
    `${pad}${style.dim(`… ${what} ${run.times - 1} more time${run.times === 2 ? "" : "s"}, to event ${end}`)}`,
  ];
}

/** A call with its changes, its callees, and the changes at its return. */
export function nodeLines(node: CallNode, depth: number, timeWidth: number, context: TreeContext): string[] {
  const { style } = context;
  const inner = runs(node.children, shape).flatMap((run) => runLines(run, depth + 1, timeWidth, context));
  const entry = changeLines(node, node.seq, 0, depth, timeWidth, context);
  const end = node.returned
    ? changeLines(node, node.returned, inner.length > 0 ? node.returned : 0, depth, timeWidth, context)
    : [];
  return [`${prefix(node, depth, style, timeWidth)}${callText(node, style)}`, ...entry, ...inner, ...end];
}

/** `name(arguments) = result`; an error is red, and has a minus before its name anyway. */
export function callText(node: CallNode, style: Style): string {
  const returned = node.result
    ? ` = ${call.failed(node) ? style.red(call.result(node.result)) : call.result(node.result)}`
    : "";
  return `${style.bold(node.operation)}(${call.args(node)})${returned}${node.rcu ? style.dim("  [RCU callback]") : ""}`;
}

function changeLines(
  node: CallNode,
  seq: number,
  shownSeq: number,
  depth: number,
  timeWidth: number,
  context: TreeContext,
): string[] {
  const changes: readonly ShownChange[] =
    context.row(seq)?.changes ?? (seq === node.seq && !context.row(node.returned) ? node.touched.map(unwatched) : []);
  const named = new Set(
    [...node.args, ...(node.result ? [node.result] : [])].flatMap((value) => value.object?.id ?? []),
  );
  const kinds = changes.map((c) => c.kind);
  const lines: string[] = [];
  for (const change of changes) {
    const text = changeText(change);
    if (!text) continue;
    const short = named.has(change.id) && kinds.indexOf(change.kind) === kinds.lastIndexOf(change.kind);
    const event = (shownSeq ? String(shownSeq) : "").padStart(EVENT_WIDTH);
    lines.push(
      `${context.style.dim(event)}${" ".repeat(timeWidth + 4 + 2 * (depth + 1))}${context.style.dim("~")} ${printable(short ? change.kind : change.label)}: ${printable(text)}`,
    );
  }
  return lines;
}

function unwatched(touch: CallNode["touched"][number]): Pick<Change, keyof ShownChange> {
  const { id, kind, label } = touch.object;
  return { id, kind, label, note: touch.note, from: null, to: null, taken: [], given: [], passed: [] };
}
