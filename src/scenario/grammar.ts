/** The grammar of a line: the operations, their parameters, and the defaults of optional ones. */
import { printable } from "../base/trouble.js";
import { parseNumber } from "./number.js";
import type { Line, Operation } from "./types.js";

/** A word of an operation. */
interface Parameter {
  readonly name: string;
  /** It may be left out. */
  readonly optional?: true;
  /** Any number of words may stand here. */
  readonly rest?: true;
  /** Bytes that the interpreter keeps of it; absent if it is not the name of a variable. */
  readonly bytes?: number;
}

const name = (of: string, bytes = MAX_NAME): Parameter => ({ name: of, bytes });
const word = (of: string): Parameter => ({ name: of });
const optional = (of: string): Parameter => ({ name: of, optional: true });
const rest = (of: string): Parameter => ({ name: of, optional: true, rest: true });

/** Bytes of a variable's name: the interpreter keeps fewer of a longer one and never finds it again. */
export const MAX_NAME = 31;
/** The suffix of the name of one end of a pair of sockets; the other is `.1`. */
const END = ".0";

const RANGE = [name("G"), word("OFFSET"), word("LENGTH")];

const GRAMMAR: Readonly<Record<Operation["type"], readonly Parameter[]>> = {
  load: [word("M"), rest("PARAMETERS")],
  unload: [word("M")],
  vm: [name("V"), optional("TYPE")],
  gmem: [name("G"), name("V"), word("SIZE"), optional("FLAGS")],
  bind: [name("V"), word("SLOT"), word("GPA"), word("SIZE"), name("G"), optional("OFFSET")],
  unbind: [name("V"), word("SLOT")],
  dup: [name("NEW"), name("OLD")],
  dup2: [name("OVER"), name("OLD")],
  dupto: [name("NEW"), word("N"), name("OLD")],
  dupfd: [name("NEW"), name("OLD"), word("FROM")],
  dupmany: [name("OLD"), word("TIMES")],
  closerange: [word("FIRST"), word("LAST"), optional("FLAGS")],
  cloexec: [name("G")],
  close: [name("G")],
  allocate: RANGE,
  punch: RANGE,
  touch: RANGE,
  map: [name("MAPPING"), ...RANGE],
  mapprivate: RANGE,
  mapexec: RANGE,
  poke: [name("MAPPING")],
  protectexec: [name("MAPPING")],
  unmap: [name("MAPPING")],
  truncate: [name("G"), word("SIZE")],
  write: [name("G")],
  stat: [name("G")],
  statfs: [name("G")],
  getfl: [name("G")],
  refcnt: [word("M")],
  nofile: [word("N")],
  filemax: [word("N")],
  dropcaps: [],
  raisecaps: [],
  socket: [name("S", MAX_NAME - END.length)],
  send: [name("S.N"), name("G")],
  recv: [name("S.N"), name("NEW")],
  unsharefiles: [],
  fork: [optional("MS")],
  exec: [optional("MS")],
  vfork: [optional("MS")],
  execself: [name("G")],
  execveat: [name("G")],
  child: [word("OPERATION"), rest("WORDS")],
  wait: [],
  sleep: [word("MS")],
  rcu: [],
  go: [],
  // Does nothing, whatever its words.
  repeat: [rest("WORDS")],
};

/**
 * Operations that `fail=N` is armed for. The interpreter takes it for any, and leaves a descriptor open where it is
 * not.
 */
export const FALLIBLE: readonly string[] = ["gmem", "bind", "unbind"] satisfies Operation["type"][];

/** Operations that only the scenario's own process can carry out. */
const NOT_FOR_CHILDREN: readonly string[] = ["child", "go"] satisfies Operation["type"][];

/** usleep(3) takes microseconds in 32 bits. */
const MAX_MS = 4_294_967;
const MAX_QUOTED = 40;

/** Says what is wrong with a line; the caller adds the line's number. */
export class GrammarError extends Error {}

