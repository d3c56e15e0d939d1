/**
 * Tests that any damage to a log's bytes is found, located and counted, and that all events that are read were written.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import test from "ava";
import fc from "fast-check";
import type { Batch } from "../../../src/log/batch.js";
import { LogError } from "../../../src/log/file/log-error.js";
import { BLOCK_HEADER, FILE_HEADER } from "../../../src/log/file/format.js";
import { LogFile } from "../../../src/log/file/log-file.js";
import { LogReader } from "../../../src/log/file/log-reader.js";
import { createTables, type Tables } from "../../../src/log/tables.js";
import { openRecording } from "../../../src/read/recording.js";
import { contentOf } from "../../export/logs.js";
import { folderOf, inBatches, write } from "./helpers.js";

const RECORDING = "fixtures/recordings/linux-7.2/s01-create-close.trace.gz";
const RUNS = Number(process.env["KREEL_TEST_RUNS"] ?? 150);

interface Original {
  readonly path: string;
  readonly bytes: Buffer;
  readonly events: number;
  /** By number, from 1. */
  readonly content: readonly string[];
  /** Offset of each block. */
  readonly starts: readonly number[];
}

/** Returns each event as text, by its number. */
function eventsBySeq(batches: Iterable<Batch>, tables: Tables): string[] {
  const events: string[] = [];
  for (const batch of batches) {
    const { events: list } = contentOf(batch, tables) as { readonly events: readonly unknown[] };
    list.forEach((event, i) => (events[batch.firstSeq + i] = JSON.stringify(event)));
  }
  return events;
}

async function original(folder: string): Promise<Original> {
  const path = join(folder, "a.klog");
  const { kept, tables } = inBatches(RECORDING, 200);
  const made = { kept: kept.slice(0, 5), tables };
  await write(path, made);
  const file = LogFile.open(path);
  const starts = file.blocks.map(({ at }) => at);
  file.close();
  return {
    path,
    bytes: readFileSync(path),
    events: made.kept.reduce((sum, { length }) => sum + length, 0),
    content: eventsBySeq(made.kept, made.tables),
    starts,
  };
}

interface Verdict {
  readonly refused: boolean;
  readonly read: number;
  readonly lost: number;
  readonly told: readonly string[];
  /** Damage found by the full check. */
  readonly verified: readonly string[];
}

/** Reads the bytes as a log. Throws if an event is not the one that was written under its number. */
function judge({ path, content }: Original, bytes: Buffer): Verdict {
  writeFileSync(path, bytes);
  let file: LogFile;
  try {
    file = LogFile.open(path);
  } catch (error) {
    if (!(error instanceof LogError)) throw error;
    return { refused: true, read: 0, lost: 0, told: [error.message], verified: [error.message] };
  }
  try {
    const tables = createTables();
    const reader = new LogReader(file, tables);
    const found = eventsBySeq(reader.batches(), tables);
    let read = 0;
    for (const [seq, event] of found.entries()) {
      if (event === undefined) continue;
      if (event !== content[seq]) throw new Error(`event ${seq} is another than was written`);
      read++;
    }
    file.report();
    file.origin();
    const told = [...file.damage, ...(file.tail ? [file.tail] : [])].map(({ what }) => what);
    return {
      refused: false,
      read,
      lost: reader.lost,
      told,
      verified: [...file.verify(), ...(file.tail ? [file.tail] : [])].map(({ what }) => what),
    };
  } finally {
    file.close();
  }
}

/** Yields every byte of headers, and every `step`-th of the rest. */
function* places({ bytes, starts }: Original, step: number): Generator<number> {
  for (let at = 0; at < bytes.length; at++) {
    const start = starts.findLast((from) => from <= at) ?? 0;
    if (at < FILE_HEADER || at - start < BLOCK_HEADER || at >= bytes.length - 24 || at % step === 0) yield at;
  }
}

