/** Checks kreel's promises on one input. */
import { openRecording } from "../../../src/read/recording.js";
import type { TextFormat } from "../../../src/read/formats.js";
import { type Input, inputOf } from "../input.js";
import { linesOf } from "../../read/text.js";
import { Random } from "../random.js";
import type { Files } from "../seeds/directory.js";
import { TEXT_FORMATS } from "../seeds/text.js";
import { checkLog, checkTraceDat } from "./binary.js";
import type { Scratch } from "./files.js";
import { checkBlocks, checkExports, checkFtraceText, checkNdjson, checkReplay, checkShown } from "./made.js";
import { hold } from "./problem.js";
import { checkScenario, checkStatement } from "./other.js";
import { isReading, type Outcome, outcomeOf, type Reading, soundBatches, soundReport } from "./reading.js";
import { sameOutcome } from "./same.js";
import { checkText, readText } from "./text.js";

export interface Checked {
  /** Events that were read, or rows of a statement. */
  readonly events: number;
  /** It was refused with a proper error. */
  readonly trouble: boolean;
  /** Findings in a healthy recording from which something was removed. */
  readonly found: readonly string[];
}

/** The name that an input has in messages. */
export const NAME = "input";
/** Separates this chance from that of the input: how it is read must not depend on how it was made. */
const OTHERWISE = 0x5bd1e995;

const isText = (format: string): format is TextFormat => (TEXT_FORMATS as readonly string[]).includes(format);

/**
 * Makes the input of an index and checks it.
 * @throws {Problem} for a promise that it breaks
 */
export async function checkIndex(seed: number, index: number, scratch: Scratch): Promise<Checked> {
  return checkInput(await inputOf(seed, index), new Random(seed ^ OTHERWISE, index), scratch);
}

export async function checkInput(input: Input, random: Random, scratch: Scratch): Promise<Checked> {
  const { format, content } = input;
  if (!Buffer.isBuffer(content)) return checkDirectory(content as Files, random, scratch);
  if (format === "scenario") return counted(checkScenario(NAME, content.toString("utf8"), random));
  if (format === "sql") return counted(await checkStatement(NAME, content.toString("utf8")));
  return checkFile(input, content, random, scratch);
}

const counted = (events: number | undefined): Checked => ({
  events: events ?? 0,
  trouble: events === undefined,
  found: [],
});

async function checkFile(
  { format, removed, intact, plain }: Input,
  bytes: Buffer,
  random: Random,
  scratch: Scratch,
): Promise<Checked> {
  const front = await outcomeOf(NAME, () => openRecording(NAME, { input: chunks(bytes, random) }));
  if (isReading(front)) sound(front, isText(front.format) && format !== "compressed" ? linesOf(bytes) : undefined);
  let again: Outcome = front;
  let whole: Outcome = front;
  if (isText(format)) {
    // Bytes that look like another format, or like none, are read as this one all the same: users name the format.
    if (!isReading(front) || front.format !== format) whole = readText(NAME, format, bytes);
    again = checkText(NAME, format, bytes, whole, random);
    if (random.chance(0.05)) await checkAsOther(bytes, random);
  } else if (
    format === "trace-dat" &&
    (!isReading(front) || front.format === "trace-dat") &&
    bytes.subarray(0, 10).equals(TRACE_DAT)
  )
    await checkTraceDat(NAME, bytes, front, random, scratch);
  else if (format === "kreel-log" && isReading(front) && front.format === "kreel-log")
    await checkLog(NAME, bytes, front, intact, random, scratch);
  else if (plain && isReading(front) && isText(front.format))
    sameOutcome("what was compressed is read as it was", front, readText(NAME, front.format, plain));
  if (!isReading(whole) || !isReading(again)) return { events: 0, trouble: true, found: [] };
  const found = await checkReplay(whole, again, random);
  if (random.chance(0.35)) checkBlocks(whole);
  if (random.chance(0.25)) await checkNdjson(whole);
  if (random.chance(0.25)) checkFtraceText(whole);
  if (random.chance(0.12)) await checkShown(whole);
  if (random.chance(0.04)) await checkExports(whole);
  return { events: whole.report.events, trouble: false, found: removed ? found : [] };
}

/** Reads bytes as another format than their own: users name the wrong format, too. */
async function checkAsOther(bytes: Buffer, random: Random): Promise<void> {
  const format = random.pick([...TEXT_FORMATS, "trace-dat", "kreel-log", "trace-pipe-raw"] as const);
  const read = await outcomeOf(NAME, () => openRecording(NAME, { input: chunks(bytes, random), format }));
  if (isText(format)) checkText(NAME, format, bytes, isReading(read) ? read : readText(NAME, format, bytes), random);
  else if (isReading(read)) sound(read, undefined);
}

const TRACE_DAT = Buffer.from("\x17\x08\x44tracing", "latin1");

function sound(reading: Reading, lines: number | undefined): void {
  const { format, report } = reading;
  const lined = isText(format) && format !== "ndjson";
  soundBatches(reading, { lined, gaps: format === "kreel-log" });
  soundReport(report, isText(format) ? (lines ?? report.lines) : undefined);
}

/** Reads a recording in a file for each CPU, twice. */
async function checkDirectory(files: Files, random: Random, scratch: Scratch): Promise<Checked> {
  const path = scratch.directory(files);
  const first = await outcomeOf(path, () => openRecording(path));
  const second = random.chance(0.5) ? first : await outcomeOf(path, () => openRecording(path));
  sameOutcome("a directory is read as it was before", first, second);
  if (!isReading(first) || !isReading(second)) return { events: 0, trouble: true, found: [] };
  soundBatches(first, { lined: isText(first.format) && first.format !== "ndjson", gaps: false });
  soundReport(first.report, isText(first.format) ? first.report.lines : undefined);
  await checkReplay(first, second, random);
  if (random.chance(0.2)) checkBlocks(first);
  if (random.chance(0.2)) await checkShown(first);
  if (isText(first.format) && random.chance(0.3)) await checkCpus(path, first);
  return { events: first.report.events, trouble: false, found: [] };
}

/** Checks that the files together have as many events as they have one by one. */
async function checkCpus(path: string, whole: Reading): Promise<void> {
  let events = 0;
  for (let cpu = 0; ; cpu++) {
    const name = whole.fileOf?.(cpu);
    if (name === undefined) break;
    const alone = await outcomeOf(path, () => openRecording(`${path}/${name}`, { format: whole.format }));
    if (!isReading(alone)) return;
    events += alone.report.events;
  }
  hold(events === whole.report.events, "the files of a directory have the events that each has alone", () => [
    events,
    whole.report.events,
  ]);
}

async function* chunks(bytes: Buffer, random: Random): AsyncGenerator<Buffer> {
  const most = random.chance(0.8) ? bytes.length : random.small(1, 5000);
  for (let p = 0; p < bytes.length; p += most) yield bytes.subarray(p, p + most);
}
