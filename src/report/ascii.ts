/** Text for a mail: ASCII, and never wider than it may be. */
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

/** Every character that is not ASCII as its code: `\u{e9}`; what a terminal would obey as `printable` has it. */
export function ascii(text: string): string {
  return printable(text).replaceAll(/[^\x20-\x7e]/gu, (c) => PLAIN[c] ?? `\\u{${c.codePointAt(0)!.toString(16)}}`);
}

/**
 * Lines of at most `width` characters, `first` in front of the first and as many spaces as `hang` in front of the
 * others; a word that is longer is broken. ASCII comes in: see `ascii`.
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
 * Where a word of more than `room` characters is broken: behind a slash if one is near the end, so that paths are read
 * easily.
 */
function breakAt(word: string, room: number): number {
  const slash = word.lastIndexOf("/", room - 1) + 1;
  return slash > room / 2 ? slash : room;
}
