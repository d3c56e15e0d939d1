/** A database that lives as long as one query: in memory up to a limit, and in a temporary file beyond it. */
import { CheckedFormat } from "./format.js";
import { type Library, loadSqlite, type Pointer } from "./library.js";
import { type Failure, registerTemporaryFiles, TEMPORARY } from "./temporary-files.js";

/** A value that a statement yields. Integers that a double does not hold exactly are bigints. */
export type Value = number | bigint | string | Uint8Array | null;
/** A real number, which may be whole: `3.0`. */
export class Real {
  constructor(readonly value: number) {}
}
/**
 * A value in a column of a row. Integers that a double does not hold exactly are bigints, reals are `Real`, blobs
 * bytes.
 */
export type Cell = Value | Real;

/** An error of SQLite about a statement. */
export class SqlError extends Error {
  constructor(
    message: string,
    /** Bytes of the statement before the error, or -1. */
    readonly offset: number,
  ) {
    super(message);
  }
}

/** The folder for the temporary file is full or missing. */
export class TemporaryFileError extends Error {}

const ROW = 100;
const DONE = 101;
const TRANSIENT = -1;
const STATIC = 0;
const INT32 = 2 ** 31;
const INT64 = 1n << 63n;
/** Texts kept in SQLite's memory, to be bound without another copy: their number, and UTF-16 units of each. */
const MAX_KEPT = 1 << 16;
const MAX_KEPT_LENGTH = 256;
/** Bytes for the other texts of a row; those that do not fit are copied twice. */
const SCRATCH = 1 << 16;
/** Bytes of UTF-8 that a UTF-16 unit may take. */
const WIDEST = 3;
/** Bytes of a statement. */
const MAX_SQL = 2 ** 21;
/** Instructions of SQLite's virtual machine between two checks of the time: some milliseconds. */
const LOOK_EVERY = 1_000_000;
/** Limits of a statement. */
export interface Limits {
  /** Bytes of pages in memory; the rest goes to a file. */
  readonly memory: number;
  /** Bytes of a value, and of a row. */
  readonly value: number;
  /** Milliseconds of CPU time from `begin` on. */
  readonly time: number;
  /** Bytes for all of SQLite in this process from now on. It can be lowered later, but not raised. */
  readonly heap?: number;
}

export interface KeptText {
  readonly at: Pointer;
  readonly bytes: number;
}

let failure: Failure | undefined;

export class Database {
  readonly #kept = new Map<string, KeptText>();
  readonly #statements = new Set<Statement>();
  readonly #encoder = new TextEncoder();
  readonly #pair: Pointer;
  readonly #scratch: Pointer;
  #scratched = 0;
  #format: CheckedFormat | undefined;

  private constructor(
    readonly library: Library,
    readonly pointer: Pointer,
    readonly limits: Limits,
  ) {
    this.#pair = library.wasm.alloc(8);
    this.#scratch = library.wasm.alloc(SCRATCH);
  }

  static async open(limits: Limits): Promise<Database> {
    const library = await loadSqlite();
    const { capi, wasm } = library;
    failure ??= registerTemporaryFiles(library);
    failure.error = undefined;
    const out = wasm.alloc(4);
    const code = capi.sqlite3_open_v2(
      "recording",
      out,
      capi.SQLITE_OPEN_READWRITE | capi.SQLITE_OPEN_CREATE,
      TEMPORARY,
    );
    const database = new Database(library, wasm.peekPtr(out), limits);
    wasm.dealloc(out);
    if (code !== 0) throw database.error(code);
    const { memory, value, heap } = limits;
    capi.sqlite3_limit(database.pointer, capi.SQLITE_LIMIT_LENGTH, value);
    capi.sqlite3_limit(database.pointer, capi.SQLITE_LIMIT_SQL_LENGTH, MAX_SQL);
    database.#format = new CheckedFormat(library, database.pointer, value);
    // Nothing is ever committed: pages are written out only when there is no room for them.
    database.run(
      `PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA locking_mode = EXCLUSIVE; PRAGMA temp_store = FILE; PRAGMA cache_size = -${Math.ceil(memory / 1024)}; BEGIN`,
    );
    if (heap !== undefined) database.run(`PRAGMA hard_heap_limit = ${heap}`);
    return database;
  }

