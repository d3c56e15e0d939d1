/** `kreel import TRACE LOG`. */
import { rmSync, statSync } from "node:fs";
import { basename, join } from "node:path";
import type { Command } from "commander";
import { importRecording, type Imported } from "../../read/import.js";
import { addSnapshots } from "../../seek/add-snapshots.js";
import { checkRead } from "../../read/nothing-read.js";
import { TroubleError } from "../../base/trouble.js";
import { type Json, jsonText } from "../../show/json.js";
import { bytesText, plural } from "../../base/text.js";
import { listOf, runMany } from "../many/run.js";
import { progressOf } from "../progress.js";
import type { Terminal } from "../terminal.js";
import { UsageError } from "../trouble.js";
import { warningLine, warningLines } from "../warnings.js";

interface Flags {
  readonly json?: true;
  readonly from?: string;
  readonly follow?: true;
  readonly snapshots?: true;
  readonly sync?: string;
}

export function addImport(program: Command, terminal: Terminal, done: (code: number) => void): void {
  program
    .command("import")
    .summary("write a recording into a log: small, checked, read anywhere at once")
    .description(
      "Writes the events of a recording into a new log file, which every command takes in place of the recording. Exits with 0, " +
        "or 2 for trouble; what was read before that stays in the log, which says why it ended. Interrupted, it ends the log " +
        "after what it has read.",
    )
    .argument("<trace>", "a recording, plain, gzip or zstd, or an export; - is standard input")
    .argument(
      "<log...>",
      "the file to make; after several recordings a folder: a.trace.gz becomes a.klog there, on all cores",
    )
    .usage("[options] <trace> <log>\n       kreel import [options] <trace>... <folder>")
    .option("--follow", "the recording is still being written: go on until interrupted, or until the pipe ends")
    .option(
      "--snapshots",
      "leave snapshots of the state in it as well, so that any moment is there at once: as kreel log --snapshots does",
    )
    .option(
      "--sync <when>",
      "append: every block is on disk before the next is read (with --follow); close: all is, at the end (else)",
    )
    .option("--json", "one JSON document")
    .option("--from <format>", "read the recording as this, whatever it looks like")
    .action(async (trace: string, rest: [string, ...string[]], flags: Flags) =>
      done(await importAll([trace, ...rest], flags, terminal)),
    );
}

function importAll(paths: readonly string[], flags: Flags, terminal: Terminal): Promise<number> {
  const last = paths.at(-1)!;
  const traces = paths.slice(0, -1);
  const isFolder = statSync(last, { throwIfNoEntry: false })?.isDirectory() ?? false;
  if (traces.length === 1 && !(isFolder && traces[0] !== "-")) return runImport(traces[0]!, last, flags, terminal);
  if (!isFolder)
    throw new TroubleError(
      "is no folder; several recordings become logs in a folder: make it first, and name it last",
      last,
    );
  if (traces.includes("-")) throw new UsageError("standard input cannot be one of several recordings");
  if (flags.follow) throw new UsageError("--follow is for one recording");
  const logs = traces.map((trace) => join(last, logName(trace)));
  const twice = logs.findIndex((log, k) => logs.indexOf(log) < k);
  if (twice >= 0)
    throw new TroubleError(
      `would be made of ${traces[logs.indexOf(logs[twice]!)]!} and of ${traces[twice]!}; import them into folders of their own`,
      logs[twice]!,
    );
  const jobs = traces.map((trace, k) => ({ command: "import", paths: [trace, logs[k]!], flags }) as const);
  return runMany(jobs, terminal, flags.json ? { frame: listOf("import") } : {});
}

/** `s01.trace.gz` becomes `s01.klog`. */
function logName(trace: string): string {
  return `${basename(trace).replace(/(?<=.)(\.(?:gz|zst|trace|txt|text|dat|json|ndjson|script|report))+$/, "")}.klog`;
}

export async function runImport(trace: string, log: string, flags: Flags, terminal: Terminal): Promise<number> {
  const { sync = flags.follow ? "append" : "close" } = flags;
  if (sync !== "append" && sync !== "close") throw new UsageError(`--sync ${sync}: append or close`);
  const { out, err } = terminal;
  const progress = progressOf(terminal, !flags.json);
  const interrupted = new AbortController();
  const stop = (): void => interrupted.abort();
  process.once("SIGINT", stop).once("SIGTERM", stop);
  try {
    const imported = await importRecording(trace, log, {
      sync,
      ...(flags.follow
        ? { follow: { signal: interrupted.signal, onNotice: (text) => notice(trace, text, terminal) } }
        : { signal: interrupted.signal }),
      ...(flags.from === undefined ? {} : { format: flags.from }),
      onProgress: (events, bytes) => progress.update(events, bytes),
    }).finally(() => progress.clear());
    const { bytes } = flags.snapshots
      ? await addSnapshots(log, (events) => progress.update(events, 0)).finally(() => progress.clear())
      : { bytes: 0 };
    const whole = { ...imported, bytes: imported.bytes + bytes };
    for (const line of warningLines(trace, imported.report)) err.line(line);
    err.flush();
    if (imported.events === 0) rmSync(log, { force: true });
    checkRead(trace, imported.report);
    if (flags.json) for (const piece of jsonText(document(trace, log, whole))) out.write(piece);
    else out.line(`${log}: ${plural(whole.events, "event")}, ${bytesText(whole.bytes)}${ratio(trace, whole)}`);
    return 0;
  } finally {
    process.off("SIGINT", stop).off("SIGTERM", stop);
  }
}

function notice(trace: string, text: string, { err }: Terminal): void {
  err.line(warningLine(trace, text));
  err.flush();
}

function document(
  trace: string,
  log: string,
  { id, events, bytes, report }: Imported,
): { readonly [name: string]: Json } {
  return {
    kreel: "import",
    version: 1,
    trace: { path: trace, events, lost: report.lost, skipped: report.skipped },
    log: { path: log, id, bytes },
  };
}

/** The compression ratio, if the recording is a file in its original form. */
function ratio(trace: string, { bytes, report }: Imported): string {
  const size = trace === "-" ? report.bytes : (statSync(trace, { throwIfNoEntry: false })?.size ?? 0);
  return size > bytes ? `, ${(size / bytes).toFixed(1)} times smaller than the recording` : "";
}
