/**
 * Snapshots: the whole state of a replay as bytes, so that the state at any event is a snapshot before it and the
 * replay of the events in between.
 *
 *     const bytes = takeSnapshot(replaying);                  // after any event
 *     const again = restoreReplay(bytes, recording);          // in any process
 *     again.reduce(batch);                                    // events before `again.next` are passed over
 *     await replayRecording(recording, { from: again });      // or all the rest of a recording
 *
 * A document says nothing of the process that wrote it: two that replay the same events write the same bytes, so that
 * their hash (`stateHash`) is that of the state. It belongs to a version of the reducers: `restoreReplay` throws a
 * `SnapshotError` for one of another version, which has to be taken again, as for bytes that are no snapshot.
 *
 * Data that observers collect is not part of it.
 */
import { createHash } from "node:crypto";
import type { PointTable } from "../../events/points.js";
import { points as catalogue } from "../../events/index.js";
import { ByteReader, DamagedError } from "../log/file/bytes.js";
import { createTables, type Tables } from "../log/tables.js";
import { REDUCER_VERSION } from "../reduce/version.js";
import { Replaying, type ReplayingOptions, type SavedReplay } from "../replay/replaying.js";
import { Comparison } from "./difference.js";
import { DocumentReader, DocumentWriter, LARGEST } from "./document.js";
import { SnapshotError } from "./snapshot-error.js";
import { state } from "./state.js";
import { checked } from "./sound.js";

export { SnapshotError } from "./snapshot-error.js";

/** The first bytes: "KRS" and the number of the reducers' version. */
const MAGIC = Buffer.from("KRS");
const VERSION = Buffer.of(REDUCER_VERSION & 0xff, REDUCER_VERSION >> 8);

export interface SnapshotOptions {
  /**
   * By default (`true`) the snapshot has the steps of each object's life so far, which findings show as their evidence.
   * Without them (`false`) it has a third of the size, and a replay from it knows only later steps; the state is the
   * same.
   */
  readonly trails?: boolean;
}

/** Returns the state after the last event that was reduced, as bytes. */
export function takeSnapshot(replaying: Replaying, { trails = true }: SnapshotOptions = {}): Uint8Array {
  const out = new DocumentWriter(catalogue, replaying.tables, trails);
  state.write(out, replaying.saved());
  return Buffer.concat([MAGIC, VERSION, out.document()]);
}

/**
 * Returns the replay that a snapshot was taken of, as if it had read all events up to there, over a recording of the
 * same events, to whose tables the snapshot's names are added.
 *
 * @throws {SnapshotError} If the bytes are no snapshot, are damaged, or are of another version of the reducers.
 */
export function restoreReplay(
  bytes: Uint8Array,
  recording: ConstructorParameters<typeof Replaying>[0],
  options: Omit<ReplayingOptions, "everything"> = {},
): Replaying {
  const saved = decoded(bytes, catalogue, recording.tables);
  const replaying = new Replaying(recording, { ...options, everything: saved.everything });
  replaying.restore(saved);
  return replaying;
}

/**
 * Returns the SHA-256 of the state, in hexadecimal: the same for every replay of the same events, from their start or
 * from a snapshot. (From one without trails it is the same until a finding has evidence in them.)
 */
export function stateHash(replaying: Replaying): string {
  return createHash("sha256")
    .update(takeSnapshot(replaying, { trails: false }))
    .digest("hex");
}

/**
 * Returns the first difference of two snapshots, in words; `undefined` if there is none.
 *
 * @throws {SnapshotError} If either is no snapshot, is damaged, or is of another version of the reducers.
 */
export function firstDifference(a: Uint8Array, b: Uint8Array): string | undefined {
  if (Buffer.from(a).equals(b)) return undefined;
  const tables = createTables();
  return new Comparison(catalogue, tables).first(decoded(a, catalogue, tables), decoded(b, catalogue, tables));
}

function decoded(bytes: Uint8Array, points: PointTable, tables: Tables): SavedReplay {
  try {
    if (bytes.length > LARGEST) throw new SnapshotError(`a snapshot of more than ${LARGEST} bytes`);
    const whole = new ByteReader(bytes);
    if (!MAGIC.equals(whole.take(MAGIC.length))) throw new SnapshotError("is no snapshot");
    const version = Buffer.from(whole.take(VERSION.length)).readUInt16LE();
    if (version !== REDUCER_VERSION)
      throw new SnapshotError(`a snapshot by version ${version} of the reducers, and these are ${REDUCER_VERSION}`);
    const from = new DocumentReader(whole, points, tables);
    const saved = state.read(from);
    if (from.left > 0 || !whole.isAtEnd) throw new SnapshotError("a snapshot with bytes after its end");
    return checked(saved, points);
  } catch (error) {
    if (error instanceof DamagedError)
      throw new SnapshotError(`a damaged snapshot: ${error.message}`, { cause: error });
    throw error;
  }
}
