/** The bytes of a log in a browser: all of a small one, else pieces on demand. */
import type { LogBytes } from "../../log/file/log-file.js";
import type { Source } from "../protocol.js";
import { fetched } from "./fetched.js";

/** Largest log that is fetched as a whole, in bytes. */
const WHOLE = 64 << 20;
const PIECE = 1 << 20;
/** Most pieces in memory. */
const KEPT = 64;

export async function bytesOf(source: Source): Promise<LogBytes> {
  if ("content" in source) return inMemory(source.content);
  if (source.bytes > WHOLE) return inPieces(source.url, source.bytes);
  const response = await fetched(source.url, "the log");
  return inMemory(new Uint8Array(await response.arrayBuffer()));
}

export function inMemory(content: Uint8Array): LogBytes {
  return {
    size: content.length,
    read: (offset, length) =>
      Buffer.from(content.buffer, content.byteOffset + offset, Math.max(0, Math.min(length, content.length - offset))),
    close: () => {},
  };
}

/** Reads by synchronous requests, which only a worker may make. */
function inPieces(url: string, size: number): LogBytes {
  const pieces = new Map<number, Uint8Array>();
  const piece = (k: number): Uint8Array => {
    const known = pieces.get(k);
    // Moves the piece to the end: the least recently used one is dropped first.
    if (known) pieces.delete(k);
    const bytes = known ?? fetchRange(url, k * PIECE, Math.min(size, (k + 1) * PIECE));
    pieces.set(k, bytes);
    if (pieces.size > KEPT) pieces.delete(pieces.keys().next().value!);
    return bytes;
  };
  return {
    size,
    read(offset, length) {
      const end = Math.min(size, offset + length);
      const out = Buffer.alloc(Math.max(0, end - offset));
      for (let at = offset; at < end; ) {
        const k = Math.floor(at / PIECE);
        const part = piece(k).subarray(at - k * PIECE, end - k * PIECE);
        if (part.length === 0) return out.subarray(0, at - offset);
        out.set(part, at - offset);
        at += part.length;
      }
      return out;
    },
    close: () => pieces.clear(),
  };
}

function fetchRange(url: string, start: number, end: number): Uint8Array {
  const request = new XMLHttpRequest();
  request.open("GET", url, false);
  request.responseType = "arraybuffer";
  request.setRequestHeader("Range", `bytes=${start}-${end - 1}`);
  request.send();
  if (request.status !== 206) throw new Error(`the server does not give the log's bytes: ${request.status}`);
  return new Uint8Array(request.response as ArrayBuffer);
}
