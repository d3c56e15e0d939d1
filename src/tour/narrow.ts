/** Formats trees, states and findings for a page of 80 columns: shortens addresses and folds long lines. */
import { wrap } from "../base/text.js";

export const WIDTH = 78;
/** Additional indentation of folded lines. */
const HANGING = 4;
const ADDRESS = /0x[0-9a-f]*([0-9a-f]{4})\b/g;
/** The margin of a line: the mark of a diff or of evidence, the events, the indentation, and the `~` of a change. */
const MARGIN = /^[-+~*]? *(?:\d+ +)*(?:\d+\.\d+ +)?(?:~ )?/;
/** Shorter hexadecimal numbers are no addresses: flags, the magic number of a file system. */
const ADDRESS_DIGITS = 12;

/** `inode 0xffff888000370f88#2` becomes `inode …0f88#2`. */
export function short(text: string): string {
  return text.replace(ADDRESS, (whole: string, end: string) => (whole.length < ADDRESS_DIGITS + 2 ? whole : `…${end}`));
}

/** Folds lines to at most `WIDTH` columns, as far as they have spaces. */
export function folded(lines: readonly string[]): string[] {
  return lines.flatMap((line) => {
    if (line.length <= WIDTH) return [line];
    const [margin] = MARGIN.exec(line)!;
    const rest = wrap(line.slice(margin.length), WIDTH - margin.length - HANGING);
    return rest.map((part, k) => (k === 0 ? margin : " ".repeat(margin.length + HANGING)) + part);
  });
}
