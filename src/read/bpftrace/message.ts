/** One line of `bpftrace -f json`, parsed by the rules of JSON but with numbers as they are written. */

/** An element of a printed tuple: a decimal as text, or a string as bytes of one character each. */
export type Element = { readonly number: string } | { readonly string: string };

export type Message =
  /** A tuple that the program printed. */
  | { readonly what: "tuple"; readonly elements: readonly Element[] }
  | { readonly what: "lost"; readonly count: number }
  /** A message of bpftrace itself, or of another program. */
  | { readonly what: "other" }
  | { readonly what: "no JSON" };

const TUPLE = /^\s*\{\s*"type"\s*:\s*"value"\s*,\s*"data"\s*:\s*\[([^]*)\]\s*\}\s*$/;
const ELEMENT = /\s*(?:("(?:[^"\\]|\\.)*")|(-?\d+))\s*(,|$)/y;
/**
 * bpftrace's escape for a byte above 0x7f if its characters are signed: `\uffffffc3`, which JSON reads as something
 * else.
 */
const SIGNED_BYTE = /((?:^|[^\\])(?:\\\\)*)\\uffffff([89a-f][\da-f])/g;

/** Reads a line, as text of one character a byte. */
export function parseMessage(line: string): Message {
  let parsed: unknown;
  try {
    parsed = JSON.parse(line);
  } catch {
    return { what: "no JSON" };
  }
  if (typeof parsed !== "object" || parsed === null) return { what: "no JSON" };
  const { type, data } = parsed as { readonly type?: unknown; readonly data?: unknown };
  if (type === "lost_events" && typeof data === "object" && data !== null) {
    const { events } = data as { readonly events?: unknown };
    return {
      what: "lost",
      count: typeof events === "number" && Number.isSafeInteger(events) && events > 0 ? events : 0,
    };
  }
  const tuple = TUPLE.exec(line);
  const elements = tuple ? elementsOf(tuple[1]!) : undefined;
  return elements ? { what: "tuple", elements } : { what: "other" };
}

/** Returns the elements of a flat array; `undefined` if it contains other values. */
function elementsOf(text: string): readonly Element[] | undefined {
  const elements: Element[] = [];
  ELEMENT.lastIndex = 0;
  for (let match = ELEMENT.exec(text); match; match = ELEMENT.exec(text)) {
    elements.push(match[2] === undefined ? { string: unescaped(match[1]!) } : { number: match[2] });
    if (match[3] === "") return elements;
  }
  return undefined;
}

function unescaped(quoted: string): string {
  // Each pass replaces every second of adjacent bytes.
  let text = quoted;
  for (let before = ""; before !== text; ) {
    before = text;
    text = text.replace(SIGNED_BYTE, "$1\\u00$2");
  }
  return JSON.parse(text) as string;
}
