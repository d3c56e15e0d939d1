/** The recordings of the repository, each read once for all tests. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { gunzipSync } from "node:zlib";
import { points } from "../../events/index.js";
import type { Batch } from "../../src/log/batch.js";
import type { Tables } from "../../src/log/tables.js";
import { openRecording } from "../../src/read/recording.js";
import { Reducer } from "../../src/reduce/reducer.js";
import { type Replay, replay } from "../../src/replay/replay.js";
import { jsonText, replayJson } from "../../src/show/json.js";
import type { Store } from "../../src/reduce/store.js";

export const RECORDINGS = "fixtures/recordings";
/** Kernels without a mistake, whose scenarios must have no findings. */
export const HEALTHY = ["linux-6.12", "linux-6.12-patched", "linux-6.18", "linux-7.2"] as const;

/** Returns every recording under a folder of `fixtures/recordings`. */
export function recordingsOf(...folders: readonly string[]): string[] {
  return folders.flatMap((folder) =>
    readdirSync(join(RECORDINGS, folder), { recursive: true, encoding: "utf8" })
      .filter((path) => path.endsWith(".trace.gz"))
      .map((path) => join(RECORDINGS, folder, path))
      .sort(),
  );
}

export function healthyRecordings(): string[] {
  return recordingsOf(...HEALTHY);
}

/** Returns `linux-7.2/s01-create-close`. */
export function nameOf(path: string): string {
  return path.slice(RECORDINGS.length + 1, -".trace.gz".length);
}

export function scenarioOf(path: string): string {
  return basename(path, ".trace.gz");
}

/** An event of a recording, parsed from its line as plainly as possible: independent of kreel's reader. */
export interface TextEvent {
  /** From 1. */
  readonly seq: number;
  readonly task: string;
  readonly name: string;
  /** The text after the name. */
  readonly text: string;
  readonly seconds: string;
}

const LINE = /^\s*(.{1,16}-\d+)\s+\[\d+\]\s+\S+\s+([\d.]+): ([^\s:]+): ?(.*)$/;

export function textOf(path: string): string {
  return gunzipSync(readFileSync(path)).toString("latin1");
}

export function textEvents(path: string): TextEvent[] {
  const events: TextEvent[] = [];
  for (const line of textOf(path).split("\n")) {
    const match = LINE.exec(line);
    if (match)
      events.push({ seq: events.length + 1, task: match[1]!, seconds: match[2]!, name: match[3]!, text: match[4]! });
  }
  return events;
}

/** Returns the printed value of an argument. */
export function arg(event: TextEvent, name: string): string {
  const match = new RegExp(`(?:^|[ )])${name}=("[^"]*"|\\S+)`).exec(event.text);
  if (!match) throw new Error(`${event.name} has no ${name}: ${event.text}`);
  return match[1]!.replaceAll('"', "");
}

/** Returns the lines of the scenario's `.out`, as user space printed them. */
export function outOf(path: string): string[] {
  const out = path.replace(/\.trace\.gz$/, ".out");
  return existsSync(out)
    ? readFileSync(out, "utf8")
        .split("\n")
        .filter((line) => line !== "")
    : [];
}

/** The result of a replay, without its state. */
export type Said = Omit<Replay, "world" | "recording">;

const said = new Map<string, Promise<Said>>();
let last: Promise<unknown> = Promise.resolve();

/**
 * Replays a recording once, and after all earlier requests: tests start together, and would hold all states at once.
 */
export function replayed(path: string): Promise<Said> {
  let result = said.get(path);
  if (!result) {
    result = last.then(async () => {
      const { world: _world, recording: _recording, ...rest } = await replay(path);
      return rest;
    });
    last = result.catch(() => undefined);
    said.set(path, result);
  }
  return result;
}

/** Returns the document that `replay --json` prints. */
export function printed(result: Replay): { readonly [name: string]: unknown } {
  return JSON.parse([...jsonText(replayJson(result))].join("")) as { readonly [name: string]: unknown };
}

export interface Read {
  readonly batches: readonly Batch[];
  readonly tables: Tables;
}

const cache = new Map<string, Promise<Read>>();

/** Returns a recording's batches, which a test may reduce repeatedly. */
export function batchesOf(path: string): Promise<Read> {
  let read = cache.get(path);
  if (!read) cache.set(path, (read = readAll(path)));
  return read;
}

async function readAll(path: string): Promise<Read> {
  const recording = await openRecording(path);
  const batches: Batch[] = [];
  for await (const batch of recording.batches()) batches.push(batch);
  await recording.close();
  return { batches, tables: recording.tables };
}

/** Returns a reducer over a recording's tables, on the caller's store. */
export function reducerOf(read: Read, store: Store, everything = false): Reducer {
  return new Reducer(store, points, read.tables, { everything });
}
