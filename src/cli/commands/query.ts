/** `kreel query TRACE SQL`. */
import { closeSync, openSync, readSync } from "node:fs";
import { isatty } from "node:tty";
import type { Command } from "commander";
import { jsonString } from "../../base/json-text.js";
import type { Answer } from "../../query/query.js";
import { checkRead } from "../../read/nothing-read.js";
import type { Recorded } from "../../read/report.js";
import { TroubleError } from "../../base/trouble.js";
import { csvLines, documentLines, ndjsonLines, tableLines, tsvLines } from "../../show/answer.js";
import { jsonText } from "../../show/json.js";
import { openShowing } from "../opened.js";
import { progressOf } from "../progress.js";
import type { Terminal } from "../terminal.js";
import { UsageError } from "../trouble.js";
import { warningLines } from "../warnings.js";

interface Flags {
  readonly file?: string;
  readonly json?: true;
  readonly ndjson?: true;
  readonly csv?: true;
  readonly table?: true;
  readonly header: boolean;
  readonly schema?: true;
  readonly memory: string;
  readonly time: string;
  readonly from?: string;
}

const UNITS: Readonly<Record<string, number>> = { K: 2 ** 10, M: 2 ** 20, G: 2 ** 30 };
const LEAST = 2 ** 20;
const MOST = 2 ** 30;
/** Longer text is no statement written by hand. */
const MAX_SQL = 2 ** 20;

export function addQuery(program: Command, terminal: Terminal, done: (code: number) => void): void {
  program
    .command("query")
    .summary("ask a recording in SQL: its events, calls, objects, references, findings")
    .description(
      "Runs an SQL statement (SQLite's dialect) over a recording. Only what it reads is filled; it cannot write. Prints a table on a terminal, and lines with tabs elsewhere. Exits with 0, or 2 for trouble.",
    )
    .argument("[trace]", "a recording, plain, gzip or zstd, an export or a log; - is standard input")
    .argument("[sql]", "the statement; without it, standard input")
    .option("-f, --file <file>", "read the statement from a file")
    .option("--schema", "print the tables and what is in them")
    .option("--json", "one JSON document")
    .option("--ndjson", "a JSON object a row")
    .option("--csv", "comma-separated values")
    .option("--table", "columns under their names, elsewhere than on a terminal too")
    .option("--no-header", "no line with the names of the columns")
    .option("--memory <size>", "keep tables in memory up to this size, and in a temporary file beyond: 64M, 1G", "256M")
    .option("--time <seconds>", "give the statement up when it has computed for so long", "600")
    .option("--from <format>", "read the recording as this, whatever it looks like")
    .action(async (trace: string | undefined, sql: string | undefined, flags: Flags) =>
      done(await runQuery(trace, sql, flags, terminal)),
    );
}

async function runQuery(
  trace: string | undefined,
  sql: string | undefined,
  flags: Flags,
  terminal: Terminal,
): Promise<number> {
  const forms = (["json", "ndjson", "csv", "table"] as const).filter((form) => flags[form]);
  if (forms.length > 1) throw new UsageError(`--${forms.join(" and --")}: one of them`);
  if (flags.schema) return printSchema(flags, terminal);
  if (trace === undefined)
    throw new UsageError("no recording: kreel query TRACE SQL; kreel query --schema lists the tables");
  const memory = parseMemory(flags.memory);
  const time = parseTime(flags.time);
  const statement = await statementOf(trace, sql, flags);
  // Loaded on demand: other commands need not wait for it.
  const { query } = await import("../../query/query.js");
  const progress = progressOf(terminal, !flags.json);
  const answer = await query(trace, statement.text, {
    memory,
    time,
    alone: true,
    name: statement.name,
    open: () => openShowing(trace, flags.from, progress),
  }).finally(() => progress.clear());
  try {
    if (answer.recording) for (const line of warningLines(trace, answer.recording.report)) terminal.err.line(line);
    terminal.err.flush();
    if (answer.recording) checkRead(trace, answer.recording.report);
    print(trace, answer, flags, terminal);
  } finally {
    answer.close();
  }
  return 0;
}

