/**
 * The bytes of a recording: a file or standard input, plain or decompressed from gzip or zstd, as its content shows. A
 * stream, whatever its size.
 */
import { createReadStream } from "node:fs";
import { createGunzip } from "node:zlib";
import { TroubleError } from "../base/trouble.js";
import { isZstd, ZstdError, ZstdReader } from "./zstd.js";

const CHUNK = 512 * 1024;
/** A damaged gzip file loses at most one chunk of content: hence small ones. */
const GUNZIP_CHUNK = 64 * 1024;
/** Bytes of a file that are searched for its format. */
export const HEAD_BYTES = 64 * 1024;
/** Decompressed chunks that may wait for a slower reader. */
const MAX_WAITING = 32;

export const EMPTY = "the file is empty; a recording is what /sys/kernel/tracing/trace held while the probes were on";

export type Compression = "gzip" | "zstd";

export class Source implements AsyncIterable<Buffer> {
  /** Faults that did not end reading: one sentence each. */
  readonly warnings: string[] = [];
  /** True if the compressed file ends before its content does. */
  truncated = false;

  constructor(
    /** The file's name for messages; `-` is standard input. */
    readonly name: string,
    /** The beginning of the content, decompressed. */
    readonly head: Buffer,
    readonly compression: Compression | undefined,
    private readonly rest: AsyncIterator<Buffer>,
    private readonly queued: readonly Buffer[],
    state: SourceState,
  ) {
    state.source = this;
    if (state.failure !== undefined) this.fail(state.failure);
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Buffer> {
    try {
      yield* this.queued;
      for (let next = await this.rest.next(); !next.done; next = await this.rest.next()) yield next.value;
    } finally {
      await this.close();
    }
  }

  /** Closes the file; a source that was read to its end has done so. */
  async close(): Promise<void> {
    await this.rest.return?.();
  }

  fail(what: string): void {
    this.truncated = true;
    this.warnings.push(what);
  }
}

/** The decompressor's messages to a source that may not exist yet. */
interface SourceState {
  source: Source | undefined;
  failure: string | undefined;
}

/** Opens the recording at `path`, or standard input for `-`. */
export async function openSource(
  path: string,
  input: AsyncIterable<Buffer> | undefined = undefined,
  chunkSize = CHUNK,
): Promise<Source> {
  const name = path;
  const raw = readRaw(
    name,
    input ?? (path === "-" ? process.stdin : createReadStream(path, { highWaterMark: chunkSize })),
  );
  const state: SourceState = { source: undefined, failure: undefined };
  const start: Buffer[] = [];
  try {
    await fill(raw, start, 4);
    const magic = Buffer.concat(start).subarray(0, 4);
    if (magic.length === 0) {
      throw new TroubleError(EMPTY, name);
    }
    const compression = compressionOf(magic);
    const content = compression === undefined ? raw : decompress(compression, chain(start, raw), state);
    const queued: Buffer[] = compression === undefined ? start : [];
    await fill(content, queued, HEAD_BYTES);
    if (queued.length === 0 && state.failure === undefined)
      throw new TroubleError(`the ${compression} file holds nothing`, name);
    const head = Buffer.concat(queued).subarray(0, HEAD_BYTES);
    if (head.length === 0)
      throw new TroubleError(`${state.failure ?? "nothing could be read"}; nothing could be decompressed`, name);
    return new Source(name, head, compression, content, queued, state);
  } catch (error) {
    await raw.return(undefined);
    throw error;
  }
}

export function compressionOf(magic: Buffer): Compression | undefined {
  if (magic[0] === 0x1f && magic[1] === 0x8b) return "gzip";
  return isZstd(magic) ? "zstd" : undefined;
}

function decompress(
  compression: Compression,
  compressed: AsyncGenerator<Buffer>,
  state: SourceState,
): AsyncGenerator<Buffer> {
  return compression === "gzip" ? gunzip(compressed, state) : unzstd(compressed, state);
}

function fail(state: SourceState, what: string): void {
  if (state.source) state.source.fail(what);
  else state.failure = what;
}

async function fill(from: AsyncIterator<Buffer>, into: Buffer[], bytes: number): Promise<void> {
  let have = into.reduce((sum, chunk) => sum + chunk.length, 0);
  while (have < bytes) {
    const next = await from.next();
    if (next.done) return;
    into.push(next.value);
    have += next.value.length;
  }
}

async function* chain(first: readonly Buffer[], rest: AsyncIterator<Buffer>): AsyncGenerator<Buffer> {
  yield* first;
  for (let next = await rest.next(); !next.done; next = await rest.next()) yield next.value;
}

async function* readRaw(name: string, stream: AsyncIterable<Buffer | string>): AsyncGenerator<Buffer> {
  try {
    for await (const chunk of stream)
      if (chunk.length > 0) yield typeof chunk === "string" ? Buffer.from(chunk) : chunk;
  } catch (error) {
    throw readTrouble(name, error);
  }
}

/** Describes why a file could not be read. */
export function readTrouble(name: string, error: unknown): unknown {
  if (!(error instanceof Error) || !("code" in error)) return error;
  const what = {
    ENOENT: "no such file; give the path of a recording, or - for standard input",
    EISDIR: "this is a directory; give the recording in it",
    EACCES: "permission denied; trace files of the kernel belong to root: read them with sudo, or from standard input",
    EPERM: "not permitted; trace files of the kernel belong to root: read them with sudo, or from standard input",
    EBUSY: "busy: another reader has this trace open",
  }[String(error.code)];
  return new TroubleError(what ?? `could not be read: ${error.message}`, name, undefined, { cause: error });
}

/** Decompresses only on demand, so a file that would become a thousand times as big takes no memory. */
async function* unzstd(compressed: AsyncGenerator<Buffer>, state: SourceState): AsyncGenerator<Buffer> {
  const reader = new ZstdReader();
  try {
    for await (const chunk of compressed) yield* reader.push(chunk);
    if (!reader.complete) fail(state, "the zstd file is cut off; what could be decompressed was read");
  } catch (error) {
    if (!(error instanceof ZstdError)) throw error;
    fail(
      state,
      error.damaged
        ? `the zstd file is damaged (${error.message}); what comes before the damage was read`
        : `the zstd file cannot be opened as it is: ${error.message}`,
    );
  }
}

/**
 * Decompresses through a queue of its own: a Node stream that fails drops the data that it had ready, and a truncated
 * file should yield as much as possible.
 */
async function* gunzip(compressed: AsyncIterable<Buffer>, state: SourceState): AsyncGenerator<Buffer> {
  const engine = createGunzip({ chunkSize: GUNZIP_CHUNK });
  const ready: Buffer[] = [];
  let ended = false;
  let broken: unknown;
  let wake = (): void => {};
  engine.on("data", (chunk: Buffer) => {
    ready.push(chunk);
    if (ready.length >= MAX_WAITING) engine.pause();
    wake();
  });
  const finish = (): void => {
    ended = true;
    wake();
  };
  engine.on("end", finish);
  engine.on("close", finish);
  engine.on("error", (error: Error) => {
    for (let rest = engine.read() as Buffer | null; rest !== null; rest = engine.read() as Buffer | null)
      ready.push(rest);
    const what =
      "code" in error && error.code === "Z_BUF_ERROR"
        ? "the gzip file is cut off; what could be decompressed was read"
        : `the gzip file is damaged (${error.message}); what comes before the damage was read`;
    fail(state, what);
    finish();
  });
  const feed = (async (): Promise<void> => {
    try {
      for await (const chunk of compressed) {
        if (ended) return;
        if (!engine.write(chunk))
          await new Promise<void>((resolve) => {
            const go = (): void => {
              engine.off("drain", go).off("close", go).off("error", go);
              resolve();
            };
            engine.on("drain", go).on("close", go).on("error", go);
          });
      }
      if (!ended) engine.end();
    } catch (error) {
      broken = error;
      finish();
    }
  })();
  try {
    for (;;) {
      const chunk = ready.shift();
      if (chunk !== undefined) {
        yield chunk;
        if (ready.length < MAX_WAITING / 2) engine.resume();
      } else if (ended) {
        break;
      } else {
        await new Promise<void>((resolve) => (wake = resolve));
      }
    }
    if (broken !== undefined) throw broken;
  } finally {
    ended = true;
    engine.destroy();
    await feed;
  }
}
