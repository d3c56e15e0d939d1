/**
 * Reads scenarios, and prints them. Rejects input that the interpreter of scenarios (the C program that was recorded)
 * would silently cut, misread or overflow on, so that a scenario means the same to both.
 */
import { isUtf8 } from "node:buffer";
import { createReadStream } from "node:fs";
import { detectFormat } from "../read/detect.js";
import { HEAD_BYTES } from "../read/source.js";
import { TroubleError, printable } from "../base/trouble.js";
import { FALLIBLE, GrammarError, MAX_NAME, parseOperation, quote } from "./grammar.js";
import { parseNumber } from "./number.js";
import type { Line, Scenario } from "./types.js";

const MAX_BYTES = 16 * 1024 * 1024;
/** Bytes of a line, comment and all: the interpreter takes the rest for another line. */
const MAX_LINE = 511;
/** Bytes of a line's words: of more it prints only the beginning. */
const MAX_WORDS_BYTES = 200;
const MAX_WORDS = 24;
/** Threads between two `go`, and lines of one. */
const MAX_THREADS = 32;
const MAX_THREAD_LINES = 256;
/** Bytes of a task's name: the kernel truncates longer ones. */
const MAX_COMM = 15;
const EXAMPLE = "a scenario is text, one operation a line, as in: gmem g v 2M";

/**
 * Reads the scenario at `path`, or standard input for `-`.
 *
 * @throws {TroubleError} If a line is malformed, naming it, or the file cannot be read.
 */
export async function readScenario(path: string): Promise<Scenario> {
  const bytes = await readBytes(path);
  if (bytes[0] === 0x1f && bytes[1] === 0x8b) throw new TroubleError(`compressed with gzip; ${EXAMPLE}`, path);
  const recording = formatOf(bytes.subarray(0, HEAD_BYTES), path);
  if (bytes.includes(0) || !isUtf8(bytes))
    throw new TroubleError(recording ?? `binary, or text that is not UTF-8; ${EXAMPLE}`, path);
  let scenario: Scenario;
  try {
    scenario = parseScenario(bytes.toString("utf8"), path);
  } catch (error) {
    throw error instanceof TroubleError && recording !== undefined
      ? new TroubleError(recording, path, undefined, { cause: error })
      : error;
  }
  // An empty recording is nothing but comments.
  if (scenario.lines.length === 0 && recording !== undefined) throw new TroubleError(recording, path);
  return scenario;
}

/**
 * Reads a scenario from its text. Oddities are in the scenario's warnings.
 *
 * @throws {TroubleError} If a line is malformed, naming `path` and the line.
 */
export function parseScenario(text: string, path: string): Scenario {
  const lines: Line[] = [];
  const warnings: string[] = [];
  const queue = new Queue();
  const warn = (line: number, what: string): void => void warnings.push(`${path}:${line}: ${what}`);
  const rows = (text.startsWith("\ufeff") ? text.slice(1) : text).split("\n");
  rows.forEach((row, index) => {
    const number = index + 1;
    try {
      const line = parseLine(row, number);
      if (!line) return;
      lines.push(line);
      if (line.thread !== undefined) {
        if (queue.add(line.thread, number) && Buffer.byteLength(line.thread) > MAX_COMM)
          warn(
            number,
            `thread ${quote(line.thread)} will be known by its first ${MAX_COMM} bytes: the kernel keeps no more of a task's name`,
          );
      } else if (line.operation.type === "go") {
        if (queue.size === 0) warn(number, "go has no thread to start; queue lines before it: @ta close g");
        queue.clear();
      }
    } catch (error) {
      throw error instanceof GrammarError ? new TroubleError(error.message, path, number) : error;
    }
  });
  for (const [thread, line] of queue.waiting())
    warn(line, `thread ${quote(thread)} is never started; write go behind its lines`);
  if (lines.length === 0) warnings.push(`${path}: no operation in it`);
  return { path, lines, warnings };
}

/**
 * The scenario as text that parses to the same: blank lines stand where comments were, so that each line keeps its
 * number.
 */
export function printScenario({ lines }: Scenario): string {
  const rows: string[] = [];
  for (const { line, thread, marker } of lines) {
    while (rows.length < line - 1) rows.push("");
    rows.push(thread === undefined ? marker : `@${thread} ${marker}`);
  }
  return rows.map((row) => `${row}\n`).join("");
}

/** Threads that wait for the next `go`: the lines of each. */
class Queue {
  private readonly threads = new Map<string, { readonly first: number; count: number }>();

  get size(): number {
    return this.threads.size;
  }

  /** Queues a line for a thread; true if the thread is a new one. */
  add(thread: string, line: number): boolean {
    const known = this.threads.get(thread);
    if (known && ++known.count > MAX_THREAD_LINES)
      throw new GrammarError(`thread ${quote(thread)} has more than ${MAX_THREAD_LINES} lines; write go between them`);
    if (known) return false;
    if (this.threads.size === MAX_THREADS)
      throw new GrammarError(`more than ${MAX_THREADS} threads; write go between them`);
    this.threads.set(thread, { first: line, count: 1 });
    return true;
  }

