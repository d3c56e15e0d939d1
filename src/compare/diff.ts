/**
 * Compares two recordings as far as both could show what happened. If one never shows an operation that the other does,
 * both are read again without its probe: if everything else is there then, it is no difference, and is reported once as
 * incomparable.
 */
import { LogFile } from "../log/file/log-file.js";
import type { Origin } from "../log/log.js";
import { isReadAgain } from "../read/again.js";
import { openRecording } from "../read/recording.js";
import type { Recorded } from "../read/report.js";
import { showing } from "../read/showing.js";
import type { Replay } from "../replay/replay.js";
import { asLog } from "../seek/as-log.js";
import { compareHistories, type CompareOptions } from "./compare-histories.js";
import { type History, type HistoryOptions, historyOf } from "./history.js";
import { unended } from "./ends.js";
import { findingWords } from "./incomparable-words.js";
import { type Histories, Judgement } from "./judgement.js";
import type { Lives } from "./state.js";
import { type Blindness, without } from "./surface.js";
import type { Diff, Difference, Incomparable, Side } from "./types.js";

export { compareHistories } from "./compare-histories.js";

/** The result of comparing two recordings, with the summary of each. */
export interface Compared {
  readonly diff: Diff;
  readonly before: Replay;
  readonly after: Replay;
}

/**
 * Compares two recordings of one workload by what happened in them. Takes paths, or open logs (the run of a simulated
 * kernel).
 *
 * @throws {TroubleError} If one is no recording, or cannot be read: with file and line.
 */
export async function diff(
  before: string | Recorded,
  after: string | Recorded,
  options: HistoryOptions = {},
): Promise<Diff> {
  return (await compareRecordings(before, after, options)).diff;
}

export async function compareRecordings(
  before: string | Recorded,
  after: string | Recorded,
  options: HistoryOptions = {},
): Promise<Compared> {
  const x = await sourceOf(before, options);
  try {
    const y = await sourceOf(after, options);
    try {
      return await compared({ before: x, after: y }, options);
    } finally {
      y.close();
    }
  } finally {
    x.close();
  }
}

/** A recording that can be opened repeatedly. */
interface Source {
  open(): Promise<Recorded>;
  /** True if it can be opened more than once. */
  readonly again: boolean;
  close(): void;
}
type Sources = Readonly<Record<Side, Source>>;

async function sourceOf(log: string | Recorded, options: HistoryOptions): Promise<Source> {
  const close = (): void => {};
  if (typeof log !== "string") return openedSource(log);
  if (isReadAgain(log) && !options.input) return { open: () => openRecording(log, options), again: true, close };
  // A stream comes only once, so it is stored as a log until the comparison ends.
  const made = await asLog(log, options);
  const origin = originOf(made.path) ?? { path: log, format: "kreel-log" };
  return { open: async () => named(await openRecording(made.path), origin), again: true, close: () => made.remove() };
}

function openedSource(recording: Recorded): Source {
  let first = true;
  const open = async (): Promise<Recorded> => {
    if (!first) return recording.again!();
    first = false;
    return recording;
  };
  return { open, again: recording.again !== undefined, close: () => {} };
}

function originOf(log: string): Origin | undefined {
  const file = LogFile.open(log);
  try {
    return file.origin();
  } finally {
    file.close();
  }
}

function named(recording: Recorded, origin: Origin): Recorded {
  return { ...showing(recording, () => {}), origin };
}

/**
 * Reads both recordings, optionally without the events and arguments in `blindness`; the caller closes the histories.
 */
async function read(sources: Sources, options: HistoryOptions, blindness?: Blindness): Promise<Histories> {
  const history = async (side: Side): Promise<History> => {
    const recording = await sources[side].open();
    return historyOf(blindness ? without(recording, blindness) : recording, options);
  };
  const before = await history("before");
  try {
    return { before, after: await history("after") };
  } catch (error) {
    before.close();
    throw error;
  }
}

async function using<T>(histories: Promise<Histories>, use: (histories: Histories) => T): Promise<T> {
  const { before, after } = await histories;
  try {
    return use({ before, after });
  } finally {
    before.close();
    after.close();
  }
}

