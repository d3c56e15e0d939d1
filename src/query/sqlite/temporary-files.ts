/**
 * A file system for what exceeds SQLite's page cache: temporary files without a name, each made when the first page is
 * written out.
 */
import { TemporaryFile } from "../../base/temporary-file.js";
import type { Library, Pointer } from "./library.js";

export const TEMPORARY = "kreel-temporary";
const MAX_NAME = 64;
const SECTOR = 4096;

/** The reason why a temporary file could not be written: SQLite itself only reports that it failed. */
export interface Failure {
  error: Error | undefined;
}

/** Registers the file system under the name `TEMPORARY`. */
export function registerTemporaryFiles({ capi, wasm, vfs: { installVfs } }: Library): Failure {
  const files = new Map<Pointer, TemporaryFile>();
  const failure: Failure = { error: undefined };
  const attempt = (code: number, work: () => number | void): number => {
    try {
      return work() ?? 0;
    } catch (error) {
      failure.error = error as Error;
      return code;
    }
  };
  const io = new capi.sqlite3_io_methods();
  io.$iVersion = 1;
  const vfs = new capi.sqlite3_vfs();
  const standard = new capi.sqlite3_vfs(capi.sqlite3_vfs_find(null));
  vfs.$iVersion = 1;
  vfs.$szOsFile = capi.sqlite3_file.structInfo.sizeof;
  vfs.$mxPathname = MAX_NAME;
  for (const method of ["$xRandomness", "$xSleep", "$xCurrentTime", "$xCurrentTimeInt64"] as const)
    vfs[method] = standard[method]!;
  const ioMethods = {
    xClose: (file: Pointer) =>
      attempt(capi.SQLITE_IOERR_CLOSE, () => {
        files.get(file)?.close();
        files.delete(file);
      }),
    xRead: (file: Pointer, into: Pointer, bytes: number, at: bigint) =>
      attempt(capi.SQLITE_IOERR_READ, () => {
        const buffer = wasm.heap8u().subarray(into, into + bytes);
        const got = files.get(file)!.read(buffer, Number(at));
        if (got === bytes) return 0;
        buffer.fill(0, got);
        return capi.SQLITE_IOERR_SHORT_READ;
      }),
    xWrite: (file: Pointer, from: Pointer, bytes: number, at: bigint) =>
      attempt(capi.SQLITE_FULL, () => files.get(file)!.write(wasm.heap8u().subarray(from, from + bytes), Number(at))),
    xTruncate: (file: Pointer, size: bigint) =>
      attempt(capi.SQLITE_IOERR_TRUNCATE, () => files.get(file)!.truncate(Number(size))),
    xSync: () => 0,
    xFileSize: (file: Pointer, out: Pointer) =>
      attempt(capi.SQLITE_IOERR_FSTAT, () => void wasm.poke(out, BigInt(files.get(file)!.size), "i64")),
    xLock: () => 0,
    xUnlock: () => 0,
    xCheckReservedLock: (_file: Pointer, out: Pointer) => (wasm.poke(out, 0, "i32"), 0),
    xFileControl: () => capi.SQLITE_NOTFOUND,
    xSectorSize: () => SECTOR,
    xDeviceCharacteristics: () => 0,
  };
  const vfsMethods = {
    xOpen: (_vfs: Pointer, _name: Pointer, file: Pointer, flags: number, out: Pointer) => {
      files.set(file, new TemporaryFile());
      const opened = new capi.sqlite3_file(file);
      opened.$pMethods = io.pointer;
      opened.dispose();
      if (out) wasm.poke(out, flags, "i32");
      return 0;
    },
    xDelete: () => 0,
    xAccess: (_vfs: Pointer, _name: Pointer, _flags: number, out: Pointer) => (wasm.poke(out, 0, "i32"), 0),
    xFullPathname: (_vfs: Pointer, name: Pointer, size: number, out: Pointer) =>
      wasm.cstrncpy(out, name, size) < size ? 0 : capi.SQLITE_CANTOPEN,
    xGetLastError: () => 0,
  };
  installVfs({ io: { struct: io, methods: ioMethods }, vfs: { struct: vfs, name: TEMPORARY, methods: vfsMethods } });
  return failure;
}
