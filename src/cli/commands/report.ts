/** `kreel report TRACE…`: the result of replaying recordings in a form to send or archive. */
import { statSync } from "node:fs";
import type { Command } from "commander";
import { isCpuDirectory, type PassedOver, recordingsUnder } from "../../read/directory/listing.js";
import { type CollectOptions, comparedEntries, entryOf } from "../../report/collect.js";
import { FORMATS } from "../../report/formats.js";
import { type Entry, FAIL_ON, type FailOn, fails } from "../../report/model.js";
import { TroubleError } from "../../base/trouble.js";
import { ExportTarget } from "../export-target.js";
import { progressOf } from "../progress.js";
import { requiredOf, requireOption, unjudgedLines } from "../require.js";
import type { Terminal } from "../terminal.js";
import { TROUBLE, UsageError } from "../trouble.js";
import { version } from "../version.js";
import { warningLine, warningLines } from "../warnings.js";

interface Flags {
  readonly to: string;
  readonly output?: string;
  readonly failOn: string;
  readonly from?: string;
  readonly require?: readonly string[];
  /** From `--no-diff`. */
  readonly diff: boolean;
  /** From `--no-viewer`. */
  readonly viewer: boolean;
}

const PICTURE = "svg";

export function addReport(program: Command, terminal: Terminal, done: (code: number) => void): void {
  program
    .command("report")
    .summary("write what recordings come to as a mail, Markdown, SARIF, JUnit, a page or a picture")
    .description(
      "Writes what recordings come to in a form that travels: text (a mail to a kernel list: ASCII, 72 columns), markdown, sarif (2.1.0, for code scanning), junit (for CI), html (one file, with the viewer and the recordings inside) or svg (a timeline). Of two recordings, the second is compared with the first. Exits with 0, 1 for what --fail-on names, 2 when a recording cannot be read.",
    )
    .argument("<trace...>", "recordings, as replay takes them; or a directory with recordings in it")
    .option("--to <format>", Object.keys(FORMATS).join(", "), "text")
    .option("-o, --output <file>", "write it there, not to standard output")
    .option(
      "--fail-on <what>",
      "exit with 1 for an error, for a hazard too, or for a difference between two recordings",
      "error",
    )
    .addOption(requireOption())
    .option("--no-diff", "report two recordings each by itself")
    .option("--no-viewer", "of html, the report alone, without the recordings and the viewer")
    .option("--from <format>", "read the recordings as this, whatever they look like")
    .action(async (traces: readonly string[], flags: Flags) => done(await runReport(traces, flags, terminal)));
}

async function runReport(traces: readonly string[], flags: Flags, terminal: Terminal): Promise<number> {
  if (!Object.hasOwn(FORMATS, flags.to))
    throw new UsageError(
      `--to ${flags.to}: one of ${Object.keys(FORMATS).join(", ")}; how a recording is to be read says --from`,
    );
  if (!isFailOn(flags.failOn)) throw new UsageError(`--fail-on ${flags.failOn}: one of ${FAIL_ON.join(", ")}`);
  if (traces.filter((trace) => trace === "-").length > 1)
    throw new UsageError("report: only one of the recordings can be standard input");
  const required = requiredOf(flags.require);
  const recordings = await recordingsOf(traces, terminal);
  const compared = flags.diff && traces.length === 2 && recordings.length === 2;
  if (flags.failOn === "difference" && !compared)
    throw new UsageError("--fail-on difference: give two recordings, before and after");
  if (flags.to === PICTURE && recordings.length > 2)
    throw new UsageError(
      `--to ${PICTURE}: a picture has room for one recording, or for two; here are ${recordings.length}`,
    );
  const { out, err } = terminal;
  const drawn = progressOf(terminal, flags.output !== undefined || !terminal.shared);
  const target = new ExportTarget(out, flags.output, recordings);
  const options: CollectOptions = {
    timeline: flags.to === PICTURE,
    ...(flags.from === undefined ? {} : { format: flags.from }),
    onProgress: (events, bytes) => drawn.update(events, bytes),
    onRead: (path, { report }) => {
      drawn.clear();
      for (const line of warningLines(path, report)) err.line(line);
      err.flush();
    },
  };
  let code = 0;
  const entries = seen(
    compared ? comparedEntries(recordings[0]!, recordings[1]!, options) : each(recordings, options),
    (entry) => {
      if (entry.kind === "unread") {
        drawn.clear();
        err.line(new TroubleError(entry.what, entry.path, entry.line).toString());
        err.flush();
        code = TROUBLE;
      } else {
        const judged = entry.kind === "comparison" ? entry.after : entry;
        const lines = unjudgedLines(judged.trace.path, judged.judgements, required);
        for (const line of lines) err.line(line);
        if (code === 0 && (lines.length > 0 || fails(entry, flags.failOn as FailOn))) code = 1;
      }
    },
  );
  const format = await FORMATS[flags.to]!({
    viewer: flags.viewer,
    ...(flags.from === undefined ? {} : { format: flags.from }),
  });
  for await (const piece of format(entries, {
    version: version(),
    entries: compared ? 1 : recordings.length,
    failOn: flags.failOn,
    required,
  }))
    target.write(piece);
  target.close();
  return code;
}

const isFailOn = (text: string): text is FailOn => (FAIL_ON as readonly string[]).includes(text);

/** Expands directories that hold recordings. */
async function recordingsOf(traces: readonly string[], { err }: Terminal): Promise<string[]> {
  const found: string[] = [];
  const passed: PassedOver = (path, why) => err.line(warningLine(path, why));
  for (const trace of traces) {
    const isListing =
      trace !== "-" && (statSync(trace, { throwIfNoEntry: false })?.isDirectory() ?? false) && !isCpuDirectory(trace);
    if (isListing) for (const path of await recordingsUnder(trace, passed)) found.push(path);
    else found.push(trace);
  }
  err.flush();
  if (found.length === 0) throw new UsageError(`report: no recording in ${traces.join(", ")}`);
  return found;
}

async function* each(recordings: readonly string[], options: CollectOptions): AsyncGenerator<Entry> {
  for (const path of recordings) yield await entryOf(path, options);
}

async function* seen(entries: AsyncIterable<Entry>, look: (entry: Entry) => void): AsyncGenerator<Entry> {
  for await (const entry of entries) {
    look(entry);
    yield entry;
  }
}
