/**
 * Logs whose checksums are right and whose contents are wrong: a block is unpacked, changed and sealed again, which
 * plain damage to a file never does.
 */
import { deflateRawSync, inflateRawSync } from "node:zlib";
import { ByteReader, ByteWriter, DamagedError } from "../../../src/log/file/bytes.js";
import {
  BLOCK_HEADER,
  type BlockHeader,
  crc32,
  decodeBlockHeader,
  encodeBlockHeader,
  encodeFileHeader,
  FILE_HEADER,
  hashOf,
} from "../../../src/log/file/format.js";
import { indexAt, TRAILER } from "../../../src/log/file/index-block.js";
import { STREAMS } from "../../../src/log/file/layout.js";
import type { Random } from "../random.js";
import { mutateBytes, spliced } from "./bytes.js";
import { mutateJson } from "./json.js";

interface Block {
  readonly header: BlockHeader;
  readonly payload: Buffer;
}

/** Numbers that no writer could have written in most places. */
const NUMBERS = [
  0,
  1,
  2,
  7,
  255,
  256,
  65_535,
  65_536,
  2 ** 20,
  2 ** 26,
  2 ** 31,
  2 ** 32 - 1,
  2 ** 32,
  Number.MAX_SAFE_INTEGER,
];
const MOST = 1 << 20;

/** Mutates a log. */
export function mutateLog(bytes: Buffer, random: Random, mutations: string[], other: () => Buffer): Buffer {
  let { blocks, tail } = takenApart(bytes);
  if (blocks.length === 0) return mutateBytes(bytes, random, other, mutations);
  for (let left = random.small(1, 4); left > 0 && blocks.length > 0; left--)
    blocks = changed(blocks, random, mutations);
  if (random.chance(0.2)) {
    tail = Buffer.concat([tail, random.bytes(random.small(1, 100))]);
    mutations.push("tail");
  }
  const keepIndex = random.chance(0.3);
  if (!keepIndex) blocks = blocks.filter(({ header }) => header.kind !== "index");
  return putTogether(bytes.subarray(0, FILE_HEADER), blocks, tail);
}

function takenApart(bytes: Buffer): { blocks: readonly Block[]; tail: Buffer } {
  const blocks: Block[] = [];
  let at = FILE_HEADER;
  for (
    let header = decodeBlockHeader(bytes, at);
    header && at + BLOCK_HEADER + header.length <= bytes.length;
    header = decodeBlockHeader(bytes, at)
  ) {
    blocks.push({ header, payload: bytes.subarray(at + BLOCK_HEADER, at + BLOCK_HEADER + header.length) });
    at += BLOCK_HEADER + header.length;
  }
  return { blocks, tail: bytes.subarray(at) };
}

function putTogether(head: Buffer, blocks: readonly Block[], tail: Buffer): Buffer {
  const parts: Buffer[] = [head.length === FILE_HEADER ? head : encodeFileHeader("fuzz")];
  let previous = hashOf(parts[0]!);
  let at = FILE_HEADER;
  for (const { header, payload } of blocks) {
    // The index has its own place at its end, which is updated.
    const sealed = header.kind === "index" ? placed(payload, at) : payload;
    const own = encodeBlockHeader({ ...header, length: sealed.length, payloadCrc: crc32(sealed), previous });
    previous = hashOf(own, sealed);
    parts.push(own, sealed);
    at += own.length + sealed.length;
  }
  return Buffer.concat([...parts, tail]);
}

function placed(payload: Buffer, at: number): Buffer {
  if (payload.length < TRAILER || indexAt(payload.subarray(payload.length - TRAILER)) === undefined) return payload;
  const copy = Buffer.from(payload);
  copy.writeBigUInt64LE(BigInt(at), payload.length - TRAILER + 8);
  return copy;
}

function changed(blocks: readonly Block[], random: Random, mutations: string[]): readonly Block[] {
  const k = random.below(blocks.length);
  const block = blocks[k]!;
  const put = (...instead: readonly Block[]): readonly Block[] => [
    ...blocks.slice(0, k),
    ...instead,
    ...blocks.slice(k + 1),
  ];
  const note = <T>(what: string, value: T): T => (mutations.push(what), value);
  switch (random.below(12)) {
    case 0:
      return note("block removed", put());
    case 1:
      return note("block doubled", put(block, block));
    case 2:
      return note("block moved", [
        ...put().slice(0, random.below(blocks.length)),
        block,
        ...put().slice(random.below(blocks.length)),
      ]);
    case 3:
    case 4:
      return note("block header", put({ ...block, header: headerChanged(block.header, random) }));
    default:
      return note(
        `payload of ${block.header.kind}`,
        put({ ...block, payload: payloadChanged(block, random).subarray(0, MOST) }),
      );
  }
}

