/**
 * Minimise for tests: every finding of the recordings, and a check of the results that is independent of the search.
 */
import { readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";
import { points } from "../../events/index.js";
import type { Finding, RuleName } from "../../src/check/finding.js";
import { Dependencies } from "../../src/minimise/dependencies.js";
import { type Excerpt, part } from "../../src/minimise/excerpt.js";
import { type FindingChoice, minimise, type Minimised } from "../../src/minimise/index.js";
import { identityOf, subjectOf, Watch } from "../../src/minimise/watch.js";
import { replayed } from "../support/recordings.js";

/** Returns the text as a stream that can be read repeatedly. */
export function inMemory(text: string): AsyncIterable<Buffer> {
  return {
    async *[Symbol.asyncIterator]() {
      yield Buffer.from(text, "latin1");
    },
  };
}

export function unpacked(path: string): string {
  return gunzipSync(readFileSync(path)).toString("latin1");
}

/** Selects the first finding of each rule in each recording, and at most `most` of each rule. */
export async function findingsOf(
  recordings: readonly string[],
  most: number,
): Promise<(readonly [recording: string, rule: RuleName])[]> {
  const chosen: (readonly [string, RuleName])[] = [];
  for (const path of recordings) {
    const { findings, hazards } = await replayed(path);
    for (const rule of new Set([...findings, ...hazards].map((f) => f.rule)))
      if (chosen.filter(([, r]) => r === rule).length < most) chosen.push([path, rule]);
  }
  return chosen;
}

/** Minimises for a finding that must exist. */
export async function minimised(source: string | AsyncIterable<Buffer>, finding?: FindingChoice): Promise<Minimised> {
  const options = finding === undefined ? {} : { finding };
  const result = await (typeof source === "string"
    ? minimise(source, options)
    : minimise("-", { ...options, input: source }));
  if ("excerpt" in result) return result;
  throw new Error(`no such finding: ${JSON.stringify(finding)}`);
}

/**
 * Returns the remaining events, `iput`, `alloc_anon_inode_ret`, …, optionally without those that only show that a probe
 * is set.
 */
export function operationsOf({ excerpt, witnesses }: Minimised, withWitnesses = true): string[] {
  return Array.from(excerpt.batch.point, (point) => points.points[point]!.event).filter(
    (_, k) => withWitnesses || !witnesses.includes(k + 1),
  );
}

/** Returns the words of a finding without event numbers, which differ in every part of a recording. */
export function saying({ rule, object, message }: Finding): string {
  return `${rule} ${object} ${message}`
    .replaceAll(/\bevent \d+(, \d+)*/g, "event N")
    .replaceAll(/(0x[0-9a-f]+)#\d+/g, "$1");
}

/** Returns remaining units that could be left out, with those that need them, without losing the finding. */
export function spareUnits({ excerpt, shown }: Minimised): number[] {
  const dependencies = new Dependencies();
  watched(excerpt, dependencies);
  const { units } = dependencies;
  const same = (event: number): number => event;
  const whole = watched(excerpt);
  const known = new Set(whole.errors.map((told) => subjectOf(told, same)));
  const wanted = identityOf(
    [...whole.errors, ...whole.hazards].find(
      (told) => told.finding.message === shown.message && told.finding.event === shown.event,
    )!,
    same,
  );
  const all = Array.from({ length: units.count }, (_, k) => k + 1);
  return all.filter((spared) => {
    const rest = all.filter((unit) => !units.closure([unit]).has(spared));
    const indices = rest.flatMap((unit) => units.events(unit).map((event) => event - 1)).sort((a, b) => a - b);
    const left = watched(part(excerpt, indices));
    const original = (event: number): number => indices[event - 1]! + 1;
    return (
      [...left.errors, ...left.hazards].some((told) => identityOf(told, original) === wanted) &&
      left.errors.every((told) => known.has(subjectOf(told, original)))
    );
  });
}

function watched({ batch, tables }: Excerpt, dependencies?: Dependencies): Watch {
  const watch = new Watch(tables, dependencies?.store, dependencies);
  watch.reduce(batch);
  watch.finish();
  return watch;
}
