/** The text of a recording of a latency tracer, as a stream. */
import { TroubleError } from "../../base/trouble.js";
import type { Access } from "./access.js";
import type { LatencyText } from "./contents.js";
import type { Intro } from "./intro.js";
import { ChunkedPages } from "./pages.js";

const PIECE = 256 * 1024;

export async function* latencyText(
  access: Access,
  file: string,
  intro: Intro,
  { offset, size, compressed }: LatencyText,
): AsyncGenerator<Buffer> {
  if (!compressed) {
    const end = Math.min(offset + size, access.size);
    for (let at = offset; at < end; at += PIECE) yield access.read(at, Math.min(PIECE, end - at));
    return;
  }
  if (intro.codec === undefined)
    throw new TroubleError("a damaged trace.dat: its text is compressed and it does not say how", file);
  const chunks = new ChunkedPages(access, file, { cpu: 0, offset, size }, PIECE, intro.codec, intro.big);
  while (chunks.next()) yield Buffer.from(chunks.bytes.subarray(chunks.at, chunks.at + chunks.length));
  if (chunks.trouble !== undefined) throw new TroubleError(`a damaged trace.dat: ${chunks.trouble}`, file);
}
