/** Recordings as lists of event names, parsed as plainly as possible: independent of kreel's own parsers. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";

export const RECORDINGS = "fixtures/recordings";

export interface RawEvent {
  readonly name: string;
  readonly task: string;
  /** The column `hardirq/softirq`: `.` in task context. */
  readonly interrupt: string;
}

/** A recording of `kreel record` begins with its environment, and may have more probes than the standard ones. */
const BY_SCRIPT = /^# kreel record: \d+$/m;
const LINE = /^.{1,16}-(\d+)\s+\[(\d+)\]\s+..(.)\S+\s+[\d.]+: ([^\s:]+):/;

/** Returns every recording under a folder, by its path. */
export function recordingsIn(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((path) => path.endsWith(".trace.gz"))
    .map((path) => join(folder, path))
    .sort();
}

function textOf(path: string): string {
  return gunzipSync(readFileSync(path)).toString("latin1");
}

export function byScript(path: string): boolean {
  return BY_SCRIPT.test(textOf(path).slice(0, 1000));
}

export function eventsOf(path: string): RawEvent[] {
  const events: RawEvent[] = [];
  for (const line of textOf(path).split("\n")) {
    const match = LINE.exec(line.trimStart());
    if (match)
      events.push({ task: match[1] === "0" ? `idle ${match[2]}` : match[1]!, interrupt: match[3]!, name: match[4]! });
  }
  return events;
}

const cache = new Map<string, ReadonlySet<string>>();

/** Returns the names of the events in a recording. */
export function namesIn(path: string): ReadonlySet<string> {
  let names = cache.get(path);
  if (!names) cache.set(path, (names = new Set(eventsOf(path).map((event) => event.name))));
  return names;
}
