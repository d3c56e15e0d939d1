/** Reading, as jobs of processes that load only readers: other modules would be most of the cost of a short one. */
import { type OpenOptions, openRecording } from "../src/read/recording.js";
import { scanTraceDat } from "../src/read/trace-dat/scan.js";
import { openAccess } from "../src/read/trace-dat/spool.js";
import type { Done } from "./limits.js";
import { streamLong, streamOther } from "./recording.js";

export const reading = {
  read: (file: string) => read(file),
  scan: (file: string) => scan(file),
  streamRead: (lines: string) => read("-", { input: streamLong(Number(lines)) }),
  readPerfScript: (lines: string) => read("-", { input: streamOther("perf-script", Number(lines)) }),
  readTraceCmdReport: (lines: string) => read("-", { input: streamOther("trace-cmd-report", Number(lines)) }),
  readBpftrace: (lines: string) => read("-", { input: streamOther("bpftrace", Number(lines)) }),
} as const satisfies Record<string, (argument: string) => Promise<Done>>;

async function read(path: string, options: OpenOptions = {}): Promise<Done> {
  const recording = await openRecording(path, options);
  for await (const _ of recording.batches());
  return { count: recording.report.events };
}

/** Reads the heads of a trace.dat, no record. */
async function scan(path: string): Promise<Done> {
  const access = await openAccess(path, path, nothing());
  return { count: scanTraceDat(access, path).events };
}

async function* nothing(): AsyncGenerator<Buffer> {}
