/** Strings as JSON that is safe to print: whatever a terminal would obey is escaped, and reads back as the same string. */

/** Beyond what JSON escapes itself: C1 controls, line separators, and what changes the direction of writing. */
const OBEYED = /[\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g;

/** What nearly all texts are made of: nothing to escape. */
const PLAIN = /^[ !#-[\]-~]*$/;

export function jsonString(text: string): string {
  if (PLAIN.test(text)) return `"${text}"`;
  return JSON.stringify(text).replace(OBEYED, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, "0")}`);
}
