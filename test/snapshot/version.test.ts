/**
 * A change that gives a recording another state has to raise the version: else older snapshots would be read as if they
 * were its own.
 */
import { isDeepStrictEqual } from "node:util";
import test from "ava";
import { REDUCER_VERSION } from "../../src/reduce/version.js";
import { hashesNow, savedStates } from "../support/states.js";

const KEEP = "build and run `node dist/test/snapshot/write-states.js`";

test("recordings come to the states that this version is known by", async (t) => {
  const saved = savedStates();
  t.is(
    saved.version,
    REDUCER_VERSION,
    `REDUCER_VERSION is ${REDUCER_VERSION}, and fixtures/states.json is by ${saved.version}: ${KEEP}`,
  );
  const now = await hashesNow();
  const changed = Object.keys(now).filter(
    (name) => saved.hashes[name] && !isDeepStrictEqual(now[name], saved.hashes[name]),
  );
  t.deepEqual(
    changed,
    [],
    `states, findings or the bytes of snapshots are others than REDUCER_VERSION ${REDUCER_VERSION} made: raise it in src/reduce/version.ts, ${KEEP}`,
  );
});
