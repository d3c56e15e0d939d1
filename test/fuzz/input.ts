/** Inputs for kreel: made from a seed and an index, and nothing else but the recordings of the repository. */
import { gzipSync } from "node:zlib";
import { readFileSync } from "node:fs";
import type { TextFormat } from "../../src/read/formats.js";
import { storedZstd } from "../read/trace-dat/writer.js";
import { mutateBytes } from "./mutate/bytes.js";
import { mutateDirectory } from "./mutate/directory.js";
import { mutateJsonLine } from "./mutate/json.js";
import { lengthen, LINE_MUTATIONS, mutateLines, REMOVALS } from "./mutate/lines.js";
import { mutateLog } from "./mutate/log.js";
import { traceDatInput } from "./mutate/trace-dat.js";
import { Random, weighted } from "./random.js";
import { type Files, pageDirectories, textDirectories } from "./seeds/directory.js";
import { kept } from "./seeds/kept.js";
import { logSeeds } from "./seeds/log.js";
import { scenarioSeeds, STATEMENTS } from "./seeds/other.js";
import { TEXT_FORMATS, type TextSeed, textSeeds } from "./seeds/text.js";
import { traceDatSeeds } from "./seeds/trace-dat.js";

/** The formats of inputs, and their percentages. */
const SHARES = {
  ftrace: 17,
  "trace-cmd-report": 9,
  "perf-script": 9,
  bpftrace: 8,
  ndjson: 9,
  "function-graph": 6,
  "trace-dat": 14,
  "kreel-log": 10,
  compressed: 6,
  "cpu-texts": 4,
  "cpu-pages": 4,
  scenario: 3,
  sql: 1,
} as const;

export type FuzzFormat = keyof typeof SHARES;
export const FUZZ_FORMATS = Object.keys(SHARES) as readonly FuzzFormat[];
/** The format of each index: spread, so that a few thousand inputs have all in their shares. */
const SCHEDULE: readonly FuzzFormat[] = Object.entries(SHARES).flatMap(([format, share]) =>
  Array.from({ length: share }, () => format as FuzzFormat),
);
const STRIDE = 37;
const MOST_LINES = 260;
/** Bytes that a small compressed input unpacks to. */
const INFLATED = 2 << 20;

export interface Input {
  readonly format: FuzzFormat;
  /** The file, or the files of a directory. */
  readonly content: Buffer | Files;
  readonly mutations: readonly string[];
  /** Parts of a healthy recording were removed, and nothing else was changed. */
  readonly removed: boolean;
  /** The original, if the parts that can still be read must be unchanged. */
  readonly intact?: Buffer;
  /** The unpacked bytes of an intact compressed input. */
  readonly plain?: Buffer;
}

export function formatAt(index: number): FuzzFormat {
  return SCHEDULE[(index * STRIDE) % SCHEDULE.length]!;
}

/** Returns the k-th index of a format. */
export function indexOf(format: FuzzFormat, k: number): number {
  const places = [...SCHEDULE.keys()].filter((index) => formatAt(index) === format);
  return Math.floor(k / places.length) * SCHEDULE.length + places[k % places.length]!;
}

export async function inputOf(seed: number, index: number): Promise<Input> {
  const random = new Random(seed, index);
  const format = formatAt(index);
  const mutations: string[] = [];
  const whole = (content: Buffer | Files): Input => ({ format, content, mutations, removed: false });
  switch (format) {
    case "trace-dat": {
      const other = await otherBytes(random);
      return whole(traceDatInput(random, mutations, () => other));
    }
    case "kreel-log":
      return logInput(random, mutations);
    case "compressed":
      return compressedInput(random, mutations);
    case "cpu-texts": {
      const other = await otherBytes(random);
      return whole(mutateDirectory(random.pick(await textDirectories()), random, mutations, () => other));
    }
    case "cpu-pages": {
      const other = await otherBytes(random);
      return whole(mutateDirectory(random.pick(pageDirectories()), random, mutations, () => other));
    }
    case "scenario":
      return whole(linesInput(random.pick(scenarioSeeds()), random, mutations));
    case "sql":
      return whole(linesInput(random.pick(STATEMENTS).split("\n"), random, mutations));
    default:
      return textInput(format, random, mutations);
  }
}

/** Returns lines of a recording, from anywhere. */
function window({ head, lines }: TextSeed, random: Random): string[] {
  const from = random.chance(0.1) ? 0 : random.below(lines.length);
  return [...(from === 0 || random.chance(0.7) ? head : []), ...lines.slice(from, from + random.small(2, MOST_LINES))];
}