  close(): void {
    for (const statement of this.#statements) statement.finalize();
    this.library.capi.sqlite3_close_v2(this.pointer);
    this.#format?.close();
    for (const { at } of this.#kept.values()) this.library.wasm.dealloc(at);
    this.#kept.clear();
    this.library.wasm.dealloc(this.#pair);
    this.library.wasm.dealloc(this.#scratch);
  }

  /** Starts the clock of the time limit. */
  begin(): void {
    const { capi } = this.library;
    const begun = process.cpuUsage();
    capi.sqlite3_progress_handler(
      this.pointer,
      LOOK_EVERY,
      () => {
        const { user, system } = process.cpuUsage(begun);
        return (user + system) / 1000 > this.limits.time ? 1 : 0;
      },
      0,
    );
  }

  /** Runs statements of kreel's own. */
  run(sql: string): void {
    const code = this.library.capi.sqlite3_exec(this.pointer, sql, 0, 0, 0);
    if (code !== 0) throw this.error(code);
  }

  /** Prepares the first statement of a text; `undefined` if there is none. `taken`: bytes of the text that it took. */
  prepare(sql: string): { readonly statement: Statement | undefined; readonly taken: number } {
    const { wasm, exports } = this.library;
    const text = this.encode(sql);
    try {
      const code = exports.sqlite3_prepare_v2(this.pointer, text.at, text.bytes, this.#pair, this.#pair + 4);
      if (code !== 0) throw this.error(code);
      const statement = wasm.peekPtr(this.#pair);
      const taken = wasm.peekPtr(this.#pair + 4) - text.at;
      return { statement: statement === 0 ? undefined : this.#started(statement), taken };
    } finally {
      wasm.dealloc(text.at);
    }
  }

  #started(pointer: Pointer): Statement {
    const statement = new Statement(this, pointer);
    this.#statements.add(statement);
    return statement;
  }

  finalized(statement: Statement): void {
    this.#statements.delete(statement);
  }

  /** Yields the rows of a statement of kreel's own. */
  *rows(sql: string): Generator<Cell[]> {
    const { statement } = this.prepare(sql);
    try {
      while (statement!.step()) yield statement!.row();
    } finally {
      statement!.finalize();
    }
  }

  /** Copies a text to SQLite's memory; the caller frees it. */
  encode(text: string): KeptText {
    const bytes = this.#encoder.encode(text);
    const at = this.library.wasm.alloc(bytes.length + 1);
    const heap = this.library.wasm.heap8u();
    heap.set(bytes, at);
    heap[at + bytes.length] = 0;
    return { at, bytes: bytes.length };
  }

  /** Keeps a text that repeats in SQLite's memory; `undefined` if it is too long, or one too many. */
  keep(text: string): KeptText | undefined {
    const known = this.#kept.get(text);
    if (known || this.#kept.size >= MAX_KEPT || text.length > MAX_KEPT_LENGTH) return known;
    const kept = this.encode(text);
    this.#kept.set(text, kept);
    return kept;
  }

  /** Copies a text of the row that is being bound, valid until it is inserted; `undefined` if there is no room. */
  scratch(text: string): KeptText | undefined {
    if (text.length * WIDEST > SCRATCH - this.#scratched) return undefined;
    const at = this.#scratch + this.#scratched;
    const { written } = this.#encoder.encodeInto(
      text,
      this.library.wasm.heap8u().subarray(at, this.#scratch + SCRATCH),
    );
    this.#scratched += written;
    return { at, bytes: written };
  }

  inserted(): void {
    this.#scratched = 0;
  }

  error(code: number): Error {
    const { exports } = this.library;
    const wrong = failure?.error;
    if (wrong) return new TemporaryFileError(wrong.message, { cause: wrong });
    return new SqlError(this.#words(code), exports.sqlite3_error_offset(this.pointer));
  }

  #words(code: number): string {
    const { capi } = this.library;
    if (code === capi.SQLITE_NOMEM) return "out of memory; --memory sets how much there is";
    if (code === capi.SQLITE_TOOBIG) return tooBig(this.limits);
    return code === capi.SQLITE_INTERRUPT
      ? `not done after ${this.limits.time / 1000} s of computing; --time allows more`
      : capi.sqlite3_errmsg(this.pointer);
  }
}

function tooBig({ value }: Limits): string {
  return `a value or a row of more than ${Math.floor(value / 2 ** 20)} MiB; that is the limit (it grows with --memory)`;
}

export class Statement {
  readonly #exports: Library["exports"];
  readonly #library: Library;
  /** Bytes left for the rest of the row. */
  #room = 0;
  /** Names of the columns, in order; two may be the same. */
  readonly columns: readonly string[];

  constructor(
    private readonly database: Database,
    private readonly pointer: Pointer,
  ) {
    this.#library = database.library;
    this.#exports = database.library.exports;
    const { capi } = this.#library;
    this.columns = Array.from({ length: capi.sqlite3_column_count(pointer) }, (_, k) =>
      capi.sqlite3_column_name(pointer, k),
    );
  }

  /** True for an EXPLAIN, which reads nothing of the tables that it is about. */
  get explains(): boolean {
    return this.#exports.sqlite3_stmt_isexplain(this.pointer) !== 0;
  }

  /** True if it changes nothing. */
  get reads(): boolean {
    return this.#exports.sqlite3_stmt_readonly(this.pointer) !== 0;
  }

  step(): boolean {
    const code = this.#exports.sqlite3_step(this.pointer);
    if (code === ROW) return true;
    if (code === DONE) return false;
    throw this.database.error(code);
  }

  /** Runs a statement that yields no rows; its parameters stay bound. */
  insert(): void {
    const code = this.#exports.sqlite3_step(this.pointer);
    if (code !== DONE) throw this.database.error(code);
    this.#exports.sqlite3_reset(this.pointer);
    this.database.inserted();
  }

  finalize(): void {
    this.#exports.sqlite3_finalize(this.pointer);
    this.database.finalized(this);
  }

  /** Binds a whole number that a double holds exactly. */
  integer(at: number, value: number): void {
    if (value < INT32 && value >= -INT32) this.#exports.sqlite3_bind_int(this.pointer, at, value);
    else this.bigint(at, BigInt(value));
  }

  number(at: number, value: number | bigint): void {
    if (typeof value === "number") this.integer(at, value);
    else this.bigint(at, value);
  }

  /** Binds a whole number of any size: beyond 63 bits, which SQLite does not have, as the text of its digits. */
  bigint(at: number, value: bigint): void {
    if (value < INT64 && value >= -INT64) this.#exports.sqlite3_bind_int64(this.pointer, at, value);
    else this.text(at, String(value));
  }

  value(at: number, value: Cell): void {
    if (value === null) this.null(at);
    else if (typeof value === "string") this.once(at, value);
    else if (typeof value === "number" || typeof value === "bigint") this.number(at, value);
    else if (value instanceof Real) this.#exports.sqlite3_bind_double(this.pointer, at, value.value);
    else throw new TypeError("bytes are never bound");
  }

  text(at: number, text: string): void {
    const kept = this.database.keep(text);
    if (kept) this.kept(at, kept);
    else this.once(at, text);
  }

  kept(at: number, { at: from, bytes }: KeptText): void {
    this.#exports.sqlite3_bind_text(this.pointer, at, from, bytes, STATIC);
  }

  /** Binds a text that does not repeat. */
  once(at: number, text: string): void {
    const scratched = this.database.scratch(text);
    if (scratched) return this.kept(at, scratched);
    const { wasm } = this.#library;
    const { at: from, bytes } = this.database.encode(text);
    this.#exports.sqlite3_bind_text(this.pointer, at, from, bytes, TRANSIENT);
    wasm.dealloc(from);
  }

  null(at: number): void {
    this.#exports.sqlite3_bind_null(this.pointer, at);
  }

  /**
   * Returns the row.
   * @throws {SqlError} if it is too long: SQLite's memory may hold more than a JavaScript value can
   */
  row(): Cell[] {
    this.#room = this.database.limits.value;
    return this.columns.map((_, k) => this.#cell(k));
  }

  #cell(k: number): Cell {
    const { capi, wasm } = this.#library;
    const { pointer } = this;
    switch (this.#exports.sqlite3_column_type(pointer, k)) {
      case capi.SQLITE_INTEGER: {
        const value = this.#exports.sqlite3_column_int64(pointer, k);
        const number = Number(value);
        return Number.isSafeInteger(number) ? number : value;
      }
      case capi.SQLITE_FLOAT:
        return new Real(this.#exports.sqlite3_column_double(pointer, k));
      case capi.SQLITE_TEXT: {
        const at = this.#exports.sqlite3_column_text(pointer, k);
        const bytes = this.#bytes(k);
        return Buffer.from(wasm.heap8u().buffer, at, bytes).toString("utf8");
      }
      case capi.SQLITE_BLOB: {
        const at = this.#exports.sqlite3_column_blob(pointer, k);
        const bytes = this.#bytes(k);
        return wasm.heap8u().slice(at, at + bytes);
      }
      default:
        return null;
    }
  }

  /** Returns the size of a value, and subtracts it from the row's room. */
  #bytes(k: number): number {
    const bytes = this.#exports.sqlite3_column_bytes(this.pointer, k);
    if ((this.#room -= bytes) < 0) throw new SqlError(tooBig(this.database.limits), -1);
    return bytes;
  }
}
