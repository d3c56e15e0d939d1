/** Parses the range of a request (RFC 9110, section 14). */
import type { IncomingHttpHeaders } from "node:http";

/** Offsets of the first byte and of the last. */
export type Range = readonly [first: number, last: number];

/**
 * Returns `undefined` for all of it, and `"none"` for a range outside the content or for several ranges, which are not
 * served. A range of another unit is ignored, and so is one that depends on a version (`If-Range`): nothing here has
 * any.
 */
export function rangeOf(headers: IncomingHttpHeaders, size: number): Range | "none" | undefined {
  const { range } = headers;
  if (range === undefined || headers["if-range"] !== undefined || !/^bytes=/i.test(range)) return undefined;
  const [, from, to] = /^bytes=(\d*)-(\d*)$/i.exec(range) ?? [];
  if (from === undefined || to === undefined || (from === "" && to === "")) return "none";
  // bytes=-100: the last hundred.
  const first = from === "" ? Math.max(0, size - Number(to)) : Number(from);
  const last = from === "" || to === "" ? size - 1 : Math.min(Number(to), size - 1);
  return first <= last && first < size ? [first, last] : "none";
}