  clear(): void {
    this.threads.clear();
  }

  /** Each thread with its first line. */
  waiting(): [thread: string, line: number][] {
    return [...this.threads].map(([thread, { first }]) => [thread, first]);
  }
}

/** Parses a row; returns nothing if it is blank or a comment. Throws a `GrammarError`. */
function parseLine(row: string, line: number): Line | undefined {
  if (Buffer.byteLength(row) > MAX_LINE)
    throw new GrammarError(`the line is longer than ${MAX_LINE} bytes; break the comment, or use shorter names`);
  const words = wordsOf(row);
  const thread = words[0]?.startsWith("@") ? threadOf(words.shift()!, words) : undefined;
  if (words.length === 0) return undefined;
  const marker = words.join(" ");
  if (words.length > MAX_WORDS || Buffer.byteLength(marker) > MAX_WORDS_BYTES)
    throw new GrammarError(
      `the operation is longer than ${MAX_WORDS} words or ${MAX_WORDS_BYTES} bytes, which is all that is kept of one`,
    );
  const fail = words.length > 1 && words.at(-1)!.startsWith("fail=") ? failOf(words.pop()!, words[0]!) : undefined;
  const operation = parseOperation(words as [string, ...string[]], line);
  return {
    line,
    text: words.join(" "),
    marker,
    operation,
    ...(thread === undefined ? {} : { thread }),
    ...(fail === undefined ? {} : { fail }),
  };
}

function wordsOf(row: string): string[] {
  const code = row.split("#", 1)[0]!.replace(/\r+$/, "");
  // They would be part of a word, and invisible.
  // eslint-disable-next-line no-control-regex
  const control = /[\u0000-\u0008\u000a-\u001f\u007f]/.exec(code);
  if (control)
    throw new GrammarError(`a control character (${printable(control[0])}) in the line; separate words by blanks`);
  return code.split(/[ \t]+/).filter((word) => word !== "");
}

/** The name after the `@`; throws a `GrammarError` if `words` cannot be queued for it. */
function threadOf(word: string, words: readonly string[]): string {
  const thread = word.slice(1);
  if (thread === "")
    throw new GrammarError("@ without the name of a thread; write it without a blank between: @ta close g");
  if (Buffer.byteLength(thread) > MAX_NAME)
    throw new GrammarError(`the thread's name ${quote(thread)} is too long; use at most ${MAX_COMM} bytes`);
  if (words.length === 0)
    throw new GrammarError(
      `thread ${quote(thread)} is given nothing to do; write an operation behind it: ${printable(word)} close g`,
    );
  if (words[0] === "go") throw new GrammarError("a thread cannot start the threads; write go on a line of its own");
  if (words[0] === "execself") {
    throw new GrammarError(
      "a thread that becomes another program ends all others; write execself on a line of its own",
    );
  }
  return thread;
}

function failOf(word: string, type: string): number {
  const fail = parseNumber(word.slice("fail=".length));
  if (!FALLIBLE.includes(type))
    throw new GrammarError(`${quote(word)} behind ${quote(type)}; only ${FALLIBLE.join(", ")} can be made to fail`);
  if (typeof fail === "string") throw new GrammarError(`${quote(word)} ${fail}`);
  if (fail < 1) throw new GrammarError(`${quote(word)} makes nothing fail; allocations are counted from 1`);
  return fail;
}

async function readBytes(path: string): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  try {
    const input: AsyncIterable<Buffer | string> = path === "-" ? process.stdin : createReadStream(path);
    for await (const chunk of input) {
      const bytes = Buffer.from(chunk);
      chunks.push(bytes);
      // Does not read to the end: there may be none.
      if ((size += bytes.length) > MAX_BYTES)
        throw new TroubleError(`larger than ${MAX_BYTES / 1024 / 1024} MiB, which no scenario is; ${EXAMPLE}`, path);
    }
  } catch (error) {
    throw error instanceof TroubleError ? error : readTrouble(path, error);
  }
  return Buffer.concat(chunks);
}

function readTrouble(path: string, error: unknown): unknown {
  if (!(error instanceof Error) || !("code" in error)) return error;
  const what = {
    ENOENT: "no such file; give the path of a scenario, or - for standard input",
    ENOTDIR: "no such file; give the path of a scenario, or - for standard input",
    EISDIR: "this is a directory; give the scenario in it",
    EACCES: "permission denied",
  }[String(error.code)];
  return new TroubleError(what ?? `could not be read: ${error.message}`, path, undefined, { cause: error });
}

/** The message about a file that is a recording; nothing if it is none. */
function formatOf(head: Buffer, path: string): string | undefined {
  try {
    return `this is a recording (${detectFormat(head, path)}), not a scenario; ${EXAMPLE}`;
  } catch (error) {
    if (error instanceof TroubleError) return undefined;
    throw error;
  }
}
