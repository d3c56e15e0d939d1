/** Reads scenarios. Errors name the line and say what would help. */
import { readFile } from "node:fs/promises";
import { TroubleError, printable } from "../read/trouble.js";
import { parseNumber } from "./number.js";
import type { Line, Operation, Scenario } from "./types.js";

const MAX_BYTES = 16 * 1024 * 1024;
/** A task's name holds so many bytes: the kernel cuts what is longer. */
const MAX_COMM = 15;

/** What each operation takes: words and numbers (`?` behind what may be left out). */
const GRAMMAR: Readonly<Record<string, readonly string[]>> = {
  load: ["module", "parameters…"],
  unload: ["module"],
  vm: ["name", "#type?"],
  gmem: ["name", "VM", "#size", "#flags?"],
  bind: ["VM", "#slot", "#gpa", "#size", "guest_memfd", "#offset?"],
  unbind: ["VM", "#slot"],
  dup: ["name", "descriptor"],
  close: ["descriptor"],
  allocate: ["descriptor", "#offset", "#length"],
  punch: ["descriptor", "#offset", "#length"],
  touch: ["descriptor", "#offset", "#length"],
  truncate: ["descriptor", "#size"],
  write: ["descriptor"],
  stat: ["descriptor"],
  refcnt: ["module"],
  nofile: ["#limit"],
  filemax: ["#limit"],
  dropcaps: [],
  raisecaps: [],
  fork: ["#ms?"],
  wait: [],
  sleep: ["#ms"],
  rcu: [],
  go: [],
  repeat: ["…"],
};
/** Operations in which an allocation can be made to fail. */
const FALLIBLE = new Set(["gmem", "bind", "unbind"]);

export async function readScenario(path: string): Promise<Scenario> {
  let bytes: Buffer;
  try {
    bytes = path === "-" ? await readAll(process.stdin) : await readFile(path);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new TroubleError(code === "ENOENT" ? "no such file" : code === "EISDIR" ? "a directory, not a scenario" : `cannot be read (${code ?? "error"})`, path, undefined, { cause: error });
  }
  if (bytes.length > MAX_BYTES) throw new TroubleError("larger than any scenario; is it a recording?", path);
  if (bytes.includes(0) || (bytes[0] === 0x1f && bytes[1] === 0x8b)) throw new TroubleError("binary, not a scenario: one operation a line, as `gmem g v 2M`", path, 1);
  return parseScenario(bytes.toString("utf8"), path);
}

async function readAll(input: AsyncIterable<Buffer | string>): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of input) {
    chunks.push(Buffer.from(chunk));
    if ((size += chunk.length) > MAX_BYTES) break;
  }
  return Buffer.concat(chunks);
}

/** Throws a `TroubleError` that names the line. */
export function parseScenario(text: string, path: string): Scenario {
  const lines: Line[] = [];
  const warnings: string[] = [];
  text.split("\n").forEach((raw, index) => {
    const parsed = parseLine(raw, index + 1, path, warnings);
    if (parsed) lines.push(parsed);
  });
  const lastGo = lines.findLast((line) => line.operation.type === "go")?.line ?? 0;
  const idle = lines.find((line) => line.thread !== undefined && line.line > lastGo);
  if (idle) warnings.push(`${path}:${idle.line}: thread ${printable(idle.thread!)} is never started: no \`go\` follows`);
  return { path, lines, warnings };
}

/** The scenario as text again. */
export function printScenario({ lines }: Scenario): string {
  return lines.map(({ thread, marker }) => `${thread === undefined ? "" : `@${thread} `}${marker}\n`).join("");
}

