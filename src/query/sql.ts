/** The text of a statement: finds its words and quotes a table's name that SQLite takes for a keyword. */

/** Strings, quoted names and comments, in which no word counts; then words. */
const TOKENS =
  /'(?:[^']|'')*'|"(?:[^"]|"")*"|`(?:[^`]|``)*`|\[[^\]]*\]|--[^\n]*|\/\*[\s\S]*?(?:\*\/|$)|[\p{L}\p{N}_$]+/gu;
/** A table of this name needs quotes in SQLite. The keyword itself only serves to define tables, which is refused. */
const QUOTED = "references";

export interface Statement {
  /** The text for SQLite. */
  readonly text: string;
  /** Maps a place in that text, in bytes, to one in the written text, in characters. */
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
      // Each has one quote before it and another after it.
      return quoted.reduce(
        (at, start) => (at > start + QUOTED.length + 1 ? at - 2 : at > start ? at - 1 : at),
        characters,
      );
    },
  };
}

/** Returns line and column, both from 1, of a place in a text. */
export function positionOf(text: string, at: number): { readonly line: number; readonly column: number } {
  const before = text.slice(0, at).split("\n");
  return { line: before.length, column: [...before.at(-1)!].length + 1 };
}
