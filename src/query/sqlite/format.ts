/**
 * `printf` and `format` that fail if their text is too long: SQLite's own yield NULL then, as for an empty text, which
 * the user would take for an answer. They still call SQLite's own, in a second connection that has not replaced them.
 */
import type { Library, Pointer } from "./library.js";

const ROW = 100;
const TRANSIENT = -1;
const STATIC = 0;
/** Any number of arguments, for `sqlite3_create_function`. */
const ANY = -1;
const NAMES = ["printf", "format"];

interface Asked {
  readonly format: Pointer;
  /** The same format with a letter before it: its text is never empty. */
  readonly lengthened: Pointer;
}

/** The functions of a connection, to be closed after it. */
export class CheckedFormat {
  readonly #connection: Pointer;
  readonly #function: Pointer;
  /** By number of arguments. */
  readonly #statements = new Map<number, Asked>();

  /** `value`: the maximal bytes of a text. */
  constructor(
    private readonly library: Library,
    database: Pointer,
    value: number,
  ) {
    const { capi, wasm } = library;
    const out = wasm.alloc(4);
    capi.sqlite3_open_v2(":memory:", out, capi.SQLITE_OPEN_READWRITE | capi.SQLITE_OPEN_CREATE, null);
    this.#connection = wasm.peekPtr(out);
    wasm.dealloc(out);
    capi.sqlite3_limit(this.#connection, capi.SQLITE_LIMIT_LENGTH, value);
    this.#function = wasm.installFunction("v(pip)", (context, count, args) => this.#answer(context, count, args));
    for (const name of NAMES)
      capi.sqlite3_create_function(
        database,
        name,
        ANY,
        capi.SQLITE_UTF8 | capi.SQLITE_DETERMINISTIC,
        0,
        this.#function,
        0,
        0,
      );
  }

  close(): void {
    const { capi, wasm, exports } = this.library;
    for (const { format, lengthened } of this.#statements.values())
      for (const statement of [format, lengthened]) exports.sqlite3_finalize(statement);
    capi.sqlite3_close_v2(this.#connection);
    wasm.uninstallFunction(this.#function);
  }

  #answer(context: Pointer, count: number, args: Pointer): void {
    const { capi, exports } = this.library;
    if (count === 0) return;
    const { format, lengthened } = this.#asked(count);
    if (!this.#ask(format, count, args)) return exports.sqlite3_result_error_nomem(context);
    const isNull = exports.sqlite3_column_type(format, 0) === capi.SQLITE_NULL;
    if (!isNull)
      exports.sqlite3_result_text(
        context,
        exports.sqlite3_column_text(format, 0),
        exports.sqlite3_column_bytes(format, 0),
        TRANSIENT,
      );
    exports.sqlite3_reset(format);
    if (!isNull || this.#type(args) === capi.SQLITE_NULL) return;
    // NULL stands for an empty text or one that is too long.
    if (!this.#ask(lengthened, count, args)) return exports.sqlite3_result_error_nomem(context);
    if (exports.sqlite3_column_type(lengthened, 0) === capi.SQLITE_NULL) exports.sqlite3_result_error_toobig(context);
    exports.sqlite3_reset(lengthened);
  }

  #asked(count: number): Asked {
    const known = this.#statements.get(count);
    if (known) return known;
    const rest = ", ?".repeat(count - 1);
    const made = {
      format: this.#prepare(`SELECT printf(?${rest})`),
      lengthened: this.#prepare(`SELECT printf('x' || ?${rest})`),
    };
    this.#statements.set(count, made);
    return made;
  }

  #prepare(sql: string): Pointer {
    const { wasm, exports } = this.library;
    const out = wasm.alloc(8);
    const text = wasm.allocCString(sql);
    exports.sqlite3_prepare_v2(this.#connection, text, -1, out, out + 4);
    const statement = wasm.peekPtr(out);
    wasm.dealloc(text);
    wasm.dealloc(out);
    return statement;
  }

  #type(args: Pointer): number {
    return this.library.exports.sqlite3_value_type(this.library.wasm.peekPtr(args));
  }

  /** True if the statement yields a row. Its parameters are the caller's values, which live until the row is read. */
  #ask(statement: Pointer, count: number, args: Pointer): boolean {
    const { capi, wasm, exports } = this.library;
    for (let k = 0; k < count; k++) {
      const value = wasm.peekPtr(args + 4 * k);
      switch (exports.sqlite3_value_type(value)) {
        case capi.SQLITE_INTEGER:
          exports.sqlite3_bind_int64(statement, k + 1, exports.sqlite3_value_int64(value));
          break;
        case capi.SQLITE_FLOAT:
          exports.sqlite3_bind_double(statement, k + 1, exports.sqlite3_value_double(value));
          break;
        case capi.SQLITE_TEXT:
          exports.sqlite3_bind_text(
            statement,
            k + 1,
            exports.sqlite3_value_text(value),
            exports.sqlite3_value_bytes(value),
            STATIC,
          );
          break;
        case capi.SQLITE_BLOB:
          exports.sqlite3_bind_blob(
            statement,
            k + 1,
            exports.sqlite3_value_blob(value),
            exports.sqlite3_value_bytes(value),
            STATIC,
          );
          break;
        default:
          exports.sqlite3_bind_null(statement, k + 1);
      }
    }
    return exports.sqlite3_step(statement) === ROW;
  }
}
