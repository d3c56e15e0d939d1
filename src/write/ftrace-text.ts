/**
 * Texts of any content (tasks' names, strings, markers, places) in a format that escapes nothing. Each function returns
 * the text to be written: the same one if `read/ftrace` reads it back, otherwise one with `?` for what it cannot read.
 * The rules are the reader's own (`lines.ts`, `slow-body.ts`), seen from the other side.
 */
import type { PointTable } from "../../events/points.js";
import type { CompiledPoint } from "../read/ftrace/compiled.js";
import { DASH_AT, Header, findHeader, parseHeader } from "../read/ftrace/header.js";
import { parseBody } from "../read/ftrace/slow-body.js";

/** Characters of one text: at three bytes each they leave room for the rest of a line in the reader's megabyte. */
export const MAX_TEXT = 1 << 18;
/**
 * Limits of the reader: lines that it joins for a string, and bytes of any text with the rest of the event's first
 * line.
 */
const MAX_STRING_LINES = 8;
const MAX_JOINED_BYTES = 60 * 1024;
const MAX_COMM = 15;
const MAX_NAME = 128;
const REPLACED = "?";

const header = new Header();

/**
 * Returns a task's name, padded to 16 bytes. A line feed is safe if the reader cannot take the first line for an event
 * or for part of a stack dump. `strict`: after a line that the reader still holds, where a bracket could make an event
 * of both.
 */
export function taskText(comm: string, strict: boolean): string {
  let text = comm.replaceAll(/\r(?=\n)/g, REPLACED);
  // Bytes that were not UTF-8 have grown threefold.
  if (Buffer.byteLength(text) > MAX_COMM) text = text.replaceAll("\ufffd", REPLACED);
  while (Buffer.byteLength(text) > MAX_COMM) text = Array.from(text).slice(0, -1).join("");
  if (strict || text.includes("[") || text.startsWith("=> ")) text = text.replaceAll("\n", REPLACED);
  if (strict) text = text.replaceAll("[", REPLACED);
  return " ".repeat(DASH_AT - Buffer.byteLength(text)) + text;
}

/** Returns the text between an event's parentheses: the reader ends it at the first `)`. */
export function placeText(place: string): string {
  return place.replaceAll(/[)\n]/g, REPLACED);
}

/** Returns a text that ends with its line, where a carriage return would pass for the line's own end. */
export function oneLine(text: string): string {
  return text.slice(0, MAX_TEXT).replaceAll("\n", REPLACED).replace(/\r$/, REPLACED);
}

/** A string between quotes keeps its line feeds for now, see `readsBack`. */
export function quotable(text: string): string {
  return text.slice(0, MAX_TEXT).replaceAll(/\r(?=\n)/g, REPLACED);
}

/**
 * True if the reader finds the same values in an event's text (`(place) name="…" …`). It takes the first line for the
 * whole event if it can, otherwise it joins lines until they form one: neither must happen too early.
 */
export function readsBack(body: string, values: readonly string[], point: CompiledPoint): boolean {
  const lines = body.split("\n");
  if (lines.length > MAX_STRING_LINES || (lines.length > 1 && Buffer.byteLength(body) > MAX_JOINED_BYTES)) return false;
  for (let n = 1; n < lines.length; n++) {
    const parsed = parseBody(lines.slice(0, n).join("\n"), point);
    if (n === 1 ? !parsed.unterminated : parsed.complete && lines[n - 1]!.includes('"')) return false;
  }
  const { complete, values: read } = parseBody(body, point);
  return complete && values.every((value, k) => value === read[k]);
}

/** Makes a line after a header an event, or the head of a stack dump. */
const EVENT = /^(?:[\w.$-]{1,128}:(?: |$)|[A-Za-z_]\w*(?:\(| -> )|\S+(?: \[[^\]\s]+\])? +<-\S|<(?:user )?stack trace>)/;
const CONTROL = /^(?: *CPU:\d{1,5} \[LOST (?:\d{1,15} )?EVENTS\]|#+ CPU \d{1,5} buffer started #+) *$/;

/** Returns a marker's text. Its further lines stay as long as the reader can take none of them for anything else. */
export function markerText(text: string): string {
  let end = Math.min(text.length, MAX_TEXT);
  while (text[end - 1] === "\n") end--;
  const cut = text.slice(0, end).replaceAll(/\r(?=\n|$)/g, REPLACED);
  if (!cut.includes("\n")) return cut;
  if (Buffer.byteLength(cut) > MAX_JOINED_BYTES) return oneLine(cut);
  let held = "";
  for (const line of cut.split("\n").slice(1)) {
    const joined = held + line;
    const together = held !== "" && Buffer.byteLength(joined) >= DASH_AT && isEvent(joined, true);
    if (together || isEvent(line, false) || CONTROL.test(line)) return oneLine(cut);
    held = nowHeld(held, line);
  }
  return cut;
}

/**
 * Returns the lines that the reader holds after it has read `line`: short ones may begin a task's name that has a line
 * feed.
 */
function nowHeld(held: string, line: string): string {
  const joined = `${held}${line}\n`;
  if (held !== "" && Buffer.byteLength(joined) <= DASH_AT) return joined;
  return line.startsWith(" ") && Buffer.byteLength(line) < DASH_AT ? `${line}\n` : "";
}

function isEvent(line: string, padded: boolean): boolean {
  const bytes = Buffer.from(`${line}\n`);
  const name = padded ? parseHeader(bytes, 0, DASH_AT, header) : findHeader(bytes, 0, bytes.length - 1, header);
  return name >= 0 && EVENT.test(bytes.toString("latin1", name, bytes.length - 1));
}

/** True if the reader waits for the line after this marker, because its last lines are short and begin with a space. */
export function endsOpen(marker: string): boolean {
  return marker.includes("\n") && marker.split("\n").slice(1).reduce(nowHeld, "") !== "";
}

/** Events that are printed without a name, and named by their text: system calls, and lines of the function tracer. */
const NAMED_BY_TEXT = /^(?:([A-Za-z_]\w{0,127})(?:\(| -> )|[A-Za-z_][\w.]{0,127}(?: \[\w{1,64}\])? {1,8}<-\S)/;

/** Returns the text of an event that is not in the catalogue, as it was read. */
export function unknownText(name: string, text: string, points: PointTable): string {
  const words = oneLine(text);
  const match = NAMED_BY_TEXT.exec(words);
  if (match && (match[1] ?? "function") === name) return words;
  const safe = name.replaceAll(/[^\w.$-]/g, "_").slice(0, MAX_NAME) || "_";
  return `${points.byEvent(safe) ? `${safe}_` : safe}: ${words}`;
}
