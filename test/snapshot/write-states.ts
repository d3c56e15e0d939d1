/**
 * `node dist/test/snapshot/write-states.js`: writes the hashes of the recordings' states, once `REDUCER_VERSION` is
 * raised.
 */
import { isDeepStrictEqual } from "node:util";
import { existsSync, writeFileSync } from "node:fs";
import { REDUCER_VERSION } from "../../src/reduce/version.js";
import { hashesNow, savedStates, STATES, type States } from "../support/states.js";

const saved = existsSync(STATES) ? savedStates() : undefined;
const states: States = { version: REDUCER_VERSION, hashes: await hashesNow() };
const changed = Object.keys(states.hashes).filter(
  (name) => saved?.hashes[name] !== undefined && !isDeepStrictEqual(saved.hashes[name], states.hashes[name]),
);
if (changed.length > 0 && saved?.version === REDUCER_VERSION) {
  console.error(
    `${changed.join(", ")}: other states than version ${REDUCER_VERSION} made; raise REDUCER_VERSION in src/reduce/version.ts first`,
  );
  process.exitCode = 1;
} else writeFileSync(STATES, `${JSON.stringify(states, null, 1)}\n`);
