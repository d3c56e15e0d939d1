/** The recordings that are measured: real ones, repeated until they are long enough. */
import { appendFileSync, readFileSync, writeFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";

/** A recording of some 70,000 events of many files, bindings and processes that come and go. */
export const CHURN = "fixtures/recordings/churn/linux-7.2.trace.gz";
/** The same scenario on another kernel. */
export const CHURN_BEFORE = "fixtures/recordings/churn/linux-6.18.trace.gz";

/** Output of other recorders, by format. */
export const OTHERS = {
  "perf-script": "fixtures/recordings/perf-script/linux-7.2-s04-bind-unbind.script.gz",
  "trace-cmd-report": "fixtures/recordings/trace-cmd-report/linux-7.2-s04-bind-unbind.report.gz",
  bpftrace: "fixtures/bpftrace/linux-7.2-s02-dup.json.gz",
} as const;

const LF = 0x0a;

/** Returns `CHURN` as text, and its number of lines. */
export function churn(path = CHURN): { readonly text: Buffer; readonly lines: number } {
  const text = gunzipSync(readFileSync(path));
  return { text, lines: countLines(text) };
}

export function countLines(bytes: Buffer): number {
  let lines = 0;
  for (let p = bytes.indexOf(LF); p >= 0; p = bytes.indexOf(LF, p + 1)) lines++;
  return lines;
}

/** Returns how often `CHURN` has to be repeated for at least so many lines. */
export function repetitions(lines: number, path = CHURN): number {
  return Math.ceil(lines / churn(path).lines);
}

/** Writes a file of at least so many lines. */
export function writeLong(path: string, lines: number): void {
  const { text } = churn();
  writeFileSync(path, "");
  for (let k = repetitions(lines); k > 0; k--) appendFileSync(path, text);
}

/** Yields the same bytes without a file, for lengths that would fill a disk. */
export function streamLong(lines: number, path = CHURN, chunk = 512 * 1024): AsyncGenerator<Buffer> {
  return repeated(churn(path).text, repetitions(lines, path), chunk);
}

/** Yields at least so many lines in the format of another recorder: a short recording, repeated in pieces of many. */
export function streamOther(format: keyof typeof OTHERS, lines: number, chunk = 512 * 1024): AsyncGenerator<Buffer> {
  const text = gunzipSync(readFileSync(OTHERS[format]));
  const times = Math.ceil(lines / countLines(text));
  const piece = Math.max(1, Math.floor(chunk / text.length));
  return repeated(Buffer.concat(Array.from({ length: piece }, () => text)), Math.ceil(times / piece), chunk);
}

async function* repeated(text: Buffer, times: number, chunk: number): AsyncGenerator<Buffer> {
  for (let k = times; k > 0; k--) for (let p = 0; p < text.length; p += chunk) yield text.subarray(p, p + chunk);
}

/** The operations that a thread reports in markers. */
export interface Deeds {
  readonly pid: number;
  readonly deeds: readonly string[];
}

/** Yields a recording of markers only, as user space writes them around its operations. */
export async function* streamMarkers(all: readonly Deeds[]): AsyncGenerator<Buffer> {
  yield Buffer.from("# tracer: nop\n#\n");
  let time = 1e6;
  for (const { pid, deeds } of all) {
    const lines = deeds
      .flatMap((deed) => [`op: ${deed}`, `ret: ${deed} = 0`])
      .map((text) => ` worker-${pid} [000] ..... ${(++time / 1e6).toFixed(6)}: tracing_mark_write: ${text}\n`);
    yield Buffer.from(lines.join(""));
  }
}
