/** Reads a log that `kreel import` wrote. A damaged block is a loss of so many events, reported and counted. */
import type { Batch } from "../../log/batch.js";
import { LogError } from "../../log/file/log-error.js";
import { LogFile } from "../../log/file/log-file.js";
import { LogReader } from "../../log/file/log-reader.js";
import type { Tables } from "../../log/tables.js";
import type { ReadReport } from "../report.js";
import type { Source } from "../source.js";
import { openAccess } from "../trace-dat/spool.js";
import { TroubleError } from "../../base/trouble.js";
import { reportDamage, restoreReport } from "./report.js";

/** `path`: the file itself, if it can be read at any offset; `undefined` if only the source has it. */
export async function* readLogFrom(
  source: Source,
  path: string | undefined,
  tables: Tables,
  report: ReadReport,
  only?: ReadonlySet<string>,
): AsyncGenerator<Batch> {
  const access = await openAccess(source.name, source.compression === undefined ? path : undefined, source);
  const file = opened(() => LogFile.over(access, source.name));
  try {
    yield* readLog(file, tables, report, only);
  } finally {
    file.close();
  }
}

function opened(open: () => LogFile): LogFile {
  try {
    return open();
  } catch (error) {
    throw error instanceof LogError ? new TroubleError(error.what, error.path, undefined, { cause: error }) : error;
  }
}

/** `only`: blocks that have no event of these names are skipped and not reported. */
export function* readLog(
  file: LogFile,
  tables: Tables,
  report: ReadReport,
  only?: ReadonlySet<string>,
): Generator<Batch> {
  const saved = restoreReport(file, report);
  report.events = 0;
  const { lostLines, overrun } = report;
  const reader = new LogReader(file, tables);
  for (const batch of only ? reader.having(only) : reader.batches()) {
    report.events += batch.length;
    report.bytes = Math.round((file.size * (batch.firstSeq - 1 + batch.length)) / Math.max(1, file.events));
    if (!only) for (const { name } of batch.unknown.values()) report.countUnknown(name);
    if (!saved) countEvents(batch, report);
    else if (reader.lost > 0) {
      report.lostLines = lostLines + reader.lost;
      if (overrun > 0) report.overrun = overrun + reader.lost;
    }
    yield batch;
  }
  if (only) report.events = file.events;
  reportDamage(file, report);
}

/** Counts what the events themselves show, in place of a report. */
function countEvents(batch: Batch, report: ReadReport): void {
  for (let i = 0; i < batch.length; i++) report.sawCpu(batch.cpu[i]!);
  if (batch.length > 0)
    report.clock ??= { kind: batch.timeDigits === 0 ? "counter" : "seconds", digits: batch.timeDigits };
  for (const { count } of batch.losses) {
    report.lostLines += count;
    if (count === 0) report.uncountedLoss = true;
  }
}
