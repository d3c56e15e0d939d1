/**
 * The body of a kprobe event as `trace-cmd report -R` prints it, field by field: `__probe_ip=ffffffff817bea54
 * dentry=0xffff…`, for a return `__probe_func=… __probe_ret_ip=…`. Strings have no quotes, so one ends where the rest
 * of the event's arguments can be read, at the last such place. Arguments that are not the catalogue's are recognised
 * only if none is a string: a string could contain text that looks like the next one.
 */
import { type CompiledPoint, STRING } from "../ftrace/compiled.js";
import type { Body, PrintedArgument } from "../ftrace/slow-body.js";

const ENTRY = /^__probe_ip=([\da-f]{1,16})(?= |$)/;
const RETURN = /^__probe_func=([\da-f]{1,16}) __probe_ret_ip=([\da-f]{1,16})(?= |$)/;
const NUMBER = /^ *(-?\d{1,20}|0x[\da-fA-F]{1,16})(?= |$)/;
const FIELD = / (\w+)= *(-?\d{1,20}|0x[\da-fA-F]{1,16})(?= |$)/y;
/** Places of one line that are tried as a string's end. */
const MAX_ENDS = 64;

/** Parses the body, as text of one character a byte; `undefined` if it is none of `-R`. */
export function parseRawBody(text: string, point: CompiledPoint): Body | undefined {
  const entry = ENTRY.exec(text);
  const returned = entry ? undefined : RETURN.exec(text);
  const head = entry ?? returned;
  if (!head) return undefined;
  const place = returned ? `${returned[1]!} <- ${returned[2]!}` : head[1]!;
  const values = point.args.map((): string | undefined => undefined);
  const complete = inOrder(text.slice(head[0].length), 0, point, 0, values);
  if (complete) return { place, values, complete, unterminated: false, leftover: false, printed: [], hasOthers: false };
  values.fill(undefined);
  const printed = point.hasStrings ? undefined : numbersOf(text.slice(head[0].length));
  if (printed === undefined) {
    return { place, values, complete, unterminated: point.hasStrings, leftover: true, printed: [], hasOthers: false };
  }
  let hasOthers = false;
  for (const { name, value } of printed) {
    const k = point.args.findIndex((arg) => arg.name === name);
    if (k >= 0) values[k] ??= value;
    else hasOthers = true;
  }
  return { place, values, complete, unterminated: false, leftover: false, printed, hasOthers };
}

/** Returns fields with their numbers, whatever their names; `undefined` if there is any other text. */
function numbersOf(text: string): readonly PrintedArgument[] | undefined {
  const printed: PrintedArgument[] = [];
  FIELD.lastIndex = 0;
  for (let p = 0; p < text.length; p = FIELD.lastIndex) {
    const field = FIELD.exec(text);
    if (!field) return /^ *$/.test(text.slice(p)) ? printed : undefined;
    printed.push({ name: field[1]!, value: field[2]! });
  }
  return printed;
}

function inOrder(text: string, p: number, point: CompiledPoint, k: number, values: (string | undefined)[]): boolean {
  if (k === point.args.length) return /^ *$/.test(text.slice(p));
  const arg = point.args[k]!;
  const key = ` ${arg.name}=`;
  if (!text.startsWith(key, p)) return false;
  const start = p + key.length;
  if (arg.kind !== STRING) {
    const number = NUMBER.exec(text.slice(start, start + 40));
    if (!number) return false;
    values[k] = number[1]!;
    return inOrder(text, start + number[0].length, point, k + 1, values);
  }
  if (k === point.args.length - 1) {
    values[k] = `"${text.slice(start)}"`;
    return true;
  }
  const next = ` ${point.args[k + 1]!.name}=`;
  let end = text.length;
  for (let tries = 0; tries < MAX_ENDS && end > start; tries++) {
    end = text.lastIndexOf(next, end - 1);
    if (end < start) return false;
    values[k] = `"${text.slice(start, end)}"`;
    if (inOrder(text, end, point, k + 1, values)) return true;
  }
  return false;
}
