/** Text for a mail: ASCII, and within a width. */
import { printable } from "../base/trouble.js";

const PLAIN: { readonly [character: string]: string } = {
  "→": "->",
  "←": "<-",
  "−": "-",
  "—": "--",
  "–": "-",
  "…": "...",
  "×": "x",
  "·": "*",
  "’": "'",
  "“": '"',
  "”": '"',
};

/** Replaces every character that is not ASCII by its code, `\u{e9}`; control characters as `printable` shows them. */
export function ascii(text: string): string {
  return printable(text).replaceAll(/[^\x20-\x7e]/gu, (c) => PLAIN[c] ?? `\\u{${c.codePointAt(0)!.toString(16)}}`);
}

/**
 * Wraps text to at most `width` characters, with `first` before the first line and `hang` spaces before the others; a
 * longer word is broken. Expects ASCII: see `ascii`.
 */
export function fold(text: string, width: number, first = "", hang = first.length): string[] {
  const lines: string[] = [];
  let line = first;
  let empty = true;
  const next = (): void => {
    lines.push(line.trimEnd());
    line = " ".repeat(hang);
    empty = true;
  };
  for (let word of text.split(" ")) {
    if (!empty && line.length + 1 + word.length > width) next();
    while (line.length + (empty ? 0 : 1) + word.length > width) {
      const at = breakAt(word, width - line.length);
      line += word.slice(0, at);
      word = word.slice(at);
      next();
    }
    line += empty ? word : ` ${word}`;
    empty = false;
  }
  lines.push(line.trimEnd());
  return lines;
}

/**
 * Returns where to break a word of more than `room` characters: after a slash if one is near the end, so that paths
 * stay readable.
 */
function breakAt(word: string, room: number): number {
  const slash = word.lastIndexOf("/", room - 1) + 1;
  return slash > room / 2 ? slash : room;
}
