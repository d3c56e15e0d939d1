/**
 * Strings as JSON that is safe to print: whatever a terminal would obey is escaped, and reads back as the same string.
 */
import { OBEYED } from "./trouble.js";

/** What nearly all texts are made of: nothing to escape. */
const PLAIN = /^[ !#-[\]-~]*$/;

export function jsonString(text: string): string {
  if (PLAIN.test(text)) return `"${text}"`;
  return escaped(JSON.stringify(text));
}

/** JSON without line feeds between its values, what is obeyed in it escaped. */
export function escaped(json: string): string {
  return json.replace(OBEYED, (c) =>
    Array.from({ length: c.length }, (_, k) => `\\u${c.charCodeAt(k).toString(16).padStart(4, "0")}`).join(""),
  );
}
