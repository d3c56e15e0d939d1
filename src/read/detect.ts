/** Detects the format of a recording, by its content and never by its name. */
import { LF } from "./ftrace/bytes.js";
import { LOG_MAGIC } from "../log/file/format.js";
import type { BinaryFormat, Format, TextFormat } from "./formats.js";
import { formatOfLine } from "./readers.js";
import { TroubleError, printable } from "../base/trouble.js";

interface Magic {
  readonly bytes: readonly number[];
  readonly what: string;
}

const text = (magic: string): number[] => [...Buffer.from(magic, "latin1")];
const REPORT_TEXT = "give kreel the text of /sys/kernel/tracing/trace or trace_pipe instead";

/** Other files that users have at hand, each with advice. */
const OTHERS: readonly Magic[] = [
  {
    bytes: text("PERFILE2"),
    what: "a perf.data, which this kreel does not read; give it the text of: perf script --ns -i FILE",
  },
  { bytes: text("SQLite format 3\0"), what: `an SQLite database, not a recording; ${REPORT_TEXT}` },
  { bytes: [0x7f, ...text("ELF")], what: `an ELF program or object, not a recording; ${REPORT_TEXT}` },
  { bytes: [0x89, ...text("PNG")], what: `a PNG image, not a recording; ${REPORT_TEXT}` },
  { bytes: [0xff, 0xd8, 0xff], what: `a JPEG image, not a recording; ${REPORT_TEXT}` },
  { bytes: text("%PDF"), what: `a PDF document, not a recording; ${REPORT_TEXT}` },
  { bytes: text("PK\x03\x04"), what: "a zip archive; unpack it and give the recording in it" },
  { bytes: [0xfd, ...text("7zXZ"), 0], what: "compressed with xz; decompress it: xz -dc FILE | kreel … -" },
  { bytes: text("BZh"), what: "compressed with bzip2; decompress it: bzip2 -dc FILE | kreel … -" },
  { bytes: [0x04, 0x22, 0x4d, 0x18], what: "compressed with lz4; decompress it: lz4 -dc FILE | kreel … -" },
  {
    bytes: [0x28, 0xb5, 0x2f, 0xfd],
    what: "compressed twice, zstd within another; decompress it once and give kreel what comes out",
  },
  {
    bytes: [0x1f, 0x8b],
    what: "compressed twice, gzip within another; decompress it once and give kreel what comes out",
  },
  { bytes: [0xff, 0xfe], what: "text in UTF-16; convert it to UTF-8: iconv -f UTF-16 -t UTF-8 FILE | kreel … -" },
];
const TRACE_DAT_MAGIC = Buffer.of(0x17, 0x08, 0x44, ...text("tracing"));
const TAR_MAGIC = Buffer.from("ustar");
const TAR_MAGIC_AT = 257;
/** Characters of a line that suffice to tell its format. */
const SHOWN_OF_LINE = 400;

/**
 * Detects the format from the beginning of the content.
 * @throws {TroubleError} for other files, with what the file is instead
 */
export function detectFormat(head: Buffer, file: string): Format {
  const format = binaryFormat(head, file) ?? textFormat(head);
  if (format !== undefined) return format;
  const end = head.indexOf(LF);
  const first = printable(
    head
      .subarray(0, end < 0 ? head.length : end)
      .toString("utf8")
      .trim()
      .slice(0, 60),
  );
  throw new TroubleError(
    `not a recording that kreel knows: nothing here looks like the text of ftrace, trace-cmd, perf or bpftrace (line 1 is "${first}"); ${REPORT_TEXT}`,
    file,
    1,
  );
}

/**
 * Detects a binary format by the first bytes.
 * @throws {TroubleError} for bytes that no recording begins with
 */
export function binaryFormat(head: Buffer, file: string): BinaryFormat | undefined {
  if (head.subarray(0, TRACE_DAT_MAGIC.length).equals(TRACE_DAT_MAGIC)) return "trace-dat";
  if (head.subarray(0, LOG_MAGIC.length).equals(LOG_MAGIC)) return "kreel-log";
  for (const { bytes, what } of OTHERS) {
    if (head.length >= bytes.length && bytes.every((byte, k) => head[k] === byte)) throw new TroubleError(what, file);
  }
  if (head.subarray(TAR_MAGIC_AT, TAR_MAGIC_AT + TAR_MAGIC.length).equals(TAR_MAGIC)) {
    throw new TroubleError("a tar archive; unpack it and give the recording in it", file);
  }
  return undefined;
}

/** Returns the format of the first line that is unlike any other format's. */
export function textFormat(head: Buffer): TextFormat | undefined {
  // The head may end within a line; parsing stops at the line feed.
  const bytes = Buffer.concat([head, Buffer.of(LF)]);
  for (let start = 0; start < bytes.length; ) {
    const end = bytes.indexOf(LF, start);
    const format = formatOfLine({
      bytes,
      start,
      end,
      text: bytes.toString("latin1", start, Math.min(end, start + SHOWN_OF_LINE)),
    });
    if (format) return format;
    start = end + 1;
  }
  return undefined;
}
