/**
 * The body of an event that is not in the catalogue's form: strings that contain quotes, arguments in another order,
 * missing, cut, too many or too big. Works on a line as text of one character a byte.
 *
 * ftrace does not escape what it prints, so the catalogue decides where a string ends: at the last quote after which
 * the rest of the event's arguments can be read.
 */
import { STRING, type CompiledArgument, type CompiledPoint } from "./compiled.js";
import { isNumber } from "./words.js";

/** Quotes of one line that are tried as a string's end; a line with more is no probe's. */
const MAX_QUOTES = 64;

/** The values of an event's arguments as text: `undefined` is absent, a string is kept with its quotes. */
export interface Body {
  readonly place: string | undefined;
  readonly values: (string | undefined)[];
  /** Every argument is present, in order, and no text remains. */
  readonly complete: boolean;
  /** A string has no end in this text; the next line may have it. */
  readonly unterminated: boolean;
  /** Part of the text was not understood. */
  readonly leftover: boolean;
  /** All arguments as they are printed, whatever their names; none if the event is complete. */
  readonly printed: readonly PrintedArgument[];
  /** One of these has a name that the catalogue does not have. */
  readonly hasOthers: boolean;
}

export interface PrintedArgument {
  readonly name: string;
  readonly value: string;
}

type Found = Omit<Body, "place" | "values" | "complete">;

const COMPLETE = { complete: true, unterminated: false, leftover: false, printed: [], hasOthers: false } as const;

/**
 * True if the text belongs to one of the kernel's own events under a probe's name: a probe prints its place, or
 * arguments alone. `kvm_exit: vcpu 0 reason hlt …` is the exit of a guest, not of the module.
 */
export function isOfAnother(text: string, { print }: CompiledPoint): boolean {
  return print === undefined && text !== "" && !/^(?:\(|\w+=)/.test(text);
}

export function parseBody(text: string, point: CompiledPoint): Body {
  const printed = point.print?.exec(text);
  if (printed) {
    const values = point.args.map((arg, k) => printedValue(arg, printed[k + 1]!));
    return { ...COMPLETE, place: undefined, values };
  }
  let place: string | undefined;
  let rest = ` ${text}`;
  if (text.startsWith("(")) {
    const close = text.indexOf(")");
    const end = text.indexOf("\n");
    if (close >= 0 && (end < 0 || close < end)) {
      place = text.slice(1, close);
      rest = text.slice(close + 1);
    }
  } else if (text === "") {
    rest = "";
  }
  const values = point.args.map((): string | undefined => undefined);
  if (inOrder(rest, 0, point, 0, values)) return { ...COMPLETE, place, values };
  values.fill(undefined);
  return { place, values, complete: false, ...byName(rest, point, values) };
}

/** Converts a value of one of the kernel's own events to the form in which a probe would have printed it. */
function printedValue(arg: CompiledArgument, text: string): string {
  if (arg.kind === STRING) return `"${text}"`;
  return arg.hexadecimal && !text.startsWith("0x") ? `0x${text}` : text;
}

/** Reads arguments from `k` on from `text` at `p`, in order, up to the end of the text. */
function inOrder(text: string, p: number, point: CompiledPoint, k: number, values: (string | undefined)[]): boolean {
  if (k === point.args.length) return areExtras(text, p);
  const arg = point.args[k]!;
  const key = ` ${arg.name}=`;
  if (!text.startsWith(key, p)) return false;
  const start = p + key.length;
  if (arg.kind === STRING && text[start] === '"') {
    let quote = text.length;
    for (let tries = 0; tries < MAX_QUOTES; tries++) {
      quote = text.lastIndexOf('"', quote - 1);
      if (quote <= start) return false;
      values[k] = text.slice(start, quote + 1);
      if (inOrder(text, quote + 1, point, k + 1, values)) return true;
    }
    return false;
  }
  const end = endOfWord(text, start);
  const word = text.slice(start, end);
  if (word !== "(fault)" && (arg.kind === STRING || !isNumber(word))) return false;
  values[k] = word;
  return inOrder(text, end, point, k + 1, values);
}

/** True if the rest is only ` name=value` of arguments that the catalogue does not have. */
function areExtras(text: string, from: number): boolean {
  let p = from;
  while (p < text.length) {
    const value = endOfKey(text, p);
    if (value < 0) return false;
    p = endOfWord(text, value);
    const quote = text.indexOf('"', value);
    if (quote >= 0 && quote < p) return false;
  }
  return true;
}

/** Reads as much as possible: arguments by their names, the first of a name counts. */
function byName(text: string, point: CompiledPoint, values: (string | undefined)[]): Found {
  const printed: PrintedArgument[] = [];
  let hasOthers = false;
  let p = 0;
  while (p < text.length) {
    const value = endOfKey(text, p);
    if (value < 0) return { unterminated: false, leftover: true, printed, hasOthers };
    const name = text.slice(p + 1, value - 1);
    const k = point.args.findIndex((arg) => arg.name === name);
    let end = endOfWord(text, value);
    let unterminated = false;
    if (text[value] === '"') {
      end = endOfString(text, value, name, point);
      unterminated = end < 0;
      if (unterminated) end = text.length;
    }
    const word = text.slice(value, end);
    if (k < 0) {
      printed.push({ name, value: word });
      hasOthers = true;
    } else if (values[k] === undefined) {
      values[k] = word + (unterminated ? '"' : "");
      printed.push({ name, value: word });
    }
    if (unterminated) return { unterminated, leftover: false, printed, hasOthers };
    p = end;
  }
  return { unterminated: false, leftover: false, printed, hasOthers };
}

/**
 * Returns the position after the last quote at the end of the text, or before another of the point's arguments, or
 * before plain ones only; -1 if there is none.
 */
function endOfString(text: string, start: number, name: string, point: CompiledPoint): number {
  let quote = text.length;
  for (let tries = 0; tries < MAX_QUOTES; tries++) {
    quote = text.lastIndexOf('"', quote - 1);
    if (quote <= start) return -1;
    if (quote + 1 === text.length) return quote + 1;
    const value = endOfKey(text, quote + 1);
    if (value < 0) continue;
    const next = text.slice(quote + 2, value - 1);
    if (next !== name && point.args.some((arg) => arg.name === next)) return quote + 1;
    if (areExtras(text, quote + 1)) return quote + 1;
  }
  return -1;
}

/** Returns the start of the value if ` name=` stands at `p`; -1 if it does not. */
function endOfKey(text: string, p: number): number {
  if (text[p] !== " ") return -1;
  let end = p + 1;
  while (isWordCharacter(text.charCodeAt(end))) end++;
  return end > p + 1 && text[end] === "=" ? end + 1 : -1;
}

function endOfWord(text: string, p: number): number {
  const space = text.indexOf(" ", p);
  return space < 0 ? text.length : space;
}

function isWordCharacter(code: number): boolean {
  return (
    (code >= 0x61 && code <= 0x7a) || (code >= 0x41 && code <= 0x5a) || (code >= 0x30 && code <= 0x39) || code === 0x5f
  );
}
