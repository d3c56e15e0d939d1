/**
 * An error that stops kreel: a file that is missing, is no recording, or cannot be read. Printed as one line, never
 * with a stack trace.
 */
export class TroubleError extends Error {
  override readonly name = "TroubleError";

  constructor(
    /** The fault, and what would help. */
    readonly what: string,
    readonly file: string,
    readonly line?: number,
    options?: ErrorOptions,
  ) {
    super(`${file}${line === undefined ? "" : `:${line}`}: ${what}`, options);
  }

  /** The printed line, `kreel: FILE:LINE: what is wrong and what would help`. The file's name is not trusted either. */
  override toString(): string {
    return `kreel: ${printable(this.message)}`;
  }
}

/**
 * Characters that a terminal or a page obeys rather than shows (controls, line separators, direction marks, tags), that
 * are invisible (two names that look alike would be two), halves of characters and noncharacters. For `replace`.
 */
export const OBEYED = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}\p{Cs}\p{Noncharacter_Code_Point}]/gu;

/**
 * Makes text of a recording safe for a terminal or a page: each character in `OBEYED`, line feeds too, becomes `\x1b`,
 * `\u202e`, `\u{e0041}`.
 */
export function printable(text: string): string {
  return text.replace(OBEYED, escapeOf);
}

/** Returns the escape that stands for one such character. */
export function escapeOf(character: string): string {
  const code = character.codePointAt(0)!;
  return code < 256 ? `\\x${hex(code, 2)}` : code < 0x10000 ? `\\u${hex(code, 4)}` : `\\u{${hex(code, 5)}}`;
}

function hex(code: number, digits: number): string {
  return code.toString(16).padStart(digits, "0");
}