test("a flipped bit is found and located wherever it is, and no event is read as another", async (t) => {
  const log = await original(folderOf(t));
  let hidden = 0;
  for (const at of places(log, 5)) {
    const bytes = Buffer.from(log.bytes);
    bytes[at]! ^= 1 << (at % 8);
    const verdict = judge(log, bytes);
    if (verdict.refused) {
      t.true(at < 10, `refused for byte ${at}`);
      continue;
    }
    if (verdict.verified.length === 0) t.fail(`byte ${at}: not found`);
    if (verdict.read + verdict.lost !== log.events)
      t.fail(`byte ${at}: ${verdict.read} read, ${verdict.lost} lost of ${log.events}`);
    if (verdict.lost > 0 && verdict.told.length === 0) t.fail(`byte ${at}: lost without a word`);
    if (verdict.lost > 0 && verdict.told.every((what) => !/byte \d+/.test(what))) t.fail(`byte ${at}: not located`);
    if (verdict.lost > 0) hidden++;
  }
  t.true(hidden > 50);
});

test("a file that ends anywhere has all events of whole blocks, and says where it ends", async (t) => {
  const log = await original(folderOf(t));
  const file = LogFile.open(log.path);
  const blocks = file.blocks.map(({ at, length, events }) => ({ end: at + BLOCK_HEADER + length, events }));
  file.close();
  for (let at = 0; at < log.bytes.length; at += at < FILE_HEADER + BLOCK_HEADER ? 1 : 7) {
    const verdict = judge(log, log.bytes.subarray(0, at));
    if (at < FILE_HEADER) t.true(verdict.refused);
    else {
      const whole = blocks.filter(({ end }) => end <= at);
      if (verdict.read !== whole.reduce((sum, { events }) => sum + events, 0))
        t.fail(`cut at ${at}: ${verdict.read} events`);
      const isBetween = at === FILE_HEADER || blocks.some(({ end }) => end === at);
      if (!isBetween && verdict.told.length === 0) t.fail(`cut at ${at}: nothing said`);
    }
  }
});

test("a block that is taken out, doubled, moved, or put in from another log is found", async (t) => {
  const log = await original(folderOf(t));
  const { bytes, starts } = log;
  const pieces = [...starts, bytes.length].map((at, k, all) => bytes.subarray(k === 0 ? 0 : all[k - 1]!, at));
  const [head, ...blocks] = pieces as [Buffer, ...Buffer[]];
  // From the third on: schema and origin come first.
  for (let k = 2; k < blocks.length - 2; k++) {
    const without = Buffer.concat([head, ...blocks.slice(0, k), ...blocks.slice(k + 1)]);
    const doubled = Buffer.concat([head, ...blocks.slice(0, k + 1), ...blocks.slice(k)]);
    const moved = Buffer.concat([head, ...blocks.slice(0, k), blocks[k + 1]!, blocks[k]!, ...blocks.slice(k + 2)]);
    for (const [what, changed] of Object.entries({ without, doubled, moved })) {
      const verdict = judge(log, changed);
      t.true(verdict.verified.length > 0, `${what} ${k}`);
      t.is(verdict.read + verdict.lost, log.events, `${what} ${k}`);
    }
  }
});

test("bytes that nobody wrote are an error or a loss, in little time and memory", async (t) => {
  const log = await original(folderOf(t));
  await fc.assert(
    fc.asyncProperty(
      fc.nat({ max: log.bytes.length - 1 }),
      fc.uint8Array({ maxLength: 64 }),
      fc.nat({ max: 200 }),
      async (at, put, taken) => {
        const bytes = Buffer.concat([log.bytes.subarray(0, at), put, log.bytes.subarray(at + taken)]);
        const verdict = judge(log, bytes);
        t.true(verdict.refused || verdict.read <= log.events);
        if (!bytes.equals(log.bytes)) t.true(verdict.verified.length > 0);
      },
    ),
    { numRuns: RUNS },
  );
});

test("a damaged log is read like a recording that lost events: what is missing is said, and no verdict rests on it", async (t) => {
  const log = await original(folderOf(t));
  const bytes = Buffer.from(log.bytes);
  bytes[log.starts[3]! + BLOCK_HEADER + 50]! ^= 0x10;
  writeFileSync(log.path, bytes);
  const recording = await openRecording(log.path);
  let events = 0;
  for await (const batch of recording.batches()) events += batch.length;
  await recording.close();
  t.is(recording.report.lost, 200);
  t.is(recording.report.events, events);
  t.is(events, log.events - 200);
  t.regex(recording.report.warnings.join(), /events 201 to 400 are damaged \(\d+ bytes at byte \d+\)/);
});
