/** What stops kreel: a file that is not there, not a recording, or not readable. Said in one line, never a stack trace. */
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

/** Text of a recording made safe for a terminal: control characters, among them escapes and line feeds, become `\x1b`. */
export function printable(text: string): string {
  // eslint-disable-next-line no-control-regex
  return text.replace(/[\u0000-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g, (character) => {
    const code = character.charCodeAt(0);
    return code < 256 ? `\\x${code.toString(16).padStart(2, "0")}` : `\\u${code.toString(16)}`;
  });
}