async function textInput(format: TextFormat, random: Random, mutations: string[]): Promise<Input> {
  const seeds = await textSeeds(format);
  if (random.chance(0.08)) {
    const { head, lines: all } = random.pick(seeds.filter(({ healthy }) => healthy));
    // From the start, because a recording without its beginning is not healthy; long enough to contain something.
    const lines = [...head, ...all.slice(0, random.between(50, all.length))];
    for (let left = random.small(1, 3); left > 0; left--) mutateLines(lines, random, () => lines, mutations, REMOVALS);
    return { format, content: text(lines, true), mutations, removed: true };
  }
  const lines = window(random.pick(seeds), random);
  const another = random.chance(0.1) ? await textSeeds(random.pick(TEXT_FORMATS)) : seeds;
  const others = window(random.pick(another), random);
  const isJson = format === "ndjson" || format === "bpftrace";
  for (let left = random.small(0, 8); left > 0; left--) {
    if (isJson && random.chance(0.4) && lines.length > 0) {
      const k = random.below(lines.length);
      lines[k] = mutateJsonLine(lines[k]!, random);
      mutations.push("JSON");
    } else mutateLines(lines, random, () => others, mutations);
  }
  if (random.chance(0.004)) {
    lengthen(lines, random);
    mutations.push("long line");
  }
  let bytes = text(lines, random.chance(0.9));
  if (random.chance(0.35))
    for (let left = random.small(1, 6); left > 0; left--)
      bytes = mutateBytes(bytes, random, () => text(others, true), mutations);
  return { format, content: bytes, mutations, removed: false };
}

function text(lines: readonly string[], ended: boolean): Buffer {
  return Buffer.from(lines.join("\n") + (ended && lines.length > 0 ? "\n" : ""), "latin1");
}

async function logInput(random: Random, mutations: string[]): Promise<Input> {
  const seeds = await logSeeds();
  const seed = random.pick(seeds);
  const of = (content: Buffer): Input => ({ format: "kreel-log", content, mutations, removed: false });
  if (random.chance(0.6)) return of(mutateLog(seed, random, mutations, () => random.pick(seeds)));
  let bytes = seed;
  for (let left = random.small(1, 5); left > 0; left--) bytes = mutateBytes(bytes, random, () => seed, mutations);
  return { ...of(bytes), intact: seed };
}

async function compressedInput(random: Random, mutations: string[]): Promise<Input> {
  const content = random.chance(0.002) ? await inflated(random) : await recordingBytes(random);
  const how = weighted(random, [
    [5, "gzip"],
    [2, "zstd"],
    [2, "real zstd"],
    [1, "members"],
    [1, "twice"],
  ]);
  mutations.push(how);
  let bytes = COMPRESS[how]!(content);
  if (random.chance(0.25))
    return {
      format: "compressed",
      content: bytes,
      mutations,
      removed: false,
      ...(how === "gzip" || how === "zstd" ? { plain: content } : {}),
    };
  for (let left = random.small(1, 4); left > 0; left--) bytes = mutateBytes(bytes, random, () => content, mutations);
  return { format: "compressed", content: bytes, mutations, removed: false };
}

const gzip = (content: Buffer): Buffer => gzipSync(content, { level: 1 });
const COMPRESS: Readonly<Record<string, (content: Buffer) => Buffer>> = {
  gzip,
  zstd: storedZstd,
  "real zstd": () => realZstd(),
  members: (content) => Buffer.concat([gzip(content), gzip(content)]),
  twice: (content) => gzip(gzip(content)),
};
const realZstd = kept((): Buffer => readFileSync("fixtures/recordings/compressed/s02-dup.trace.zst"));

/** Returns a recording of any format, with few changes. */
async function recordingBytes(random: Random): Promise<Buffer> {
  if (random.chance(0.1)) return random.pick(traceDatSeeds());
  if (random.chance(0.1)) return random.pick(await logSeeds());
  const lines = window(random.pick(await textSeeds(random.pick(TEXT_FORMATS))), random);
  if (random.chance(0.3)) mutateLines(lines, random, () => lines, []);
  return text(lines, true);
}

/** Returns a line, thousands of times. */
async function inflated(random: Random): Promise<Buffer> {
  const { lines } = random.pick(await textSeeds(random.pick(TEXT_FORMATS)));
  const line = `${random.pick(lines)}\n`;
  return Buffer.from(line.repeat(Math.ceil(INFLATED / line.length)), "latin1");
}

async function otherBytes(random: Random): Promise<Buffer> {
  return random.chance(0.5) ? random.pick(traceDatSeeds()) : recordingBytes(random);
}

function linesInput(seed: readonly string[], random: Random, mutations: string[]): Buffer {
  const lines = [...seed];
  for (let left = random.small(0, 6); left > 0; left--)
    mutateLines(lines, random, () => seed, mutations, LINE_MUTATIONS);
  let bytes = text(lines, true);
  if (random.chance(0.2)) bytes = mutateBytes(bytes, random, () => text(seed, true), mutations);
  return bytes;
}
