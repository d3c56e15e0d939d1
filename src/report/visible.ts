/** Text that is anybody's, made safe to show: what a terminal would obey, what changes the direction of writing, what is not seen. */
import { printable } from "../read/trouble.js";

/** Beyond what `printable` escapes: marks of direction, what has no width, tags, halves of characters, and what is no character. */
const UNSEEN = /[\p{Default_Ignorable_Code_Point}\p{Cs}\p{Noncharacter_Code_Point}\ufff9-\ufffb]/gu;

export function visible(text: string): string {
  return printable(text).replace(UNSEEN, (c) => `\\u{${c.codePointAt(0)!.toString(16)}}`);
}
