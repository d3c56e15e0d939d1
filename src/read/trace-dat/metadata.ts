/** The parts that both versions have in common, in version 6 one after the other and in version 7 a section each. */
import type { FormatText } from "./contents.js";
import type { Cursor } from "./cursor.js";

const PAGE_TITLE = "header_page";
const EVENT_TITLE = "header_event";

/** Reads `header_page` and `header_event`: the layout of a page, and of the word before each event. */
export function readHeaders(cursor: Cursor): { readonly headerPage: string; readonly headerEvent: string } {
  return { headerPage: titled(cursor, PAGE_TITLE), headerEvent: titled(cursor, EVENT_TITLE) };
}

function titled(cursor: Cursor, title: string): string {
  const found = cursor.text(Math.min(title.length + 1, cursor.left), title);
  if (found !== `${title}\0`) throw cursor.trouble(`${title} should stand there`);
  return cursor.text(cursor.u64(title), title);
}

/** Reads the formats of ftrace's own events. */
export function readFtraceFormats(cursor: Cursor): FormatText[] {
  const formats: FormatText[] = [];
  for (let count = cursor.u32("the number of formats"); count > 0; count--) formats.push(readFormat("ftrace", cursor));
  return formats;
}

/** Reads the formats of the events, by system. */
export function readEventFormats(cursor: Cursor): FormatText[] {
  const formats: FormatText[] = [];
  for (let systems = cursor.u32("the number of systems"); systems > 0; systems--) {
    const system = cursor.string("the name of a system");
    for (let count = cursor.u32("the number of formats"); count > 0; count--) formats.push(readFormat(system, cursor));
  }
  return formats;
}

function readFormat(system: string, cursor: Cursor): FormatText {
  return { system, text: cursor.text(cursor.u64("a format"), "a format") };
}
