/** Tests that a scenario recorded as trace.dat, of either version, reads like its recording as text. */
import { readdirSync, readFileSync } from "node:fs";
import test from "ava";
import { diff } from "../../../src/compare/diff.js";
import { replay } from "../../../src/replay/replay.js";
import { TRACE_DATS, read, unzipped } from "./reading.js";
import { textEvents } from "../../support/recordings.js";
import { same } from "../../support/same.js";

const names = readdirSync(TRACE_DATS).filter((name) => name.endsWith(".dat.gz"));
/** `linux-7.2-s09-enfile.v6.dat.gz` was recorded like `linux-7.2/s09-enfile.trace.gz`. */
const textOf = (name: string): string =>
  `fixtures/recordings/${name.replace(/^(linux-[\d.]+)-(.*)\.v[67]\.dat\.gz$/, "$1/$2.trace.gz")}`;
const plain = (replayed: Awaited<ReturnType<typeof replay>>): object => ({
  operations: replayed.operations.map(({ name, result, error }) => ({ name, result, error })),
  objects: replayed.objects,
  findings: replayed.findings.map(({ message }) => message),
});

for (const name of names) {
  const path = `${TRACE_DATS}${name}`;

  test(`${name}: the same operations, results and objects as in text, and no finding`, async (t) => {
    const binary = await replay(path);
    const text = await replay(textOf(name));
    t.is(binary.trace.format, "trace-dat");
    same(t, plain(binary), plain(text));
    t.deepEqual(binary.findings, []);
    t.deepEqual(binary.hazards, []);
    t.is(binary.trace.lost + binary.trace.skipped + binary.trace.unknown, 0);
    t.deepEqual(binary.trace.warnings, []);
    t.is(binary.counts.unexplained, 0);
  });

  test(`${name}: no difference from the text, either way`, async (t) => {
    for (const [before, after] of [
      [textOf(name), path],
      [path, textOf(name)],
    ] as const) {
      const { differences } = await diff(before, after);
      t.deepEqual(differences, []);
    }
  });

  test(`${name}: places read as ftrace prints them`, (t) => {
    const { events } = read(unzipped(name));
    // Both recordings are of the same kernel at the same addresses. Functions of vmlinux that both probed are at the
    // same places.
    const places = new Set(textEvents(textOf(name)).flatMap(({ text }) => /^\(([^)]*)\)/.exec(text)?.[1] ?? []));
    const fromText = new Set([...places].filter((place) => !/\[|0x[\da-f]{16}/.test(place)));
    const fromBinary = new Set(
      events.map(({ place }) => place).filter((place) => place !== "" && !/\[|0x[\da-f]{16}/.test(place)),
    );
    const common = [...fromBinary].filter((place) => fromText.has(place));
    t.true(common.length > fromBinary.size * 0.9, [...fromBinary].filter((place) => !fromText.has(place)).join(", "));
  });
}

test("compressed, plain, or through a pipe: the same events", async (t) => {
  const name = "linux-6.18-s09-enfile.v6.dat.gz";
  const piped = await replay("-", { input: chunks(unzipped(name), 100_000) });
  const zipped = await replay("-", { input: chunks(readFileSync(`${TRACE_DATS}${name}`), 100_000) });
  const file = await replay(`${TRACE_DATS}${name}`);
  for (const other of [piped, zipped]) {
    same(t, plain(other), plain(file));
    t.is(other.trace.events, file.trace.events);
    t.is(other.trace.format, "trace-dat");
  }
});

async function* chunks(bytes: Buffer, size: number): AsyncGenerator<Buffer> {
  for (let p = 0; p < bytes.length; p += size) yield bytes.subarray(p, p + size);
}
