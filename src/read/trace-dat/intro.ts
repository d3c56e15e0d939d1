/** The first bytes of a trace.dat: its version, and the form of its numbers. */
import { TroubleError } from "../../base/trouble.js";
import type { Access } from "./access.js";
import { Cursor } from "./cursor.js";
import type { Codec } from "./decompress.js";

export const MAGIC = Buffer.from("\x17\x08\x44tracing", "latin1");

export interface Intro {
  readonly version: 6 | 7;
  readonly big: boolean;
  /** Bytes of a sub-buffer, which trace-cmd calls a page. */
  readonly pageSize: number;
  /** The compression of the sections of version 7. */
  readonly codec: Codec | undefined;
  /** Offset of the first options of version 7. */
  readonly optionsAt: number;
  /** Offset of the rest. */
  readonly end: number;
}

export function readIntro(access: Access, file: string): Intro {
  const magic = access.read(0, MAGIC.length);
  if (!magic.equals(MAGIC)) throw new TroubleError("no trace.dat of trace-cmd: it does not begin like one", file);
  let cursor = new Cursor(access, false, file, MAGIC.length);
  const version = cursor.string("the version");
  if (version !== "6" && version !== "7")
    throw new TroubleError(
      `a trace.dat of version "${version.slice(0, 20)}"; kreel reads 6 and 7: trace-cmd convert --file-version 6 FILE`,
      file,
    );
  const order = cursor.u8("the byte order");
  if (order > 1) throw cursor.trouble(`the byte order is ${order}, neither 0 nor 1`);
  const long = cursor.u8("the size of a long");
  if (long !== 4 && long !== 8) throw cursor.trouble(`a long has ${long} bytes, neither 4 nor 8`);
  cursor = new Cursor(access, order === 1, file, cursor.at);
  const pageSize = cursor.u32("the page size");
  const intro = {
    version: version === "6" ? 6 : 7,
    big: order === 1,
    pageSize,
    codec: undefined,
    optionsAt: 0,
  } as const;
  if (intro.version === 6) return { ...intro, end: cursor.at };
  const codec = cursor.string("the compression");
  cursor.string("the version of the compression");
  if (codec !== "none" && codec !== "zstd" && codec !== "zlib")
    throw new TroubleError(
      `its sections are compressed with "${codec.slice(0, 20)}", which kreel does not have: trace-cmd convert --compression none FILE`,
      file,
    );
  const optionsAt = cursor.u64("the offset of the options");
  return { ...intro, codec: codec === "none" ? undefined : codec, optionsAt, end: cursor.at };
}
