/** SQLite, compiled to WebAssembly; loaded only when a statement is to be run. */

export type Pointer = number;

/**
 * The functions that are called for every value of every row: the module's own, without the wrappers that convert
 * strings.
 */
export interface Exports {
  sqlite3_bind_int(statement: Pointer, at: number, value: number): number;
  sqlite3_bind_int64(statement: Pointer, at: number, value: bigint): number;
  sqlite3_bind_double(statement: Pointer, at: number, value: number): number;
  sqlite3_bind_text(statement: Pointer, at: number, text: Pointer, bytes: number, destructor: number): number;
  sqlite3_bind_blob(statement: Pointer, at: number, bytes: Pointer, size: number, destructor: number): number;
  sqlite3_bind_null(statement: Pointer, at: number): number;
  sqlite3_step(statement: Pointer): number;
  sqlite3_reset(statement: Pointer): number;
  sqlite3_finalize(statement: Pointer): number;
  sqlite3_prepare_v2(database: Pointer, sql: Pointer, bytes: number, statement: Pointer, tail: Pointer): number;
  sqlite3_column_type(statement: Pointer, k: number): number;
  sqlite3_column_int64(statement: Pointer, k: number): bigint;
  sqlite3_column_double(statement: Pointer, k: number): number;
  sqlite3_column_blob(statement: Pointer, k: number): Pointer;
  sqlite3_column_text(statement: Pointer, k: number): Pointer;
  sqlite3_column_bytes(statement: Pointer, k: number): number;
  sqlite3_value_type(value: Pointer): number;
  sqlite3_value_int64(value: Pointer): bigint;
  sqlite3_value_double(value: Pointer): number;
  sqlite3_value_text(value: Pointer): Pointer;
  sqlite3_value_blob(value: Pointer): Pointer;
  sqlite3_value_bytes(value: Pointer): number;
  sqlite3_result_text(context: Pointer, text: Pointer, bytes: number, destructor: number): void;
  sqlite3_result_error_toobig(context: Pointer): void;
  sqlite3_result_error_nomem(context: Pointer): void;
  sqlite3_error_offset(database: Pointer): number;
  sqlite3_stmt_readonly(statement: Pointer): number;
  sqlite3_stmt_isexplain(statement: Pointer): number;
}

/** A C structure, its fields by their names with `$` before them. */
export interface Struct {
  readonly pointer: Pointer;
  dispose(): void;
  [field: `$${string}`]: number;
}

interface StructType {
  readonly structInfo: { readonly sizeof: number };
  new (pointer?: Pointer): Struct;
}

/** The part of the C interface that kreel uses; the package's own types lack half of it. */
interface Capi {
  readonly sqlite3_io_methods: StructType;
  readonly sqlite3_vfs: StructType;
  readonly sqlite3_file: StructType;
  readonly SQLITE_OPEN_READWRITE: number;
  readonly SQLITE_OPEN_CREATE: number;
  readonly SQLITE_NOMEM: number;
  readonly SQLITE_TOOBIG: number;
  readonly SQLITE_INTERRUPT: number;
  readonly SQLITE_LIMIT_LENGTH: number;
  readonly SQLITE_LIMIT_SQL_LENGTH: number;
  readonly SQLITE_FULL: number;
  readonly SQLITE_CANTOPEN: number;
  readonly SQLITE_NOTFOUND: number;
  readonly SQLITE_IOERR_CLOSE: number;
  readonly SQLITE_IOERR_READ: number;
  readonly SQLITE_IOERR_SHORT_READ: number;
  readonly SQLITE_IOERR_TRUNCATE: number;
  readonly SQLITE_IOERR_FSTAT: number;
  readonly SQLITE_INTEGER: number;
  readonly SQLITE_FLOAT: number;
  readonly SQLITE_TEXT: number;
  readonly SQLITE_BLOB: number;
  readonly SQLITE_NULL: number;
  readonly SQLITE_UTF8: number;
  readonly SQLITE_DETERMINISTIC: number;
  readonly SQLITE_DENY: number;
  readonly SQLITE_SELECT: number;
  readonly SQLITE_READ: number;
  readonly SQLITE_FUNCTION: number;
  readonly SQLITE_RECURSIVE: number;
  readonly SQLITE_PRAGMA: number;
  sqlite3_vfs_find(name: null): Pointer;
  sqlite3_open_v2(name: string, out: Pointer, flags: number, vfs: string | null): number;
  sqlite3_close_v2(database: Pointer): number;
  sqlite3_exec(database: Pointer, sql: string, callback: 0, argument: 0, message: 0): number;
  sqlite3_errmsg(database: Pointer): string;
  sqlite3_create_function(
    database: Pointer,
    name: string,
    args: number,
    flags: number,
    data: 0,
    call: Pointer,
    step: 0,
    final: 0,
  ): number;
  sqlite3_limit(database: Pointer, which: number, value: number): number;
  sqlite3_progress_handler(
    database: Pointer,
    operations: number,
    handler: ((argument: Pointer) => number) | 0,
    argument: 0,
  ): void;
  sqlite3_column_count(statement: Pointer): number;
  sqlite3_column_name(statement: Pointer, k: number): string;
  sqlite3_set_authorizer(
    database: Pointer,
    authorizer: ((argument: Pointer, action: number, a: string | null, b: string | null) => number) | 0,
    argument: 0,
  ): number;
}

interface Wasm {
  readonly exports: unknown;
  alloc(bytes: number): Pointer;
  dealloc(pointer: Pointer): void;
  /** Allocates a text and a zero after it. */
  allocCString(text: string): Pointer;
  /** `signature`: the result's type, and the arguments' in parentheses: `v(pip)`. */
  installFunction(signature: string, call: (context: Pointer, count: number, args: Pointer) => void): Pointer;
  uninstallFunction(pointer: Pointer): void;
  heap8u(): Uint8Array;
  peekPtr(pointer: Pointer): Pointer;
  poke(pointer: Pointer, value: number | bigint, type: "i32" | "i64"): void;
  cstrncpy(to: Pointer, from: Pointer, bytes: number): number;
}

type Method = (...args: never[]) => number;

interface Vfs {
  installVfs(parts: {
    readonly io: { readonly struct: Struct; readonly methods: Readonly<Record<string, Method>> };
    readonly vfs: {
      readonly struct: Struct;
      readonly name: string;
      readonly methods: Readonly<Record<string, Method>>;
    };
  }): void;
}

export interface Library {
  readonly capi: Capi;
  readonly wasm: Wasm;
  readonly vfs: Vfs;
  readonly exports: Exports;
}

let loaded: Promise<Library> | undefined;

export function loadSqlite(): Promise<Library> {
  return (loaded ??= load());
}

async function load(): Promise<Library> {
  const { default: init } = await import("@sqlite.org/sqlite-wasm");
  const { capi, wasm, vfs } = (await init()) as unknown as Omit<Library, "exports">;
  return { capi, wasm, vfs, exports: wasm.exports as Exports };
}