async function compared(sources: Sources, options: HistoryOptions): Promise<Compared> {
  let judgement: Judgement | undefined;
  let isOpen = false;
  try {
    const first = await using(read(sources, options), (histories) => {
      const { before, after } = histories;
      const canTell = sources.before.again && sources.after.again && !(isSimulated(before) && isSimulated(after));
      if (canTell) judgement = new Judgement(histories);
      const diff = compareHistories(
        before,
        after,
        judgement && { watch: judgement, lives: judgement, missed: judgement.missed },
      );
      isOpen = diff.differences.length > 0 && judgement?.prepare() === true;
      return { diff, before: before.replay, after: after.replay };
    });
    if (!judgement) return first;
    const without = (blindness: Blindness, compare: CompareOptions): Promise<Diff> =>
      using(read(sources, { ...options, unended: unended(blindness.points) }, blindness), ({ before, after }) =>
        compareHistories(before, after, compare),
      );
    return { ...first, diff: await reconsidered(first.diff, judgement, isOpen, without) };
  } finally {
    judgement?.close();
  }
}

/** Reduces the diff to what both recordings could have shown. */
async function reconsidered(
  asTheyAre: Diff,
  judgement: Judgement,
  isOpen: boolean,
  compare: (blindness: Blindness, options: CompareOptions) => Promise<Diff>,
): Promise<Diff> {
  const { missed } = judgement;
  let least: Diff | undefined;
  if (isOpen) {
    const { before, after } = judgement.standings;
    least = await compare(judgement.all, {
      watch: { line: (line) => (before.line(line), after.line(line)) },
      lives: judgement,
      missed,
    });
    judgement.decide();
  }
  const { told } = judgement;
  // Recordings that agree in everything agree in less, too. Marks on one side alone still name its places.
  if (asTheyAre.differences.length === 0 || told.every(({ reason }) => reason === "markers"))
    return { ...asTheyAre, incomparable: [...told, ...asTheyAre.incomparable] };
  const lives: Lives = {
    begun: (...of) => judgement.begun(...of),
    ended: (...of) => judgement.ended(...of),
    known: new Set(asTheyAre.differences.map(({ message }) => message)),
  };
  const found =
    least && judgement.isAllHidden
      ? least
      : await compare(judgement.hidden, { lives, missed, isDoubtful: (line) => judgement.isDoubtful(line) });
  const { differences, unshown } = findingsOf(asTheyAre, found);
  // The summaries describe each recording as it is, not as it was compared.
  return {
    ...found,
    differences,
    before: asTheyAre.before,
    after: asTheyAre.after,
    incomparable: [...told, ...found.incomparable, ...unshown],
  };
}

const isFinding = ({ kind }: Difference): boolean => kind === "finding-introduced" || kind === "finding-fixed";

/**
 * Splits findings of one side into those that the other could have shown, which are differences, and those that it
 * could not: they vanish when less is looked at. A finding that appears only then is none.
 */
function findingsOf(
  asTheyAre: Diff,
  found: Diff,
): { readonly differences: readonly Difference[]; readonly unshown: readonly Incomparable[] } {
  const key = ({ kind, message, before, after }: Difference): string =>
    `${kind} ${message.slice(0, message.indexOf(":"))} ${before?.event} ${after?.event}`;
  const known = new Set(asTheyAre.differences.filter(isFinding).map(key));
  const shown = new Set(found.differences.filter(isFinding).map(key));
  const unshown = asTheyAre.differences
    .filter((difference) => isFinding(difference) && !shown.has(key(difference)))
    .map((difference): Incomparable => {
      const { kind, object = "", before, after, message } = difference;
      const missing = kind === "finding-introduced" ? "before" : "after";
      const rule = message.slice(0, message.indexOf(":"));
      return {
        reason: "finding",
        missing,
        rule,
        times: 1,
        first: before ?? after,
        message: findingWords(rule, object, missing),
      };
    });
  return {
    differences: found.differences.filter((difference) => !isFinding(difference) || known.has(key(difference))),
    unshown,
  };
}

/** A simulated kernel shows everything that happens. */
function isSimulated({ replay: { recording } }: History): boolean {
  return (recording.report.exportedFrom ?? recording.origin).format === "simulated";
}
