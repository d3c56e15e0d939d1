/**
 * Parses the marks that user space writes around its operations: `op: LINE` before each and `ret: LINE = RESULT` after
 * it. They name places and hold results that no probe shows (fstat, readlink). Recordings compare without them, too.
 */
import type { CallNode } from "../reduce/call-tree.js";

export interface Marker {
  readonly phase: "op" | "ret";
  /** The operation in the words of user space. */
  readonly command: string;
  /** The words of the result; empty for `op`. */
  readonly result: readonly string[];
}

const FRAME = /^(op|ret): *(.*)$/su;

export function markerOf(node: Pick<CallNode, "operation" | "args">): Marker | undefined {
  if (node.operation !== "tracing_mark_write") return undefined;
  let text: string;
  try {
    text = JSON.parse(node.args[0]!.text) as string;
  } catch {
    return undefined;
  }
  const match = FRAME.exec(text.trimEnd());
  if (!match) return undefined;
  const body = match[2]!;
  if (match[1] === "op") return { phase: "op", command: body, result: [] };
  const at = body.lastIndexOf(" = ");
  return at < 0
    ? { phase: "ret", command: body, result: [] }
    : { phase: "ret", command: body.slice(0, at), result: words(body.slice(at + 3)) };
}

/**
 * Splits `0 mode=100600 link=/[kvm-gmem] (deleted)` into `0`, `mode=100600` and `link=/[kvm-gmem] (deleted)`: values
 * may contain spaces.
 */
function words(text: string): string[] {
  const out: string[] = [];
  for (const word of text.split(" ")) {
    if (out.length < 2 || /^\w+=/.test(word)) out.push(word);
    else out[out.length - 1] += ` ${word}`;
  }
  return out;
}

/** Numbers that the kernel chooses freely. */
const CHOSEN_BY_KERNEL = /^(?:ino|dev)=|^link=socket:/;
/** Counts that other tasks move while they are read. */
const MOVED_BY_OTHERS = /^refcnt=/;

/**
 * Returns the words in which two results differ. `fs`: the file systems of the files that the two operations touched;
 * `racing`: other actors were active.
 */
export function differingWords(
  before: readonly string[],
  after: readonly string[],
  fs: readonly [string, string],
  sameDescriptor: (x: number, y: number) => boolean,
  racing = false,
): string[] {
  const differing: string[] = [];
  const count = Math.max(before.length, after.length);
  for (let k = 0; k < count; k++) {
    const x = before[k] ?? "";
    const y = after[k] ?? "";
    if (x === y || (k === 0 && /^\d+$/.test(x) && /^\d+$/.test(y) && sameDescriptor(Number(x), Number(y)))) continue;
    if (CHOSEN_BY_KERNEL.test(x) && CHOSEN_BY_KERNEL.test(y)) continue;
    if (racing && MOVED_BY_OTHERS.test(x) && MOVED_BY_OTHERS.test(y)) continue;
    differing.push(`${x || "nothing"} → ${y || "nothing"}`);
  }
  // The device number itself may be anything, but another file system is a difference.
  if (fs[0] !== fs[1] && before.some((w) => w.startsWith("dev=")))
    differing.push(`dev: that of ${fs[0] || "anonymous inodes"} → that of ${fs[1] || "anonymous inodes"}`);
  return differing;
}
