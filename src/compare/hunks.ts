/**
 * Builds hunks for reading: the calls around each difference, with operations that differ in the same way reported
 * once.
 */
import { type Call, failed, type Line, siteOf, textOf } from "./calls.js";
import type { Hunk, HunkLine } from "./types.js";

export interface HunkSource {
  readonly where: string;
  readonly lines: readonly Line[];
}

/** The position of an operation: `order`, then the turn in which it was compared. */
export interface Place {
  readonly order: number;
  readonly turn: number;
}

export function byPlace(p: Place, q: Place): number {
  return p.order - q.order || p.turn - q.turn;
}

/** Calls shown before and after a difference. */
const CONTEXT = 2;

/** Collects hunks in any order; each way of differing is kept once, at its first place. */
export class Hunks {
  readonly #byShape = new Map<string, { hunk: Hunk; place: Place; times: number }>();

  add(source: HunkSource, place: Place): void {
    if (source.lines.every((line) => line.change === "same")) return;
    const lines = shownLines(source.lines).flatMap(hunkLines);
    const shape = lines.map((l) => `${l.mark}${l.depth}${l.text}`).join("\n");
    const known = this.#byShape.get(shape);
    if (known) known.times++;
    if (known && byPlace(known.place, place) <= 0) return;
    const first = source.lines[0]!;
    this.#byShape.set(shape, {
      times: known?.times ?? 1,
      place,
      hunk: { where: source.where, times: 1, before: siteOf(first.before), after: siteOf(first.after), lines },
    });
  }

  list(): Hunk[] {
    return [...this.#byShape.values()]
      .sort((p, q) => byPlace(p.place, q.place))
      .map(({ hunk, times }) => ({ ...hunk, times }));
  }
}

/** Selects the differences, their neighbours, and the calls that enclose them. */
function shownLines(lines: readonly Line[]): Line[] {
  // An error path is short, and its cleanup is the point: it is shown whole.
  if (failedCall(lines[0]!.before) || failedCall(lines[0]!.after)) return [...lines];
  const keep = new Set<number>();
  lines.forEach((line, i) => {
    if (line.change === "same") return;
    for (let k = Math.max(0, i - CONTEXT); k <= Math.min(lines.length - 1, i + CONTEXT); k++) keep.add(k);
    let depth = depthOf(line);
    for (let k = i - 1; k >= 0 && depth > 0; k--) {
      if (depthOf(lines[k]!) >= depth) continue;
      depth = depthOf(lines[k]!);
      keep.add(k);
    }
  });
  return lines.filter((_, i) => keep.has(i));
}

function failedCall(call: Call | undefined): boolean {
  return call !== undefined && failed(call.node.result);
}

function depthOf(line: Line): number {
  return (line.after ?? line.before)!.depth;
}

function hunkLines(line: Line): HunkLine[] {
  const of = (mark: HunkLine["mark"], call: Call, suffix = ""): HunkLine => {
    const text = textOf(call);
    const textBefore = mark === "=" || mark === "~" ? textOf(line.before!) : text;
    return {
      mark,
      depth: call.depth,
      text: text + suffix,
      ...(textBefore === text ? {} : { textBefore }),
      before: mark === "+" ? null : siteOf(line.before),
      after: mark === "-" ? null : siteOf(line.after),
    };
  };
  switch (line.change) {
    case "same":
      return [of("=", line.after!)];
    case "added":
      return [of("+", line.after!)];
    case "removed":
      return [of("-", line.before!)];
    case "replaced":
      return [of("-", line.before!), of("+", line.after!)];
    case "reordered":
      if (line.before && line.after) return [of("~", line.after, `   (${line.detail})`)];
      return line.before ? [of("-", line.before, "   (moved)")] : [of("+", line.after!, "   (moved)")];
    case "argument":
    case "result":
      return textOf(line.before!) === textOf(line.after!)
        ? [of("~", line.after!, `   (${line.detail})`)]
        : [of("-", line.before!), of("+", line.after!)];
  }
}
