/** Trouble: the errors that stop a command, in one line. */
import { LogError } from "../log/file/log-error.js";
import { printable, TroubleError } from "../base/trouble.js";

/** The exit status of trouble. */
export const TROUBLE = 2;

/** The command line itself is wrong, so there is no file to name. */
export class UsageError extends Error {}

/** `kreel: FILE:LINE: what is wrong and what would help`; with a stack trace only if KREEL_DEBUG asks for it. */
export function troubleText(error: unknown, debug: boolean): string {
  const stack = debug && error instanceof Error && error.stack !== undefined ? `\n${error.stack}` : "";
  if (error instanceof TroubleError) return `${error.toString()}${stack}`;
  if (error instanceof LogError || error instanceof UsageError) return `kreel: ${printable(error.message)}${stack}`;
  const what = error instanceof Error ? error.message : String(error);
  return `kreel: internal error: ${printable(what)}; KREEL_DEBUG=1 shows where${stack}`;
}
