/** The viewer with its data inside: the logs of the recordings, as far as there is room for them. */
import { readFileSync, statSync } from "node:fs";
import { basename } from "node:path";
import { LogFile } from "../../log/file/log-file.js";
import { isReadAgain } from "../../read/again.js";
import { asLog } from "../../seek/as-log.js";
import { diffJson, hunksJson, sameJson } from "../../show/json.js";
import type { Session, SessionLog } from "../../ui/protocol.js";
import type { Entry } from "../model.js";

/** Most bytes of logs in one report. */
export const MOST_BYTES = 16 << 20;
/** Most recordings in one report. */
const MOST_LOGS = 32;

export interface Embedded {
  readonly session: Session;
  /** Base64, in the order of the session's logs. */
  readonly logs: readonly string[];
  readonly diff: unknown;
}

/** Lists paths to embed, those with problems first. */
export function wantedOf(entries: readonly Entry[]): string[] {
  const weight = (entry: Entry): number => (entry.kind === "recording" && entry.problems.length > 0 ? 0 : 1);
  const sorted = [...entries].sort((a, b) => weight(a) - weight(b));
  return sorted
    .flatMap((entry) =>
      entry.kind === "unread"
        ? []
        : entry.kind === "recording"
          ? [entry.trace.path]
          : [entry.before.trace.path, entry.after.trace.path],
    )
    .filter(isReadAgain);
}

/**
 * Embeds logs. `format` is that of the recordings. Returns `undefined` if no log has room; two that are compared are
 * embedded together or not at all.
 */
export async function embed(entries: readonly Entry[], format?: string): Promise<Embedded | undefined> {
  const [first] = entries;
  const compared = entries.length === 1 && first?.kind === "comparison" ? first : undefined;
  const found: { readonly log: SessionLog; readonly base64: string }[] = [];
  let left = MOST_BYTES;
  for (const path of wantedOf(entries).slice(0, MOST_LOGS)) {
    const one = await embedded(path, left, format);
    if (!one) continue;
    found.push(one);
    left -= one.log.bytes;
  }
  if (found.length === 0 || (compared && found.length < 2)) return undefined;
  return {
    session: { kreel: "session", version: 1, logs: found.map(({ log }) => log), diff: compared !== undefined },
    logs: found.map(({ base64 }) => base64),
    diff: compared && {
      ...diffJson(compared.diff),
      hunks: hunksJson(compared.diff.hunks),
      same: sameJson(compared.diff.same),
    },
  };
}

async function embedded(
  path: string,
  room: number,
  format: string | undefined,
): Promise<{ readonly log: SessionLog; readonly base64: string } | undefined> {
  // A log is a hundredth to a third of the text that it is made from: far too large files are not tried.
  if (statSync(path, { throwIfNoEntry: false })?.isFile() && statSync(path).size > room * 200) return undefined;
  const made = await asLog(path, format === undefined ? {} : { format });
  try {
    const { size } = statSync(made.path);
    if (size > room) return undefined;
    const file = LogFile.open(made.path);
    const log = {
      name: basename(path),
      path,
      format: file.origin()?.format ?? "kreel-log",
      events: file.events,
      bytes: size,
    };
    file.close();
    return { log, base64: readFileSync(made.path).toString("base64") };
  } finally {
    made.remove();
  }
}
