/**
 * SQL over a recording: events, the calls that they pair up to, and what a replay derives, as tables. Only what a
 * statement reads is filled, in memory up to a limit and beyond it in a temporary file; nothing is kept.
 */
import { type OpenOptions, openRecording } from "../read/recording.js";
import type { Recorded } from "../read/report.js";
import { TroubleError } from "../base/trouble.js";
import { fill } from "./fill/fill.js";
import { forbidWriting, REFUSED } from "./permission.js";
import { positionOf, readable } from "./sql.js";
import { type Cell, Database, type Limits, SqlError, type Statement, TemporaryFileError } from "./sqlite/database.js";
import { createTable } from "./table.js";
import { tables } from "./tables.js";
import { usedBy } from "./used.js";

/** How to read the recording, and what the statement may take of memory (bytes) and time (milliseconds). */
export interface QueryOptions extends OpenOptions {
  /** Bytes that tables may take in memory. */
  readonly memory?: number;
  /** Milliseconds of CPU time that the statement may take, once the tables are filled. */
  readonly time?: number;
  /** The process has no other statements: whatever this one holds in memory is limited, to a multiple of `memory`. */
  readonly alone?: boolean;
  /** What the statement is called in errors. */
  readonly name?: string;
  /** In place of opening the recording by its path. */
  readonly open?: () => Promise<Recorded>;
}

/** The answer to a statement: columns, and rows that are computed as they are read. `close` ends it, read or not. */
export interface Answer {
  /** Names of the columns; two may be the same. */
  readonly columns: readonly string[];
  /** The rows, computed while they are read, once. */
  readonly rows: Iterable<readonly Cell[]>;
  /** The recording, if the statement reads anything of it. */
  readonly recording: Recorded | undefined;
  close(): void;
}

export const MEMORY = 256 * 2 ** 20;
export const TIME = 600_000;
/** The part of the memory that one value, or one row, may take, and the least and the most that it is. */
const VALUE = 1 / 8;
const LEAST_VALUE = 2 ** 24;
/** Six times as long, as JSON may be, it is still a string. */
const MOST_VALUE = 2 ** 26;
/** Beside the pages: what sorting holds, which may be as much again, and some of the largest values. */
const HELD = 2 ** 26;
const VALUES_HELD = 8;

function limitsOf({ memory = MEMORY, time = TIME, alone = false }: QueryOptions): Limits {
  const value = Math.min(MOST_VALUE, Math.max(LEAST_VALUE, memory * VALUE));
  return { memory, time, value, ...(alone ? { heap: memory * 2 + value * VALUES_HELD + HELD } : {}) };
}

/**
 * Asks a recording in SQL (SQLite's). Rows are computed while they are read.
 *
 * @throws {TroubleError} Of a statement that is wrong, at its line and column, of one that writes, and of what is no
 *   recording.
 */
export async function query(path: string, sql: string, options: QueryOptions = {}): Promise<Answer> {
  const database = await Database.open(limitsOf(options));
  const written = new Written(sql, options.name ?? "SQL");
  try {
    database.run(tables.map(createTable).join(";\n"));
    const statement = written.prepare(database);
    const used = statement.explains ? new Map() : usedBy(database, written.text, tables);
    let recording: Recorded | undefined;
    if (used.size > 0) {
      recording = await (options.open?.() ?? openRecording(path, options));
      await fill(database, used, recording);
    }
    database.begin();
    return {
      columns: statement.columns,
      rows: begun(written.rows(statement)),
      recording,
      close: () => database.close(),
    };
  } catch (error) {
    database.close();
    throw written.trouble(error);
  }
}

/**
 * The same rows, of which the first is there: what is wrong with a statement shows before anything of it is printed.
 */
function begun<T>(rows: Iterator<T> & Iterable<T>): Iterable<T> {
  const first = rows.next();
  return {
    *[Symbol.iterator]() {
      if (first.done) return;
      yield first.value;
      yield* rows;
    },
  };
}

/** A statement as it was written, which is what errors point into. */
class Written {
  readonly text: string;
  readonly #origin: (offset: number) => number;

  constructor(
    private readonly sql: string,
    private readonly name: string,
  ) {
    const { text, origin } = readable(sql);
    this.text = text;
    this.#origin = origin;
  }

  prepare(database: Database): Statement {
    if (this.sql.includes("\0"))
      throw this.#at("holds a character that no statement has (NUL)", this.sql.indexOf("\0"));
    const permission = forbidWriting(database);
    try {
      const { statement, taken } = database.prepare(this.text);
      if (!statement) throw this.#at("has no statement", 0);
      const rest = Buffer.from(this.text).subarray(taken).toString();
      if (database.prepare(rest).statement) throw this.#at("one statement at a time", this.#origin(taken));
      if (!statement.reads) throw this.#at(REFUSED, 0);
      return statement;
    } catch (error) {
      throw permission.denied === undefined ? error : this.#at(permission.denied, 0);
    } finally {
      permission.release();
    }
  }

  *rows(statement: Statement): Generator<Cell[]> {
    try {
      while (statement.step()) yield statement.row();
    } catch (error) {
      throw this.trouble(error);
    }
  }

  trouble(error: unknown): unknown {
    if (error instanceof TemporaryFileError)
      return new TroubleError(
        `what exceeds --memory could not be kept in a temporary file (TMPDIR says where): ${error.message}`,
        this.name,
        undefined,
        { cause: error },
      );
    if (!(error instanceof SqlError)) return error;
    const [, missing] = /^no such (?:table|column): (.+)/.exec(error.message) ?? [];
    const what =
      missing === undefined ? error.message : `${error.message}; kreel query --schema lists tables and columns`;
    // Of a table SQLite does not say where.
    const at = error.offset < 0 ? this.sql.indexOf(missing ?? "") : this.#origin(error.offset);
    return at < 0 || (error.offset < 0 && missing === undefined)
      ? new TroubleError(what, this.name)
      : this.#at(what, at);
  }

  #at(what: string, at: number): TroubleError {
    const { line, column } = positionOf(this.sql, at);
    return new TroubleError(what, `${this.name}:${line}`, column);
  }
}