function parseLine(raw: string, line: number, path: string, warnings: string[]): Line | undefined {
  const trouble = (what: string): TroubleError => new TroubleError(what, path, line);
  const words = raw.split("#", 1)[0]!.split(/[ \t\r\f\v]+/).filter((word) => word !== "");
  let thread: string | undefined;
  if (words[0]?.startsWith("@")) {
    thread = words.shift()!.slice(1);
    if (thread === "") throw trouble("`@` without the name of a thread: write `@ta close g`");
    if (Buffer.byteLength(thread) > MAX_COMM) warnings.push(`${path}:${line}: thread ${printable(thread)} is longer than the ${MAX_COMM} bytes that a task's name holds`);
    if (words.length === 0) throw trouble(`thread ${printable(thread)} is given nothing to do`);
    if (words[0] === "go") throw trouble("a thread cannot start threads: write `go` without `@`");
  }
  if (words.length === 0) return undefined;
  const marker = words.join(" ");
  const last = words.at(-1)!;
  let fail: number | undefined;
  if (words.length > 1 && last.startsWith("fail=")) {
    const number = parseNumber(last.slice(5));
    if (typeof number === "string" || number < 1) throw trouble(`${printable(last)}: the number of the allocation that fails, from 1`);
    if (!FALLIBLE.has(words[0]!)) throw trouble(`fail=N is for ${[...FALLIBLE].join(", ")}; ${printable(words[0]!)} has nothing that it could make fail`);
    fail = number;
    words.pop();
  }
  const operation = parseOperation(words, trouble);
  return { line, text: words.join(" "), marker, operation, ...(thread === undefined ? {} : { thread }), ...(fail === undefined ? {} : { fail }) };
}

function parseOperation(words: readonly string[], trouble: (what: string) => TroubleError): Operation {
  const [type, ...rest] = words as [string, ...string[]];
  const grammar = Object.hasOwn(GRAMMAR, type) ? GRAMMAR[type]! : undefined;
  if (!grammar) throw trouble(`unknown operation ${printable(type)}; did you mean ${nearest(type)}?`);
  const usage = (): string => `${type} ${grammar.map((word) => (word.endsWith("?") ? `[${word.slice(0, -1).toUpperCase()}]` : word.toUpperCase())).join(" ").replaceAll("#", "")}`.trim();
  const open = grammar.at(-1)?.endsWith("…") ?? false;
  const needed = grammar.filter((word) => !word.endsWith("?") && !word.endsWith("…")).length;
  if (rest.length < needed) throw trouble(`${type} needs ${needed - rest.length === 1 ? "a word" : `${needed - rest.length} words`} more: ${usage()}`);
  if (!open && rest.length > grammar.length) throw trouble(`${type} takes no ${printable(JSON.stringify(rest[grammar.length]))}: ${usage()}`);
  const number = (at: number, otherwise = 0): number => {
    const word = rest[at];
    if (word === undefined) return otherwise;
    const value = parseNumber(word);
    if (typeof value === "string") throw trouble(`${grammar[at]!.replace(/[#?]/g, "")} ${printable(JSON.stringify(word))} ${value}`);
    return value;
  };
  const word = (at: number): string => rest[at]!;
  switch (type) {
    case "load":
      return { type, module: word(0), parameters: rest.slice(1).join(" ") };
    case "unload":
    case "refcnt":
      return { type, module: word(0) };
    case "vm":
      return { type, name: word(0), vmType: number(1) };
    case "gmem":
      return { type, name: word(0), vm: word(1), size: number(2), flags: number(3) };
    case "bind":
      return { type, vm: word(0), slot: number(1), gpa: number(2), size: number(3), gmem: word(4), offset: number(5) };
    case "unbind":
      return { type, vm: word(0), slot: number(1) };
    case "dup":
      return { type, name: word(0), of: word(1) };
    case "close":
    case "write":
    case "stat":
      return { type, of: word(0) };
    case "allocate":
    case "punch":
    case "touch":
      return { type, of: word(0), offset: number(1), length: number(2) };
    case "truncate":
      return { type, of: word(0), size: number(1) };
    case "nofile":
      return { type, limit: number(0) };
    case "filemax":
      return { type, limit: number(0), text: word(0) };
    case "fork":
    case "sleep":
      return { type, ms: number(0, 1) };
    case "dropcaps":
    case "raisecaps":
    case "wait":
    case "rcu":
    case "go":
    case "repeat":
      return { type };
    default:
      throw trouble(`unknown operation ${printable(type)}`);
  }
}

/** The operation whose name is spelled most alike. */
function nearest(type: string): string {
  const distances = Object.keys(GRAMMAR).map((name) => [distance(type.slice(0, 32), name), name] as const);
  return distances.reduce((best, next) => (next[0] < best[0] ? next : best))[1];
}

/** Edits from one word to another (Levenshtein). */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) next.push(Math.min(row[j]! + 1, next[j - 1]! + 1, row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1)));
    row = next;
  }
  return row[b.length]!;
}