function headerChanged(header: BlockHeader, random: Random): BlockHeader {
  const near = (value: number): number =>
    Math.max(0, random.chance(0.5) ? random.pick(NUMBERS) : value + random.between(-2, 2));
  const word = (value: number): number => Math.min(0xffffffff, near(value));
  switch (random.below(7)) {
    case 0:
      return { ...header, kind: random.pick(["schema", "origin", "events", "snapshot", "report", "index"] as const) };
    case 1:
      return { ...header, events: word(header.events) };
    case 2:
      return { ...header, firstSeq: near(header.firstSeq) };
    case 3:
      return {
        ...header,
        timeHigh: random.pick([-1, Number.NaN, Number.POSITIVE_INFINITY, 1e300, 0.5, near(header.timeHigh)]),
      };
    case 4:
      return { ...header, timeLow: word(header.timeLow) };
    case 5:
      return { ...header, schema: word(header.schema) };
    default:
      return { ...header, synced: near(header.synced) };
  }
}

function payloadChanged({ header, payload }: Block, random: Random): Buffer {
  const blind = (): Buffer => mutateBytes(payload, random, () => payload, []);
  if (random.chance(0.15)) return blind();
  try {
    switch (header.kind) {
      case "events":
        return eventsChanged(payload, header.events, random);
      case "schema":
      case "origin":
      case "report":
        return jsonChanged(payload, random);
      case "index":
        return indexChanged(payload, random);
      default:
        return blind();
    }
  } catch (error) {
    // Changed twice: the payload may not parse any more.
    if (
      error instanceof DamagedError ||
      error instanceof SyntaxError ||
      error instanceof RangeError ||
      (error instanceof Error && "code" in error)
    )
      return blind();
    throw error;
  }
}

function eventsChanged(payload: Buffer, events: number, random: Random): Buffer {
  const reader = new ByteReader(payload);
  const different = reader.below(events);
  const head = Array.from({ length: different * 2 }, () => reader.number());
  let column: Buffer = inflateRawSync(reader.chunk(), { maxOutputLength: MOST });
  reader.number();
  const rest = new ByteReader(inflateRawSync(payload.subarray(reader.at), { maxOutputLength: MOST }));
  const streams = STREAMS.map((): Buffer => Buffer.from(rest.chunk()));
  let said = different;
  for (let left = random.small(1, 3); left > 0; left--) {
    const k = random.below(streams.length);
    const choice = random.below(8);
    if (choice === 0 && head.length > 0) head[random.below(head.length)] = random.pick(NUMBERS);
    else if (choice === 1) column = mutateBytes(column, random, () => streams[k]!, []);
    else if (choice === 2) said = random.pick(NUMBERS);
    else if (choice === 3) streams[k] = streams[random.below(streams.length)]!;
    else if (choice === 4) streams.splice(k, random.below(2), Buffer.alloc(0));
    else
      streams[k] = random.chance(0.5)
        ? numberChanged(streams[k]!, random)
        : mutateBytes(streams[k]!, random, () => column, []);
  }
  const all = new ByteWriter();
  for (const stream of streams) all.chunk(stream);
  const out = new ByteWriter();
  out.number(said);
  for (const number of head) out.number(number);
  out.chunk(deflateRawSync(column, { level: 1 }));
  out.number(random.chance(0.05) ? random.pick(NUMBERS) : all.length);
  return Buffer.concat([out.written, deflateRawSync(all.written, { level: 1 })]);
}

/** Replaces one of a stream's numbers. */
function numberChanged(stream: Buffer, random: Random): Buffer {
  const at = random.below(stream.length + 1);
  let end = at;
  while (end < stream.length && stream[end]! >= 0x80) end++;
  const number = new ByteWriter();
  number.number(random.pick(NUMBERS));
  return spliced(stream, at, end + 1 - at, number.written);
}

function jsonChanged(payload: Buffer, random: Random): Buffer {
  const text = inflateRawSync(payload.subarray(4), { maxOutputLength: MOST }).toString("utf8");
  let value: unknown = JSON.parse(text);
  for (let left = random.small(1, 4); left > 0; left--) value = mutateJson(value, random);
  const bytes = Buffer.from(
    random.chance(0.1) ? text.slice(0, random.below(text.length)) : (JSON.stringify(value) ?? ""),
  );
  const length = Buffer.alloc(4);
  length.writeUInt32LE(random.chance(0.05) ? random.pick(NUMBERS) % 2 ** 32 : bytes.length);
  return Buffer.concat([length, deflateRawSync(bytes, { level: 1 })]);
}

function indexChanged(payload: Buffer, random: Random): Buffer {
  const list = inflateRawSync(payload.subarray(0, payload.length - TRAILER), { maxOutputLength: MOST });
  const changedList = random.chance(0.6) ? numberChanged(list, random) : mutateBytes(list, random, () => list, []);
  const packed = deflateRawSync(changedList, { level: 1 });
  const trailer = Buffer.from(payload.subarray(payload.length - TRAILER));
  trailer.writeUInt32LE(packed.length, 0);
  trailer.writeUInt32LE(changedList.length, 4);
  return Buffer.concat([packed, trailer]);
}