function print(trace: string, { columns, rows, recording }: Answer, flags: Flags, { out, style }: Terminal): void {
  const { json, ndjson, csv, table, header } = flags;
  const head = ['"kreel": "query"', '"version": 1', `"trace": ${traceText(trace, recording)}`];
  let data: Iterable<string> | undefined;
  if (json) data = documentLines(columns, rows, head);
  else if (ndjson) data = ndjsonLines(columns, rows);
  else if (csv) data = csvLines(columns, rows, header);
  if (data) for (const row of data) out.row(row);
  else {
    const isTable = out.terminal || table;
    const lines = isTable ? tableLines(columns, rows, style, header) : tsvLines(columns, rows, header);
    for (const line of lines) out.line(line);
  }
}

/** A statement that reads nothing of the recording leaves it closed. */
function traceText(path: string, recording: Recorded | undefined): string {
  if (!recording) return `{"path": ${jsonString(path)}}`;
  const { events, lost, skipped } = recording.report;
  return `{"path": ${jsonString(path)}, "format": ${jsonString(recording.origin.format)}, "events": ${events}, "lost": ${lost}, "skipped": ${skipped}}`;
}

async function printSchema(flags: Flags, { out, style }: Terminal): Promise<number> {
  const { schemaJson, schemaLines } = await import("../../show/schema.js");
  if (flags.json) for (const piece of jsonText(schemaJson())) out.write(piece);
  else for (const line of schemaLines(style)) out.line(line);
  return 0;
}

async function statementOf(
  trace: string,
  sql: string | undefined,
  { file }: Flags,
): Promise<{ readonly text: string; readonly name: string }> {
  if (file !== undefined && sql !== undefined) throw new UsageError("a statement, or -f FILE with one: not both");
  if (file !== undefined) return { text: readStatement(file), name: file };
  if (sql !== undefined) return { text: sql, name: "SQL" };
  if (trace === "-")
    throw new UsageError("standard input is the recording; give the statement after it, or with -f FILE");
  if (isatty(0)) throw new UsageError("no statement: kreel query TRACE SQL; kreel query --schema lists the tables");
  return { text: await readAll(process.stdin), name: "-" };
}

function readStatement(file: string): string {
  try {
    const fd = openSync(file, "r");
    try {
      // No size is certain: it may be a pipe, or an endless device.
      const bytes = Buffer.alloc(MAX_SQL + 1);
      let size = 0;
      for (let n = -1; n !== 0 && size < bytes.length; size += n)
        n = readSync(fd, bytes, size, bytes.length - size, null);
      if (size > MAX_SQL) throw new Error("too long to be a statement");
      return bytes.toString("utf8", 0, size);
    } finally {
      closeSync(fd);
    }
  } catch (error) {
    throw new TroubleError(`cannot be read: ${(error as Error).message}`, file, undefined, { cause: error });
  }
}

async function readAll(input: AsyncIterable<Buffer>): Promise<string> {
  const pieces: Buffer[] = [];
  let size = 0;
  for await (const piece of input) {
    pieces.push(piece);
    if ((size += piece.length) > MAX_SQL)
      throw new TroubleError(
        "is too long to be a statement; is it the recording? That comes first: kreel query - SQL",
        "-",
      );
  }
  return Buffer.concat(pieces).toString();
}

function parseMemory(text: string): number {
  const [, digits, unit = ""] = /^(\d{1,12})([KMG]?)(?:i?B)?$/i.exec(text) ?? [];
  const bytes = Number(digits) * (UNITS[unit.toUpperCase()] ?? 1);
  if (digits === undefined || bytes < LEAST || bytes > MOST)
    throw new UsageError(`--memory ${text}: a size from 1M to 1G, as 64M`);
  return bytes;
}

function parseTime(text: string): number {
  const seconds = Number(text);
  if (!/^[1-9]\d{0,6}$/.test(text)) throw new UsageError(`--time ${text}: a number of seconds, from 1`);
  return seconds * 1000;
}
