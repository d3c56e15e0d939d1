/** Reads numbers and strings of a recording one after the other, in its byte order; none is trusted. */
import { TroubleError } from "../../base/trouble.js";
import type { Access } from "./access.js";

/** Bytes: trace-cmd writes no longer string. */
const MAX_STRING = 4096;
/** Bytes to read ahead: numbers are small and many. */
const WINDOW = 64 * 1024;

export class Cursor {
  #window: Buffer = Buffer.alloc(0);
  #windowAt = 0;

  constructor(
    private readonly access: Access,
    private readonly big: boolean,
    /** The file's name, for messages. */
    readonly file: string,
    public at: number,
    /** Bytes from here on are not read. */
    readonly end = access.size,
  ) {}

  get left(): number {
    return this.end - this.at;
  }

  u8(what: string): number {
    return this.#take(1, what)[0]!;
  }

  u16(what: string): number {
    const bytes = this.#take(2, what);
    return this.big ? bytes.readUInt16BE() : bytes.readUInt16LE();
  }

  u32(what: string): number {
    const bytes = this.#take(4, what);
    return this.big ? bytes.readUInt32BE() : bytes.readUInt32LE();
  }

  /** Reads an offset or a length; none is beyond what a double holds exactly. */
  u64(what: string): number {
    const value = this.bigint(what);
    if (value > BigInt(Number.MAX_SAFE_INTEGER)) throw this.trouble(`${what} is ${value}, more than any file holds`);
    return Number(value);
  }

  bigint(what: string): bigint {
    const bytes = this.#take(8, what);
    return this.big ? bytes.readBigUInt64BE() : bytes.readBigUInt64LE();
  }

  /** Reads text up to a NUL, which is consumed. */
  string(what: string): string {
    const window = this.#look(Math.min(MAX_STRING, this.left));
    const end = window.indexOf(0);
    if (end < 0) throw this.trouble(`${what} has no end`);
    this.at += end + 1;
    return window.toString("utf8", 0, end);
  }

  /** Reads `length` bytes, which the file must have. */
  bytes(length: number, what: string): Buffer {
    if (length > this.left)
      throw this.trouble(`${what} says that it has ${length} bytes, and there are ${Math.max(0, this.left)}`);
    const bytes = length <= WINDOW ? this.#look(length) : this.access.read(this.at, length);
    if (bytes.length < length) throw this.trouble(`${what} is cut off`);
    this.at += length;
    return bytes;
  }

  text(length: number, what: string): string {
    return this.bytes(length, what).toString("utf8");
  }

  skip(length: number, what: string): void {
    if (length > this.left)
      throw this.trouble(`${what} says that it has ${length} bytes, and there are ${Math.max(0, this.left)}`);
    this.at += length;
  }

  /** Returns a cursor over the same bytes from another offset, or to another end. */
  part(at: number, end = this.end): Cursor {
    if (at > this.access.size)
      throw this.trouble(`something is said to be at offset ${at}, and the file has ${this.access.size} bytes`);
    return new Cursor(this.access, this.big, this.file, at, Math.min(end, this.access.size));
  }

  trouble(what: string): TroubleError {
    return new TroubleError(`a damaged trace.dat: at offset ${this.at}, ${what}`, this.file);
  }

  #take(length: number, what: string): Buffer {
    if (length > this.left) throw this.trouble(`${what} is cut off`);
    const bytes = this.#look(length);
    if (bytes.length < length) throw this.trouble(`${what} is cut off`);
    this.at += length;
    return bytes;
  }

  /** Returns the next bytes, up to `length`. */
  #look(length: number): Buffer {
    const from = this.at - this.#windowAt;
    if (from < 0 || from + length > this.#window.length) {
      this.#window = this.access.read(this.at, Math.max(length, Math.min(WINDOW, this.left)));
      this.#windowAt = this.at;
      return this.#window.subarray(0, length);
    }
    return this.#window.subarray(from, from + length);
  }
}