/** The operation that the words name, and the number of its line; throws a `GrammarError`. */
export function parseOperation(words: readonly [string, ...string[]], line: number): Operation {
  const [type, ...given] = words;
  if (!isOperation(type)) throw new GrammarError(`unknown operation ${shown(type)}; ${suggest(type)}`);
  const parameters = GRAMMAR[type];
  check(type, parameters, given);
  const at = (k: number): string => given[k]!;
  const number = (k: number, otherwise = 0): number =>
    k < given.length ? numberOf(at(k), parameters[k]!.name, type) : otherwise;
  switch (type) {
    case "load":
      return { type, module: at(0), parameters: given.slice(1).join(" ") };
    case "unload":
    case "refcnt":
      return { type, module: at(0) };
    case "vm":
      return { type, name: at(0), vmType: number(1) };
    case "gmem":
      return { type, name: at(0), vm: at(1), size: number(2), flags: number(3) };
    case "bind":
      return { type, vm: at(0), slot: number(1), gpa: number(2), size: number(3), gmem: at(4), offset: number(5) };
    case "unbind":
      return { type, vm: at(0), slot: number(1) };
    case "dup":
    case "dup2":
      return { type, name: at(0), of: at(1) };
    case "dupto":
      return { type, name: at(0), fd: int32(number(1)), of: at(2) };
    case "dupfd":
      return { type, name: at(0), of: at(1), from: int32(number(2)) };
    case "dupmany":
      return { type, of: at(0), times: int32(number(1)) };
    case "closerange":
      return { type, first: uint32(number(0)), last: uint32(number(1)), flags: uint32(number(2)) };
    case "close":
    case "cloexec":
    case "write":
    case "stat":
    case "statfs":
    case "getfl":
    case "execself":
    case "execveat":
      return { type, of: at(0) };
    case "socket":
    case "poke":
    case "protectexec":
    case "unmap":
      return { type, name: at(0) };
    case "send":
      return { type, socket: at(0), of: at(1) };
    case "recv":
      return { type, socket: at(0), name: at(1) };
    case "map":
      return { type, name: at(0), of: at(1), offset: number(2), length: number(3) };
    case "allocate":
    case "punch":
    case "touch":
    case "mapprivate":
    case "mapexec":
      return { type, of: at(0), offset: number(1), length: number(2) };
    case "truncate":
      return { type, of: at(0), size: number(1) };
    case "nofile":
      return { type, limit: number(0) };
    case "filemax":
      return { type, limit: number(0), text: at(0) };
    case "fork":
    case "sleep":
      return { type, ms: milliseconds(number(0, 1), type) };
    case "exec":
    case "vfork":
      return { type, ms: milliseconds(given.length > 0 ? decimal(at(0), type) : 1, type) };
    case "child":
      return { type, line: lineOfChild(given as [string, ...string[]], line) };
    case "dropcaps":
    case "raisecaps":
    case "unsharefiles":
    case "wait":
    case "rcu":
    case "go":
    case "repeat":
      return { type };
  }
}

export function quote(text: string): string {
  return `"${shown(text)}"`;
}

/** A word of a scenario as errors show it: escaped, and not at any length. */
function shown(text: string): string {
  return printable(text.length > MAX_QUOTED ? `${text.slice(0, MAX_QUOTED)}…` : text);
}

function isOperation(type: string): type is Operation["type"] {
  return Object.hasOwn(GRAMMAR, type);
}

function check(type: string, parameters: readonly Parameter[], given: readonly string[]): void {
  const usage = [
    type,
    ...parameters.map((parameter) =>
      parameter.optional ? `[${parameter.name}${parameter.rest ? "…" : ""}]` : parameter.name,
    ),
  ].join(" ");
  const missing = parameters.slice(given.length).filter((parameter) => !parameter.optional);
  if (missing.length > 0)
    throw new GrammarError(
      `${type} without ${missing.map((parameter) => parameter.name).join(" and ")}; write ${usage}`,
    );
  if (given.length > parameters.length && !parameters.at(-1)?.rest)
    throw new GrammarError(`${quote(given[parameters.length]!)} is one word too many; write ${usage}`);
  parameters.forEach((parameter, k) => {
    const { bytes } = parameter;
    if (bytes === undefined || Buffer.byteLength(given[k]!) <= bytes) return;
    throw new GrammarError(`the name ${quote(given[k]!)} is too long; use at most ${bytes} bytes`);
  });
}

function numberOf(text: string, parameter: string, type: string): number {
  const value = parseNumber(text);
  if (typeof value === "string") throw new GrammarError(`${parameter} of ${type}: ${quote(text)} ${value}`);
  return value;
}

/** Truncates a number as a C program does that passes it as an `int`. */
function int32(value: number): number {
  return value | 0;
}

function uint32(value: number): number {
  return value >>> 0;
}

/** A number that is passed to the new program as a word, which it reads with atoi(3). */
function decimal(text: string, type: string): number {
  if (/^(?:0|[1-9][0-9]*)$/.test(text)) return Number(text);
  throw new GrammarError(`MS of ${type}: ${quote(text)} is handed to the new program as it is; write decimal digits`);
}

function lineOfChild(words: readonly [string, ...string[]], line: number): Line {
  if (NOT_FOR_CHILDREN.includes(words[0])) {
    throw new GrammarError(`${words[0]} is not for a child; write it on a line of its own`);
  }
  const text = words.join(" ");
  return { line, text, marker: text, operation: parseOperation(words, line) };
}

function milliseconds(ms: number, type: string): number {
  if (ms < 0 || ms > MAX_MS) throw new GrammarError(`MS of ${type}: ${ms} is no time to sleep; use 0 to ${MAX_MS}`);
  return ms;
}

/** The operation that is spelled most alike, or all of them where none is. */
function suggest(type: string): string {
  const known = Object.keys(GRAMMAR);
  const distances = known.map((of) => ({ of, edits: distance(type.slice(0, MAX_QUOTED).toLowerCase(), of) }));
  const nearest = distances.reduce((best, next) => (next.edits < best.edits ? next : best));
  return nearest.edits <= Math.max(1, Math.floor(nearest.of.length / 2))
    ? `did you mean ${nearest.of}?`
    : `there are ${known.join(", ")}`;
}

/** Edits from one word to another (Levenshtein). */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++)
      next.push(Math.min(row[j]! + 1, next[j - 1]! + 1, row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1)));
    row = next;
  }
  return row[b.length]!;
}
