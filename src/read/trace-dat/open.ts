/** Opens a trace.dat: reads its contents and formats, and puts its CPUs in the order of time. */
import type { ReadReport } from "../report.js";
import { TroubleError } from "../../base/trouble.js";
import type { Access } from "./access.js";
import type { Contents, TraceBuffer } from "./contents.js";
import { CpuEvents } from "./cpu-events.js";
import { Cursor } from "./cursor.js";
import type { CommonFields } from "./decode.js";
import { parseFormat, type EventFormat, type Field } from "./format.js";
import { readIntro, type Intro } from "./intro.js";
import { checkEventHeader, pageLayout, type PageLayout } from "./layout.js";
import { ChunkedPages, PlainPages, type PageSource } from "./pages.js";
import { readVersion6 } from "./v6.js";
import { readVersion7 } from "./v7.js";

/** The kernel's own limit: the length of a page's used part takes 20 bits. */
const MAX_PAGE = 1 << 20;
/** Bytes to read ahead, for each CPU and for all together. */
const WINDOW = 256 * 1024;
const WINDOWS = 64 << 20;
/** Bytes of memory for pages, or decompressed chunks, of all CPUs. */
const MAX_HELD = 512 << 20;
const MIN_CHUNK = 1 << 20;
const MAX_CHUNK = 16 << 20;

export interface OpenTraceDat {
  readonly intro: Intro;
  readonly contents: Contents;
  readonly formats: readonly EventFormat[];
  readonly common: CommonFields;
  readonly cpus: readonly CpuEvents[];
}

/**
 * Reads all but the events.
 * @throws {TroubleError} for a file whose structure makes no sense
 */
export function openTraceDat(access: Access, file: string, report: ReadReport): OpenTraceDat {
  const { intro, contents } = readContents(access, file);
  report.warnings.push(...contents.warnings);
  if (contents.latency)
    return { intro, contents, formats: [], common: { type: NO_FIELD, flags: undefined, pid: undefined }, cpus: [] };
  const layout = pageLayout(contents.headerPage, file);
  checkEventHeader(contents.headerEvent, file);
  const formats = readFormats(contents, report);
  return {
    intro,
    contents,
    formats,
    common: commonFields(formats, file),
    cpus: cpusOf(
      access,
      file,
      intro,
      { ...contents, buffers: contents.buffers.map((buffer) => inSubBuffers(buffer, layout)) },
      layout,
    ),
  };
}

export function readContents(access: Access, file: string): { readonly intro: Intro; readonly contents: Contents } {
  const intro = readIntro(access, file);
  const cursor = new Cursor(access, intro.big, file, intro.end);
  return { intro, contents: intro.version === 6 ? readVersion6(access, intro, cursor) : readVersion7(intro, cursor) };
}

/** The kernel's sub-buffers may be several of the machine's pages long (from 6.8 on), according to `header_page`. */
function inSubBuffers(buffer: TraceBuffer, { size }: PageLayout): TraceBuffer {
  return size > buffer.pageSize && size % buffer.pageSize === 0 ? { ...buffer, pageSize: size } : buffer;
}

const NO_FIELD: Field = { name: "", type: "", offset: 0, size: 0, signed: false, isArray: false };
const FAULTS_SHOWN = 3;

export function readFormats({ formats }: Contents, report: ReadReport): EventFormat[] {
  const parsed = formats.flatMap(({ system, text }) => parseFormat(system, text) ?? []);
  const faulty = parsed.filter(({ fault }) => fault !== undefined);
  for (const { system, name, fault } of faulty.slice(0, FAULTS_SHOWN))
    report.warnings.push(`the format of ${system}:${name} makes no sense (${fault}); its events are counted, not read`);
  if (faulty.length > FAULTS_SHOWN)
    report.warnings.push(`the formats of ${faulty.length - FAULTS_SHOWN} more events make no sense`);
  if (parsed.length < formats.length)
    report.warnings.push(`${formats.length - parsed.length} formats have no name or number`);
  return parsed;
}

/** Returns the head of every record. It must be the same in all formats, or the event of a record would be unknown. */
export function commonFields(formats: readonly EventFormat[], file: string): CommonFields {
  const first = formats.find(({ fault }) => fault === undefined);
  if (!first) throw new TroubleError("a recording without the format of any event", file);
  const field = (name: string, size: number): Field | undefined => {
    const found = first.fields.get(name);
    if (found !== undefined && found.size !== size)
      throw new TroubleError(`damaged: its ${name} has ${found.size} bytes, not ${size}`, file);
    for (const format of formats) {
      if (format.fault === undefined && format.fields.get(name)?.offset !== found?.offset)
        throw new TroubleError(
          `damaged: its formats do not agree where ${name} is (${first.name}, ${format.name})`,
          file,
        );
    }
    return found;
  };
  const type = field("common_type", 2);
  if (!type) throw new TroubleError("damaged: its formats have no common_type", file);
  return { type, flags: field("common_flags", 1), pid: field("common_pid", 4) };
}

function cpusOf(access: Access, file: string, intro: Intro, contents: Contents, layout: PageLayout): CpuEvents[] {
  const ranges = contents.buffers.flatMap((buffer) =>
    buffer.cpus.filter(({ size }) => size > 0).map((range) => ({ buffer, range })),
  );
  checkApart(
    ranges.map(({ range }) => range),
    file,
  );
  for (const { pageSize } of contents.buffers) {
    if (pageSize <= layout.dataAt || pageSize > MAX_PAGE)
      throw new TroubleError(`a damaged trace.dat: a page has ${pageSize} bytes`, file);
    if (pageSize * ranges.length > MAX_HELD)
      throw new TroubleError(
        `a trace.dat of ${ranges.length} CPUs whose pages have ${pageSize} bytes: more than fits in memory`,
        file,
      );
  }
  const window = (pageSize: number): number =>
    Math.max(1, Math.floor(Math.min(WINDOW, WINDOWS / ranges.length) / pageSize)) * pageSize;
  const maxChunk = Math.max(MIN_CHUNK, Math.min(MAX_CHUNK, MAX_HELD / ranges.length));
  const leaky = new Set(contents.stats.filter(({ dropped }) => dropped > 0).map(({ cpu }) => cpu));
  return ranges.map(({ buffer, range }, order) => {
    const pages = pagesOf(buffer, range, window(buffer.pageSize), maxChunk);
    return new CpuEvents(range.cpu, buffer.name, order, pages, layout, intro.big, leaky.has(range.cpu));
  });

  function pagesOf(
    { compressed, pageSize }: TraceBuffer,
    range: TraceBuffer["cpus"][number],
    size: number,
    chunk: number,
  ): PageSource {
    if (!compressed) return new PlainPages(access, range, pageSize, size);
    if (intro.codec === undefined)
      throw new TroubleError("a damaged trace.dat: its pages are compressed and it does not say how", file);
    return new ChunkedPages(access, file, range, pageSize, intro.codec, intro.big, chunk);
  }
}

/** Checks that no byte of the file is in the pages of two CPUs: a small file must not read as many times its size. */
function checkApart(
  ranges: readonly { readonly cpu: number; readonly offset: number; readonly size: number }[],
  file: string,
): void {
  const sorted = [...ranges].sort((a, b) => a.offset - b.offset);
  const k = sorted.findIndex((range, j) => j > 0 && range.offset < sorted[j - 1]!.offset + sorted[j - 1]!.size);
  if (k >= 0)
    throw new TroubleError(
      `a damaged trace.dat: the pages of CPU ${sorted[k - 1]!.cpu} and CPU ${sorted[k]!.cpu} overlap`,
      file,
    );
}
