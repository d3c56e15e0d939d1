/** Lines of a stream of chunks. A line longer than the limit is dropped as soon as it exceeds it. */
import { LF } from "../ftrace/bytes.js";

export interface TextLine {
  /** Without its line feed; the beginning of a line that is too long. */
  readonly text: string;
  readonly tooLong: boolean;
}

const SHOWN_OF_LONG = 800;
/** A line may arrive in pieces of a byte: so many are kept apart. */
const MAX_PIECES = 1024;

export class Lines {
  #pieces: Buffer[] = [];
  #held = 0;

  /** `most`: bytes of a line. */
  constructor(private readonly most: number) {}

  *push(chunk: Buffer): Generator<TextLine> {
    let start = 0;
    for (let feed = chunk.indexOf(LF); feed >= 0; feed = chunk.indexOf(LF, start)) {
      this.#keep(chunk.subarray(start, feed));
      yield this.#taken();
      start = feed + 1;
    }
    // A copy: the chunk is the caller's.
    if (start < chunk.length) this.#keep(Buffer.from(chunk.subarray(start)));
  }

  /** Returns the text after the last line feed, if there is any. */
  end(): TextLine | undefined {
    return this.#held === 0 ? undefined : this.#taken();
  }

  #keep(piece: Buffer): void {
    const held = this.#held;
    this.#held += piece.length;
    if (held <= this.most) this.#pieces.push(piece);
    if (this.#pieces.length > MAX_PIECES) this.#pieces = [Buffer.concat(this.#pieces)];
    if (this.#held > this.most) this.#pieces = [Buffer.concat(this.#pieces).subarray(0, SHOWN_OF_LONG)];
  }

  #taken(): TextLine {
    const tooLong = this.#held > this.most;
    const bytes = this.#pieces.length === 1 ? this.#pieces[0]! : Buffer.concat(this.#pieces);
    this.#pieces = [];
    this.#held = 0;
    return { text: bytes.toString("utf8"), tooLong };
  }
}
