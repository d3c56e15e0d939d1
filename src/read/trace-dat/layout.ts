/**
 * The layout of a ring-buffer page and of the word before each event, from the recording's `header_page` and
 * `header_event`. The kernel has not changed the second since 2.6.30; a file with another one is refused rather than
 * misread.
 */
import { TroubleError } from "../../base/trouble.js";
import { parseFields } from "./format.js";

/** Values of the length in the first word of an event: from here on they are kinds. */
export const PADDING = 29;
export const TIME_EXTEND = 30;
export const TIME_STAMP = 31;

export interface PageLayout {
  /** Offset of the 8 bytes of the page's time. */
  readonly timeAt: number;
  /** Offset and size of the word with the length of the page's used part (a long of the kernel). */
  readonly commitAt: number;
  readonly commitSize: 4 | 8;
  /** Offset of the events. */
  readonly dataAt: number;
  /** Bytes of a whole page. */
  readonly size: number;
}

export function pageLayout(headerPage: string, file: string): PageLayout {
  const { fields } = parseFields(headerPage);
  const timestamp = fields.get("timestamp");
  const commit = fields.get("commit");
  const data = fields.get("data");
  const known = timestamp?.size === 8 && (commit?.size === 4 || commit?.size === 8) && data !== undefined;
  const apart =
    known && timestamp.offset + 8 <= data.offset && commit.offset + commit.size <= data.offset && data.offset <= 256;
  if (!known || !apart)
    throw new TroubleError(
      "damaged: its header_page has not the fields timestamp, commit and data of a ring buffer",
      file,
    );
  return {
    timeAt: timestamp.offset,
    commitAt: commit.offset,
    commitSize: commit.size === 4 ? 4 : 8,
    dataAt: data.offset,
    size: data.offset + data.size,
  };
}

export function checkEventHeader(headerEvent: string, file: string): void {
  const bits = (name: string): number =>
    Number(new RegExp(`\\b${name}\\s*:\\s*(\\d{1,3}) bits`).exec(headerEvent)?.[1]);
  const kind = (name: string): number =>
    Number(new RegExp(`\\b${name}\\s*:\\s*type == (\\d{1,3})`).exec(headerEvent)?.[1] ?? Number.NaN);
  // Kernels before 4.16 had no absolute stamps and did not list their kind.
  const stamp = kind("time_stamp");
  const same =
    bits("type_len") === 5 &&
    bits("time_delta") === 27 &&
    bits("array") === 32 &&
    kind("padding") === PADDING &&
    kind("time_extend") === TIME_EXTEND &&
    (Number.isNaN(stamp) || stamp === TIME_STAMP);
  if (!same)
    throw new TroubleError(
      "its events have another header than any kernel since 2.6.30 gives them; its header_event is not understood",
      file,
    );
}
