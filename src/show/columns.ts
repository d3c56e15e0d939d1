/** Two tasks side by side, time running down: the steps of each, and their order. */
import { wrap } from "../base/text.js";

export interface Cell {
  /** 0 is the left column. */
  readonly column: 0 | 1;
  /** The start of the first line: the event; further lines are indented by its length. */
  readonly head: string;
  readonly text: string;
  /** The effects of the step, below it and indented. */
  readonly below: readonly string[];
}

/** Returns lines of at most `width`; the columns share it evenly. */
export function sideBySide(titles: readonly [string, string], cells: readonly Cell[], width: number): string[] {
  const gap = 3;
  const half = Math.floor((width - gap) / 2);
  const lines = [`${titles[0].slice(0, half).padEnd(half + gap)}${titles[1].slice(0, half)}`];
  for (const cell of cells)
    for (const line of cellLines(cell, half)) lines.push(cell.column === 0 ? line : `${" ".repeat(half + gap)}${line}`);
  return lines.map((line) => line.trimEnd());
}

function cellLines(cell: Cell, width: number): string[] {
  const { head, text, below } = cell;
  const pad = " ".repeat(head.length);
  const first = wrap(text, width - head.length).map((line, k) => (k === 0 ? head : pad) + line);
  const rest = below.flatMap((b) =>
    wrap(b, width - head.length - 4).map((line, k) => `${pad}${k === 0 ? "  ~ " : "    "}${line}`),
  );
  return [...first, ...rest];
}
