/**
 * What stops kreel: a file that is not there, not a recording, or not readable. Said in one line, never a stack trace.
 */
export class TroubleError extends Error {
  override readonly name = "TroubleError";

  constructor(
    /** What is wrong, and what would help. */
    readonly what: string,
    readonly file: string,
    readonly line?: number,
    options?: ErrorOptions,
  ) {
    super(`${file}${line === undefined ? "" : `:${line}`}: ${what}`, options);
  }

  /** As printed: `kreel: FILE:LINE: what is wrong and what would help`. The file's name is not trusted either. */
  override toString(): string {
    return `kreel: ${printable(this.message)}`;
  }
}

/**
 * What a terminal or a page obeys rather than shows: controls, line separators, marks of direction, tags; what is not
 * seen (two names that look alike would be two); halves of characters, and what is no character. For `replace`.
 */
export const OBEYED = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}\p{Cs}\p{Noncharacter_Code_Point}]/gu;

/**
 * Text of a recording made safe for a terminal or a page: what would be obeyed, line feeds among it, becomes `\x1b`,
 * `\u202e`, `\u{e0041}`.
 */
export function printable(text: string): string {
  return text.replace(OBEYED, escapeOf);
}

/** One such character as it is shown. */
export function escapeOf(character: string): string {
  const code = character.codePointAt(0)!;
  return code < 256 ? `\\x${hex(code, 2)}` : code < 0x10000 ? `\\u${hex(code, 4)}` : `\\u{${hex(code, 5)}}`;
}

function hex(code: number, digits: number): string {
  return code.toString(16).padStart(digits, "0");
}
