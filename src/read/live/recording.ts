/** A recording that is still being written. */
import { nanoid } from "nanoid";
import { points } from "../../../events/index.js";
import type { Batch } from "../../log/batch.js";
import type { Origin } from "../../log/log.js";
import { createTables, type Tables } from "../../log/tables.js";
import { conclude } from "../conclude.js";
import { binaryFormat, detectFormat, textFormat } from "../detect.js";
import { formats, isText, known, type Format, type TextFormat } from "../formats.js";
import { readerOf } from "../readers.js";
import type { OpenOptions, Recording } from "../recording.js";
import { ReadReport } from "../report.js";
import { compressionOf, EMPTY, HEAD_BYTES } from "../source.js";
import { type StreamReader, upToTrouble } from "../stream-reader.js";
import { TroubleError } from "../../base/trouble.js";
import { type Feed, type Piece, piecesOf, type Restart } from "./feed.js";
import { openFeed } from "./open.js";

/** Options for reading a recording that is still being written. */
export interface FollowOptions {
  /** Ends the recording: the bytes written by then are read. */
  readonly signal?: AbortSignal;
  /** Called at once with what the user should know: the file was truncated, replaced or removed. */
  readonly onNotice?: (text: string) => void;
}

const LF = 0x0a;

class LiveRecording implements Recording {
  readonly id = nanoid();
  readonly tables: Tables;
  readonly report: ReadReport;

  constructor(
    readonly origin: Origin & { readonly format: TextFormat },
    private readonly feed: Feed,
    /** Whole lines of its beginning. */
    private readonly head: Buffer,
    private readonly beginning: readonly Piece[],
    private readonly pieces: AsyncIterable<Piece>,
    private readonly onNotice: (text: string) => void,
  ) {
    this.tables = createTables(origin.path);
    this.report = new ReadReport(origin.path);
  }

  batches(): AsyncGenerator<Batch> {
    const reader = readerOf(this.origin.format, {
      beginning: this.head,
      points,
      tables: this.tables,
      report: this.report,
    });
    return upToTrouble(reader, this.#batches(reader));
  }

  async *#batches(reader: StreamReader): AsyncGenerator<Batch> {
    const take = (piece: Piece): Batch[] => {
      if (typeof piece !== "string") return reader.push(piece);
      if (piece === "flush") return reader.flush();
      this.#began(piece);
      return reader.restart();
    };
    for (const piece of this.beginning) yield* take(piece);
    for await (const piece of this.pieces) yield* take(piece);
    yield* reader.end();
    conclude(this.report);
  }

  async close(): Promise<void> {
    await this.feed.close();
  }

  #began(anew: Restart): void {
    const { report } = this;
    const notice = `${anew} after line ${report.lines} was read: reading goes on from its new start, and what was not read yet is lost`;
    report.warnings.push(notice);
    this.onNotice(notice);
  }
}

/**
 * Opens a growing recording and waits for the first lines, which determine its format.
 * @throws {TroubleError} if it cannot be followed
 */
export async function openLive(
  path: string,
  { signal, onNotice = () => {} }: FollowOptions,
  { format, input }: OpenOptions,
): Promise<Recording> {
  const given = format === undefined ? undefined : followed(known(format, path), path);
  const feed = await openFeed(path, input, onNotice);
  try {
    const pieces = piecesOf(feed, signal);
    const { head, beginning } = await firstLines(path, pieces, given);
    const found = given ?? followed(detectFormat(head, path), path);
    return new LiveRecording({ path, format: found }, feed, head, beginning, pieces, onNotice);
  } catch (error) {
    await feed.close();
    throw error;
  }
}

/** Reads whole lines until they determine the format; fewer if the recording ends before. */
async function firstLines(
  path: string,
  pieces: AsyncGenerator<Piece>,
  given: Format | undefined,
): Promise<{ readonly head: Buffer; readonly beginning: readonly Piece[] }> {
  let beginning: Piece[] = [];
  let bytes = Buffer.alloc(0);
  for (let next = await pieces.next(); !next.done; next = await pieces.next()) {
    const piece = next.value;
    if (typeof piece !== "string") {
      beginning.push(piece);
      bytes = Buffer.concat([bytes, piece]);
      if (bytes.length < HEAD_BYTES) continue;
    } else if (piece !== "flush") {
      // No event was made of the bytes so far.
      beginning = [];
      bytes = Buffer.alloc(0);
      continue;
    }
    checkText(bytes, path);
    const lines = bytes.subarray(0, bytes.lastIndexOf(LF) + 1);
    if (bytes.length >= HEAD_BYTES || (lines.length > 0 && (given ?? textFormat(lines)) !== undefined))
      return { head: lines.subarray(0, HEAD_BYTES), beginning: [...beginning, "flush"] };
  }
  if (bytes.length === 0) throw new TroubleError(EMPTY, path);
  checkText(bytes, path);
  return { head: bytes, beginning };
}

function checkText(head: Buffer, path: string): void {
  const compression = compressionOf(head);
  if (compression !== undefined)
    throw new TroubleError(
      `${compression} cannot be followed: what is written last is not in the file yet; leave --follow away, or decompress on the way: … | kreel replay --follow -`,
      path,
    );
  const format = binaryFormat(head, path);
  if (format !== undefined) followed(format, path);
}

function followed(format: Format, path: string): TextFormat {
  if (isText(format)) return format;
  throw new TroubleError(formats[format].cannotFollow, path);
}
