/** Version 7: sections anywhere in the file, found through a chain of options, compressed or not. */
import { PieceError, decompress } from "./decompress.js";
import { memoryAccess } from "./access.js";
import type { Contents, TraceBuffer } from "./contents.js";
import { Cursor } from "./cursor.js";
import type { Intro } from "./intro.js";
import { readEventFormats, readFtraceFormats, readHeaders } from "./metadata.js";
import { CMDLINES, DONE, EVENT_FORMATS, FTRACE_EVENTS, HEADER_INFO, KALLSYMS, Options } from "./options.js";

const COMPRESSED = 1;
/** Sections of options that are followed. */
const MAX_CHAIN = 1024;
/** Bytes that a section may decompress to: kallsyms has some 10 MiB. Pages are read in chunks, not as a section. */
const MAX_SECTION = 256 << 20;

interface SectionHeader {
  readonly id: number;
  readonly compressed: boolean;
  readonly size: number;
  /** Offset of its content. */
  readonly at: number;
}

export function readVersion7(intro: Intro, cursor: Cursor): Contents {
  const sections = new Sections(intro, cursor);
  const options = readChain(sections, intro.optionsAt);
  const required = (id: number, what: string): Cursor => {
    const at = options.sections.get(id);
    if (at === undefined) throw cursor.part(intro.optionsAt).trouble(`no option says where ${what} are`);
    return sections.open(at, id, what);
  };
  const optional = (id: number, what: string): Cursor | undefined =>
    options.sections.has(id) ? required(id, what) : undefined;
  const { headerPage, headerEvent } = readHeaders(required(HEADER_INFO, "the headers"));
  const ftrace = optional(FTRACE_EVENTS, "the formats of ftrace");
  const events = optional(EVENT_FORMATS, "the formats of the events");
  const formats = [...(ftrace ? readFtraceFormats(ftrace) : []), ...(events ? readEventFormats(events) : [])];
  const saved = optional(CMDLINES, "the command lines");
  const cmdlines = saved ? saved.bytes(saved.u64("the command lines"), "the command lines") : Buffer.alloc(0);
  const kallsyms = (): Buffer => {
    const symbols = optional(KALLSYMS, "kallsyms");
    return symbols ? symbols.bytes(symbols.u32("kallsyms"), "kallsyms") : Buffer.alloc(0);
  };
  const buffers = options.buffers.map(
    ({ offset, name, clock, pageSize, cpus }): TraceBuffer => ({
      name,
      clock,
      pageSize,
      cpus,
      compressed: sections.header(offset, "a buffer").compressed,
    }),
  );
  const text = options.text && sections.header(options.text.offset, "the text of a buffer");
  const latency = text && { offset: text.at, size: text.size, compressed: text.compressed };
  const clock = options.clock ?? options.buffers.find(({ name }) => name === "")?.clock;
  const { timeOffset, tsc, stats, warnings } = options;
  return {
    headerPage,
    headerEvent,
    formats,
    kallsyms,
    cmdlines,
    buffers,
    latency,
    clock,
    timeOffset,
    tsc,
    stats,
    warnings,
  };
}

/** Follows the options from section to section; each is visited once, so a cycle ends in an error. */
function readChain(sections: Sections, first: number): Options {
  const options = new Options(7);
  const visited = new Set<number>();
  for (let at = first; at !== 0; ) {
    if (visited.has(at) || visited.size >= MAX_CHAIN)
      throw sections.at(at).trouble("the chain of options does not end");
    visited.add(at);
    const cursor = sections.open(at, DONE, "the options");
    at = 0;
    while (cursor.left > 0) {
      const option = cursor.u16("an option");
      const size = cursor.u32("the size of an option");
      if (size > cursor.left)
        throw cursor.trouble(`an option says that it has ${size} bytes, and there are ${cursor.left}`);
      const data = cursor.part(cursor.at, cursor.at + size);
      if (option === DONE) {
        at = data.u64("the offset of further options");
        break;
      }
      options.take(option, data);
      cursor.skip(size, "an option");
    }
  }
  return options;
}

class Sections {
  constructor(
    private readonly intro: Intro,
    private readonly cursor: Cursor,
  ) {}

  at(offset: number): Cursor {
    return this.cursor.part(offset);
  }

  header(offset: number, what: string): SectionHeader {
    const cursor = this.at(offset);
    const id = cursor.u16(what);
    const flags = cursor.u16(what);
    cursor.u32(what);
    const size = cursor.u64(`the size of ${what}`);
    return { id, compressed: (flags & COMPRESSED) !== 0, size, at: cursor.at };
  }

  /** Returns the content of the section at `offset`, decompressed; it must be of the kind `id`. */
  open(offset: number, id: number, what: string): Cursor {
    const header = this.header(offset, what);
    const cursor = this.at(header.at);
    if (header.id !== id) throw cursor.trouble(`${what} should be there, and a section of another kind is`);
    if (header.size > cursor.left)
      throw cursor.trouble(
        `the section of ${what} says that it has ${header.size} bytes, and there are ${cursor.left}`,
      );
    if (!header.compressed) return cursor.part(cursor.at, cursor.at + header.size);
    const compressed = cursor.u32(what);
    const size = cursor.u32(what);
    const { codec, big } = this.intro;
    if (codec === undefined) throw cursor.trouble(`${what} are compressed in a file that is not`);
    if (size > MAX_SECTION) throw cursor.trouble(`${what} would decompress to ${size} bytes, which cannot be`);
    const bytes = cursor.bytes(compressed, what);
    try {
      return new Cursor(memoryAccess(decompress(codec, bytes, size)), big, cursor.file, 0);
    } catch (error) {
      if (error instanceof PieceError) throw cursor.trouble(`${what} cannot be decompressed: ${error.message}`);
      throw error;
    }
  }
}
