/**
 * Call trees as bytes: about 15 bytes for the compared part of each call. A recording has as many trees as user space
 * made operations; beyond a limit their bytes go to an unlinked file, and each tree is decoded when it is needed.
 */
import { firstWhere } from "../base/search.js";
import type { ArgumentDefinition } from "../../events/definition.js";
import { points } from "../../events/index.js";
import { ByteReader, ByteWriter } from "../log/file/bytes.js";
import type { Kind } from "../reduce/objects.js";
import type { ObjectRef, Value } from "../reduce/call-tree.js";
import { TemporaryFile } from "../base/temporary-file.js";
import type { ComparedNode } from "./calls.js";

/** Default limit of the bytes of one recording's trees in memory. */
const MEMORY = 32 << 20;
/** Least bytes of a chunk. No tree spans two chunks; a large one makes its chunk larger. */
const CHUNK = 1 << 16;
/** Repeated texts (names, kinds, flags) are written as a number; beyond these limits they are written out. */
const MAX_TEXTS = 1 << 14;
const MAX_TEXT = 64;

/** Flags that say which parts of a value follow. */
const NUMBER = 1;
const TEXT = 2;
const OBJECT = 4;
const OLDER = 8;
const LARGE = 16;
/** Larger numbers are written as text. */
const MAX_SIGNED = 2 ** 51;

export class PackedTrees {
  readonly #writer = new ByteWriter(CHUNK * 2);
  /** Offset of each chunk in all bytes; the last is the writer's. */
  readonly #starts = [0];
  /** The first chunks, which are in memory. */
  readonly #chunks: Uint8Array[] = [];
  readonly #file = new TemporaryFile();
  #fileStart = 0;
  /** Number of the chunk last read from the file. */
  #cached = -1;
  #cache = new Uint8Array(0);
  readonly #numberOf = new Map<string, number>();
  readonly #texts: string[] = [];

  constructor(private readonly memory = MEMORY) {}

  /** Returns the tree's position for `get`. */
  add(root: ComparedNode): number {
    const w = this.#writer;
    if (w.length >= CHUNK) this.#flush();
    const at = this.#starts.at(-1)! + w.length;
    this.#write(root, { seq: 0, line: 0 });
    return at;
  }

  /**
   * Decodes the tree that `add` put at this position.
   *
   * @throws {Error} If the file cannot be read.
   */
  get(at: number): ComparedNode {
    const chunk = firstWhere(1, this.#starts.length, (k) => this.#starts[k]! > at) - 1;
    return this.#read(new ByteReader(this.#chunk(chunk), at - this.#starts[chunk]!), { seq: 0, line: 0 });
  }

  /** Removes the file with its content. */
  close(): void {
    this.#file.close();
  }

  #flush(): void {
    const { written } = this.#writer;
    const start = this.#starts.at(-1)!;
    if (start + written.length <= this.memory) {
      this.#chunks.push(written.slice());
      this.#fileStart = start + written.length;
    } else this.#file.write(written, start - this.#fileStart);
    this.#starts.push(start + written.length);
    this.#writer.clear();
  }

  #chunk(k: number): Uint8Array {
    if (k === this.#starts.length - 1) return this.#writer.written;
    if (k < this.#chunks.length) return this.#chunks[k]!;
    if (k !== this.#cached) {
      const start = this.#starts[k]!;
      const length = this.#starts[k + 1]! - start;
      if (this.#cache.length < length) this.#cache = new Uint8Array(length);
      this.#cached = -1;
      this.#file.read(this.#cache.subarray(0, length), start - this.#fileStart);
      this.#cached = k;
    }
    return this.#cache;
  }

  /** Numbers grow little from call to call, so differences are written. */
  #write(node: ComparedNode, last: { seq: number; line: number }): void {
    const w = this.#writer;
    w.number(node.point);
    w.signed(node.seq - last.seq);
    w.signed(node.line - last.line);
    last.seq = node.seq;
    last.line = node.line;
    for (const value of node.args) this.#writeValue(value);
    w.number(node.result ? 1 : 0);
    if (node.result) this.#writeValue(node.result);
    // An address argument may mean a slot that was made there; `made` (calls.ts) needs no other touched objects.
    const touched = node.touched.filter(({ object }) => object.kind === "memslot");
    w.number(touched.length);
    for (const { object } of touched) {
      w.number(object.older ? 1 : 0);
      this.#writeObject(object);
    }
    w.number(node.children.length);
    for (const child of node.children) this.#write(child, last);
  }

  #read(r: ByteReader, last: { seq: number; line: number }): ComparedNode {
    const point = r.number();
    const { args, operation } = points.points[point]!;
    const seq = (last.seq += r.signed());
    const line = (last.line += r.signed());
    return {
      operation: operation.name,
      point,
      seq,
      line,
      args: args.map((definition) => this.#readValue(r, definition)),
      result: r.number() === 1 ? this.#readValue(r, operation.result!) : undefined,
      touched: Array.from({ length: r.number() }, () => ({ object: this.#readObject(r, r.number() === 1) })),
      children: Array.from({ length: r.number() }, () => this.#read(r, last)),
    };
  }

  #writeValue({ definition, text, number, object }: Value): void {
    const w = this.#writer;
    // An address means nothing by itself, except where a slot is made.
    const hasText =
      definition.type === "ptr" ? definition.object === "memslot" : number === undefined || String(number) !== text;
    const isLarge = number !== undefined && !(Number.isInteger(number) && Math.abs(number) < MAX_SIGNED);
    w.number(
      (number === undefined ? 0 : NUMBER) |
        (hasText ? TEXT : 0) |
        (object ? OBJECT : 0) |
        (object?.older ? OLDER : 0) |
        (isLarge ? LARGE : 0),
    );
    if (hasText) this.#writeText(text);
    if (number !== undefined && isLarge) this.#writeText(String(number));
    else if (number !== undefined) w.signed(number);
    if (object) this.#writeObject(object);
  }

  #readValue(r: ByteReader, definition: ArgumentDefinition): Value {
    const has = r.number();
    const text = has & TEXT ? this.#readText(r) : undefined;
    const number = !(has & NUMBER) ? undefined : has & LARGE ? Number(this.#readText(r)) : r.signed();
    const object = has & OBJECT ? this.#readObject(r, (has & OLDER) !== 0) : undefined;
    return {
      name: definition.name,
      text: text ?? (definition.type === "ptr" ? "" : String(number)),
      number,
      object,
      definition,
    };
  }

  /** Only labels of slots are needed: they hold the address. */
  #writeObject({ kind, id, name, label }: ObjectRef): void {
    this.#writeText(kind);
    this.#writer.number(id);
    this.#writeText(name);
    if (kind === "memslot") this.#writeText(label);
  }

  #readObject(r: ByteReader, older: boolean): ObjectRef {
    const kind = this.#readText(r) as Kind;
    return { kind, id: r.number(), name: this.#readText(r), label: kind === "memslot" ? this.#readText(r) : "", older };
  }

  #writeText(text: string): void {
    let known = this.#numberOf.get(text);
    if (known === undefined && text.length <= MAX_TEXT && this.#texts.length < MAX_TEXTS) {
      this.#numberOf.set(text, (known = this.#texts.length));
      this.#texts.push(text);
    }
    this.#writer.number(known === undefined ? 0 : known + 1);
    if (known === undefined) this.#writer.text(text);
  }

  #readText(r: ByteReader): string {
    const known = r.number();
    return known === 0 ? r.text() : this.#texts[known - 1]!;
  }
}
