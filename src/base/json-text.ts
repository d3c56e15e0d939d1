/**
 * Strings as JSON that is safe to print: each character that a terminal would obey is escaped, and reads back as the
 * same string.
 */
import { OBEYED } from "./trouble.js";

/** Texts with nothing to escape, which nearly all are. */
const PLAIN = /^[ !#-[\]-~]*$/;

export function jsonString(text: string): string {
  if (PLAIN.test(text)) return `"${text}"`;
  return escaped(JSON.stringify(text));
}

/** Escapes the characters that a terminal would obey in JSON that has no line feeds between its values. */
export function escaped(json: string): string {
  return json.replace(OBEYED, (c) =>
    Array.from({ length: c.length }, (_, k) => `\\u${c.charCodeAt(k).toString(16).padStart(4, "0")}`).join(""),
  );
}
