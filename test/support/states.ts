/**
 * The final states of the repository's recordings, as hashes: kept in `fixtures/states.json` with the version that made
 * them.
 */
import { readFileSync } from "node:fs";
import { Replaying } from "../../src/replay/replaying.js";
import { stateHash } from "../../src/snapshot/index.js";
import { batchesOf, nameOf, recordingsOf } from "./recordings.js";

export const STATES = "fixtures/states.json";

export interface States {
  /** `REDUCER_VERSION`. */
  readonly version: number;
  /** By recording: the hashes of the states in its middle and at its end. */
  readonly hashes: Readonly<Record<string, readonly [middle: string, end: string]>>;
}

export const savedStates = (): States => JSON.parse(readFileSync(STATES, "utf8")) as States;

export async function hashesNow(): Promise<States["hashes"]> {
  const hashes: Record<string, [string, string]> = {};
  for (const path of recordingsOf(
    "linux-6.12",
    "linux-6.12-patched",
    "linux-7.2",
    "race",
    "broken",
    "partial",
    "mistakes",
  )) {
    const { batches, tables } = await batchesOf(path);
    const replaying = new Replaying({ tables });
    const events = batches.reduce((sum, { length }) => sum + length, 0);
    const middle = Math.floor(events / 2);
    for (const batch of batches)
      if (batch.firstSeq <= middle) replaying.reduce(batch, Math.min(batch.length, middle - batch.firstSeq + 1));
    const half = stateHash(replaying);
    for (const batch of batches) replaying.reduce(batch);
    replaying.finish();
    hashes[nameOf(path)] = [half, stateHash(replaying)];
  }
  return hashes;
}
