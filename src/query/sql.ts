/** The text of a statement: where its words are, and what has to be done to it before SQLite reads it. */

/** Strings, quoted names and comments, in which no word counts; then words. */
const TOKENS =
  /'(?:[^']|'')*'|"(?:[^"]|"")*"|`(?:[^`]|``)*`|\[[^\]]*\]|--[^\n]*|\/\*[\s\S]*?(?:\*\/|$)|[\p{L}\p{N}_$]+/gu;
/** A table of this name needs quotes in SQLite. The keyword itself is for defining tables, which nobody does here. */
const QUOTED = "references";

export interface Statement {
  /** As SQLite is given it. */
  readonly text: string;
  /** Where a place of that text, in bytes, is in what was written, in characters. */
  origin(offset: number): number;
}

export function readable(written: string): Statement {
  const quoted: number[] = [];
  const text = written.replace(TOKENS, (token, at: number) => {
    if (token.toLowerCase() !== QUOTED) return token;
    quoted.push(at);
    return `"${token}"`;
  });
  return {
    text,
    origin(offset) {
      const characters = Buffer.from(text).subarray(0, offset).toString().length;
      // Each has one quote more before it, and another behind.
      return quoted.reduce(
        (at, start) => (at > start + QUOTED.length + 1 ? at - 2 : at > start ? at - 1 : at),
        characters,
      );
    },
  };
}

/** Line and column, both from 1, of a place in a text. */
export function positionOf(text: string, at: number): { readonly line: number; readonly column: number } {
  const before = text.slice(0, at).split("\n");
  return { line: before.length, column: [...before.at(-1)!].length + 1 };
}
