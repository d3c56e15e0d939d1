/**
 * Texts that anybody may have chosen (tasks' names, strings, markers, places) in a format that escapes nothing. Each
 * function gives the text as it is written: the same one if `read/ftrace` reads it back, and else one in which `?`
 * stands for what it cannot. The rules are the reader's own (`lines.ts`, `slow-body.ts`), seen from the other side.
 */
import type { PointTable } from "../../events/points.js";
import type { CompiledPoint } from "../read/ftrace/compiled.js";
import { DASH_AT, Header, findHeader, parseHeader } from "../read/ftrace/header.js";
import { parseBody } from "../read/ftrace/slow-body.js";

/**
 * Characters of one text: three bytes each, and there is still room for the rest of a line of the reader's megabyte.
 */
export const MAX_TEXT = 1 << 18;
/** Lines that the reader joins for a string, and bytes for any text, the rest of the event's first line among them. */
const MAX_STRING_LINES = 8;
const MAX_JOINED_BYTES = 60 * 1024;
const MAX_COMM = 15;
const MAX_NAME = 128;
const REPLACED = "?";

const header = new Header();

/**
 * A task's name, padded to 16 bytes. A line feed is safe if the reader cannot take the first line for an event or for
 * part of a stack dump. `strict`: behind a line that the reader still holds, where a bracket could make an event of
 * both.
 */
export function taskText(comm: string, strict: boolean): string {
  let text = comm.replaceAll(/\r(?=\n)/g, REPLACED);
  // What was no UTF-8 has grown threefold.
  if (Buffer.byteLength(text) > MAX_COMM) text = text.replaceAll("\ufffd", REPLACED);
  while (Buffer.byteLength(text) > MAX_COMM) text = Array.from(text).slice(0, -1).join("");
  if (strict || text.includes("[") || text.startsWith("=> ")) text = text.replaceAll("\n", REPLACED);
  if (strict) text = text.replaceAll("[", REPLACED);
  return " ".repeat(DASH_AT - Buffer.byteLength(text)) + text;
}

/** What stands between an event's parentheses: the reader ends it at the first that closes. */
export function placeText(place: string): string {
  return place.replaceAll(/[)\n]/g, REPLACED);
}

/** A text that ends with its line, where a carriage return would pass for the line's own end. */
export function oneLine(text: string): string {
  return text.slice(0, MAX_TEXT).replaceAll("\n", REPLACED).replace(/\r$/, REPLACED);
}

/** A string between quotes: line feeds stay for now, see `readsBack`. */
export function quotable(text: string): string {
  return text.slice(0, MAX_TEXT).replaceAll(/\r(?=\n)/g, REPLACED);
}

/**
 * Whether the reader finds the same values in an event's text (`(place) name="…" …`) again. It takes the first line for
 * the whole event if it can, and else joins lines until they are one: neither must happen too early.
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

/** What makes a line behind a header an event, or the head of a stack dump. */
const EVENT = /^(?:[\w.$-]{1,128}:(?: |$)|[A-Za-z_]\w*(?:\(| -> )|\S+(?: \[[^\]\s]+\])? +<-\S|<(?:user )?stack trace>)/;
const CONTROL = /^(?: *CPU:\d{1,5} \[LOST (?:\d{1,15} )?EVENTS\]|#+ CPU \d{1,5} buffer started #+) *$/;

/** A marker's text; its further lines are its own as long as the reader can take none of them for anything else. */
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
 * Lines that the reader keeps back when it has seen `line`: short ones may begin a task's name that has a line feed.
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

/** Whether the reader waits for the line behind this marker, because its last ones are short and begin with a space. */
export function endsOpen(marker: string): boolean {
  return marker.includes("\n") && marker.split("\n").slice(1).reduce(nowHeld, "") !== "";
}

/** What is printed with no name before it, and named by what it says: system calls, and the function tracer's lines. */
const NAMED_BY_TEXT = /^(?:([A-Za-z_]\w{0,127})(?:\(| -> )|[A-Za-z_][\w.]{0,127}(?: \[\w{1,64}\])? {1,8}<-\S)/;

/** An event that is not in the catalogue, as its text was kept. */
export function unknownText(name: string, text: string, points: PointTable): string {
  const words = oneLine(text);
  const match = NAMED_BY_TEXT.exec(words);
  if (match && (match[1] ?? "function") === name) return words;
  const safe = name.replaceAll(/[^\w.$-]/g, "_").slice(0, MAX_NAME) || "_";
  return `${points.byEvent(safe) ? `${safe}_` : safe}: ${words}`;
}
