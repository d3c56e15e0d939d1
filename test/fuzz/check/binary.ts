/** Files of trace-cmd and logs of kreel. */
import { rmSync } from "node:fs";
import { points } from "../../../events/index.js";
import { LogError } from "../../../src/log/file/log-error.js";
import { LogFile } from "../../../src/log/file/log-file.js";
import { LogReader } from "../../../src/log/file/log-reader.js";
import { createTables } from "../../../src/log/tables.js";
import { exactTime } from "../../../src/log/time.js";
import { openRecording } from "../../../src/read/recording.js";
import { conclude } from "../../../src/read/conclude.js";
import { ReadReport } from "../../../src/read/report.js";
import { memoryAccess } from "../../../src/read/trace-dat/access.js";
import { TraceDatReader } from "../../../src/read/trace-dat/index.js";
import { openTraceDat } from "../../../src/read/trace-dat/open.js";
import { scanTraceDat } from "../../../src/read/trace-dat/scan.js";
import { TroubleError } from "../../../src/base/trouble.js";
import { SnapshotError } from "../../../src/snapshot/index.js";
import { openSeeker } from "../../../src/seek/open.js";
import type { Random } from "../random.js";
import type { Scratch } from "./files.js";
import { hold, Problem, shown } from "./problem.js";
import { inWords, isReading, type Outcome, outcomeNow, outcomeOf, type Reading } from "./reading.js";
import { sameEvents, sameOutcome } from "./same.js";

/** Reads a trace.dat in small batches, by its heads alone, and now and then as a file, and compares with `front`. */
export async function checkTraceDat(
  name: string,
  bytes: Buffer,
  front: Outcome,
  random: Random,
  scratch: Scratch,
): Promise<void> {
  let latency = false;
  const direct = outcomeNow(name, (): Reading => {
    const report = new ReadReport(name);
    const tables = createTables();
    const open = openTraceDat(memoryAccess(bytes), name, report);
    // Output of the kernel's latency tracers is text, and has no heads.
    latency = open.contents.latency !== undefined;
    const batches = latency
      ? []
      : [...new TraceDatReader(open, points, tables, report, random.small(1, 300)).batches()];
    conclude(report);
    return { batches, tables, report, format: "trace-dat" };
  });
  if (!latency) sameOutcome("a trace.dat is read in small batches as in large", front, direct);
  if (!latency && random.chance(0.25)) checkHeads(name, bytes, front);
  if (!random.chance(0.05)) return;
  const path = scratch.file(name, bytes);
  const file = await outcomeOf(path, () => openRecording(path));
  if (isReading(front) && isReading(file)) sameEvents("a file is read as a stream of its bytes", front, file);
  else
    hold(isReading(front) === isReading(file), "a file is read as a stream of its bytes", () =>
      isReading(file) ? String(front) : file.message,
    );
}

function checkHeads(name: string, bytes: Buffer, front: Outcome): void {
  let heads: number;
  try {
    heads = scanTraceDat(memoryAccess(bytes), name).events;
  } catch (error) {
    const trouble = inWords(error, name);
    hold(!isReading(front), "heads alone are read where all is", () => trouble.message);
    return;
  }
  if (!isReading(front)) throw new Problem("heads alone are trouble where all is", front.message);
  const { events, malformed } = front.report;
  // A record that is too short for the common fields is no event.
  hold(events <= heads && heads <= events + malformed, "heads alone tell how many events there are", () => [
    heads,
    events,
    malformed,
  ]);
}

/** Checks a log: each hash, a scan, a seek; and that a damaged one yields no event that was not written. */
export async function checkLog(
  name: string,
  bytes: Buffer,
  front: Outcome,
  intact: Buffer | undefined,
  random: Random,
  scratch: Scratch,
): Promise<void> {
  if (intact && isReading(front)) asWritten(front, intact, name);
  const path = scratch.file(name, bytes);
  try {
    checkLogFile(path, front, random);
    if (random.chance(0.3)) await checkSeek(path, random);
  } finally {
    rmSync(path, { force: true });
  }
}

function checkLogFile(path: string, front: Outcome, random: Random): void {
  let file: LogFile;
  try {
    file = LogFile.open(path);
  } catch (error) {
    const trouble = inWords(error, path);
    hold(!isReading(front), "a log is opened as a file as it is from a stream", () => trouble.message);
    return;
  }
  try {
    if (!isReading(front)) throw new Problem("a log is opened as a file as it is from a stream", front.message);
    const reader = new LogReader(file, createTables());
    const batches = [...reader.batches()];
    sameEvents("a log is read as a file as it is from a stream", front, { batches, tables: reader.tables });
    file.verify();
    const names = new Set(["iput", "kvm_gmem_create", "alloc_anon_inode_ret"].slice(0, random.between(1, 3)));
    const having = [...reader.having(names)].reduce((sum, { length }) => sum + length, 0);
    hold(having <= front.report.events, "what has some events is no more than there is", () => [
      having,
      front.report.events,
    ]);
    try {
      for (const { entry, indexes } of reader.scan(names))
        hold(
          [...indexes].every((index) => index < entry.events),
          "a scan finds events of the block",
          () => [...indexes],
        );
      const seq = random.between(1, file.events + 1);
      hold(reader.blockOf(seq) <= reader.blocks.length, "an event is looked up among the blocks", () => seq);
      const last = batches.findLast(({ length }) => length > 0);
      if (last) reader.after(exactTime(last.timeHigh[0]!, last.timeLow[0]!));
    } catch (error) {
      if (!isDamaged(error)) throw error;
    }
  } finally {
    file.close();
  }
}

const isDamaged = (error: unknown): boolean =>
  error instanceof Error &&
  (error.constructor.name === "DamagedError" || error instanceof LogError || error instanceof TroubleError);

/** Seeks the state after some event, from the snapshots that the log claims to have. */
async function checkSeek(path: string, random: Random): Promise<void> {
  try {
    const { seeker, close } = await openSeeker(path);
    try {
      seeker.at(random.between(0, 300));
    } finally {
      close();
    }
  } catch (error) {
    if (error instanceof SnapshotError || isDamaged(error) || error instanceof RangeError) return;
    throw new Problem(
      "a moment of a log is gone to, or that is said in words",
      error instanceof Error ? (error.stack ?? error.message) : String(error),
      { cause: error },
    );
  }
}

/** Checks that each event that a damaged log still yields is the one that was written under its number. */
function asWritten({ batches, tables }: Reading, intact: Buffer, name: string): void {
  const written = intactOf(intact, name);
  for (const batch of batches) {
    if (batch.length === 0) continue;
    const original = written.batches.find(({ firstSeq }) => firstSeq === batch.firstSeq);
    if (!original)
      throw new Problem(
        "a damaged log gives what was written",
        shown({ firstSeq: batch.firstSeq, length: batch.length }),
      );
    sameEvents(
      "a damaged log gives what was written",
      { batches: [batch], tables },
      { batches: [original], tables: written.tables },
    );
  }
}

const read = new WeakMap<Buffer, Pick<Reading, "batches" | "tables">>();

function intactOf(bytes: Buffer, path: string): Pick<Reading, "batches" | "tables"> {
  let known = read.get(bytes);
  if (!known) {
    const access = memoryAccess(bytes);
    const reader = new LogReader(LogFile.over(access, path), createTables());
    known = { batches: [...reader.batches()], tables: reader.tables };
    read.set(bytes, known);
  }
  return known;
}
