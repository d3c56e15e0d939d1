/**
 * Tests the fuzzer itself: inputs repeat, broken promises are found, and inputs that take a thread down are caught.
 * `npm run fuzz` does the real work.
 */
import { createHash } from "node:crypto";
import test from "ava";
import { points } from "../../events/index.js";
import type { Batch } from "../../src/log/batch.js";
import { LogError } from "../../src/log/file/log-error.js";
import { TroubleError } from "../../src/base/trouble.js";
import { checkIndex } from "./check/index.js";
import { Scratch } from "./check/files.js";
import { Problem } from "./check/problem.js";
import { inWords, isReading, type Reading, soundBatches, soundReport } from "./check/reading.js";
import { sameEvents } from "./check/same.js";
import { checkText, readText } from "./check/text.js";
import { formatAt, FUZZ_FORMATS, indexOf, type Input, inputOf } from "./input.js";
import { runAll } from "./pool.js";
import { Random } from "./random.js";
import { textSeeds } from "./seeds/text.js";

const SEED = 20_260_501;
/** Inputs of each format. */
const INPUTS = 4;

const hashOf = ({ content }: Input): string => {
  const hash = createHash("sha256");
  for (const [name, bytes] of Buffer.isBuffer(content) ? [["", content] as const] : content)
    hash.update(`${name}\0`).update(bytes);
  return hash.digest("hex");
};

test("a seed and an index are an input, and always the same; other seeds are other inputs", async (t) => {
  const hashes = new Map<number, string>();
  for (const format of FUZZ_FORMATS) {
    for (let k = 0; k < 2; k++) {
      const index = indexOf(format, k);
      t.is(formatAt(index), format);
      hashes.set(index, hashOf(await inputOf(SEED, index)));
    }
  }
  for (const [index, hash] of [...hashes].reverse()) t.is(hashOf(await inputOf(SEED, index)), hash, `${index}`);
  const others = await Promise.all(
    [...hashes].map(async ([index, hash]) => hashOf(await inputOf(SEED + 1, index)) !== hash),
  );
  t.true(others.filter(Boolean).length > others.length * 0.9);
});

test("a hundred indexes have every format", (t) => {
  t.deepEqual(
    [...new Set(Array.from({ length: 100 }, (_, k) => formatAt(12_300 + k)))].sort(),
    [...FUZZ_FORMATS].sort(),
  );
});

for (const format of FUZZ_FORMATS) {
  test(`${format}: some inputs, and all that must hold does`, async (t) => {
    const scratch = new Scratch();
    t.teardown(() => scratch.remove());
    for (let k = 0; k < INPUTS; k++)
      await t.notThrowsAsync(
        checkIndex(SEED, indexOf(format, k), scratch),
        `npm run fuzz -- --only ${SEED}:${indexOf(format, k)}`,
      );
  });
}

async function recording(): Promise<{ readonly bytes: Buffer; readonly reading: Reading }> {
  const { head, lines } = (await textSeeds("ftrace"))[0]!;
  const bytes = Buffer.from([...head, ...lines.slice(0, 100), ""].join("\n"), "latin1");
  const reading = readText("input", "ftrace", bytes, { batch: 16 });
  if (!isReading(reading)) throw reading;
  return { bytes, reading };
}

test("batches that are not what they should be are caught", async (t) => {
  const { reading } = await recording();
  const shape = { lined: true, gaps: false };
  t.notThrows(() => soundBatches(reading, shape));
  const [first, second, ...rest] = reading.batches as [Batch, Batch, ...Batch[]];
  const column = <Column extends Uint32Array | Uint16Array | Float64Array>(values: Column, value: number): Column =>
    values.map(() => value) as Column;
  const pointer = first.point.findIndex(
    (point) => points.points[point]?.args.some(({ type }) => type === "ptr") === true,
  );
  t.true(pointer >= 0);
  for (const [what, changed] of Object.entries({
    "a gap": { firstSeq: 2 },
    "a task of no table": { task: column(first.task, 99_999) },
    "a place of no table": { place: column(first.place, 99_999) },
    "a time that is not exact": { timeHigh: column(first.timeHigh, 2 ** 60) },
    "a nanosecond too many": { timeLow: column(first.timeLow, 1e9) },
    "no line": { line: column(first.line, 0) },
    "an operation of no catalogue": { point: column(first.point, 60_000) },
    "arguments that are not there": { low: first.low.subarray(0, 3) },
    "an address of no table": { low: column(first.low, 99_999_999) },
    "more missing than there is": { fault: column(first.fault, 0xffff) },
    "losses in no order": {
      losses: [
        { index: 9, cpu: 0, count: 1, line: 1 },
        { index: 3, cpu: 0, count: 1, line: 1 },
      ],
    },
    "a loss on no CPU": { losses: [{ index: 9, cpu: 99_999, count: 1, line: 1 }] },
  } satisfies Record<string, Partial<Batch>>))
    t.throws(
      () => soundBatches({ ...reading, batches: [{ ...first, ...changed }, second, ...rest] }, shape),
      { instanceOf: Problem },
      what,
    );
  t.throws(
    () => soundBatches({ ...reading, batches: [first, ...rest] }, shape),
    { instanceOf: Problem },
    "a batch less",
  );
});

test("a line that is counted twice, or not at all, is caught; so are counts that are none, and words without end", async (t) => {
  const { reading, bytes } = await recording();
  const { report } = reading;
  const { lines } = report;
  t.notThrows(() => soundReport(report, lines));
  t.throws(() => soundReport(report, lines + 1), { instanceOf: Problem });
  for (const [name, value] of [
    ["blank", report.blank + 1],
    ["skipped", -1],
    ["malformed", Number.NaN],
  ] as const) {
    const again = readText("input", "ftrace", bytes);
    if (!isReading(again)) throw again;
    again.report[name] = value;
    t.throws(() => soundReport(again.report, lines), { instanceOf: Problem }, name);
  }
  report.warnings.push("x".repeat(5000));
  t.throws(() => soundReport(report, lines), { instanceOf: Problem });
});

test("readings that differ in anything are caught", async (t) => {
  const { reading } = await recording();
  const [first, ...rest] = reading.batches as [Batch, ...Batch[]];
  t.notThrows(() => sameEvents("", reading, reading));
  const changed = (values: Partial<Batch>): Reading => ({ ...reading, batches: [{ ...first, ...values }, ...rest] });
  for (const [what, other] of Object.entries({
    cpu: changed({ cpu: first.cpu.map((cpu) => cpu + 1) }),
    time: changed({ timeLow: first.timeLow.map((low) => low + 1) }),
    digits: changed({ timeDigits: 9 }),
    line: changed({ line: first.line.map((line) => line + 1) }),
    value: changed({ low: first.low.map((low) => (low === 0 ? 1 : low - 1)) }),
    loss: changed({ losses: [{ index: 0, cpu: 0, count: 1, line: 1 }] }),
    fewer: { ...reading, batches: [first] },
  }))
    t.throws(() => sameEvents("", reading, other), { instanceOf: Problem }, what);
});

test("an error that is not in words, not one line, not of the file, or without its line is caught", async (t) => {
  t.is(inWords(new TroubleError("no recording", "input", 7), "input").line, 7);
  t.is(inWords(new LogError("no log", "input"), "input").message, "input: no log");
  for (const error of [
    new TypeError("x is undefined"),
    "text",
    new TroubleError("no recording", "other"),
    new TroubleError("x".repeat(5000), "input"),
  ])
    t.throws(() => inWords(error, "input"), { instanceOf: Problem });
  const { bytes } = await recording();
  t.throws(() => checkText("input", "ftrace", bytes, new TroubleError("in some line", "input"), new Random(1, 1)), {
    instanceOf: Problem,
  });
});

test("a reader whose fast way skips a line, or takes one for another, is caught", async (t) => {
  const { bytes } = await recording();
  const lines = bytes.toString("latin1").split("\n");
  for (const other of [lines.toSpliced(40, 1), lines.with(40, lines[41]!), lines.with(40, `${lines[40]!} `)]) {
    const whole = readText("input", "ftrace", Buffer.from(other.join("\n"), "latin1"));
    t.throws(() => checkText("input", "ftrace", bytes, whole, new Random(1, 1)), { instanceOf: Problem });
  }
});

const MISBEHAVING = { seed: 1, jobs: 1, program: new URL("programs/misbehave.js", import.meta.url) };

test("a thread that hangs is caught with its input, and the others are done", async (t) => {
  const { found, once, tallies } = await runAll({
    ...MISBEHAVING,
    inputs: 5,
    limits: { ms: 1000, heap: 256, rss: 4096 },
  });
  t.deepEqual(
    found.map(({ index, kind }) => [index, kind]),
    [[3, "an input comes to its end"]],
  );
  // On a machine that stalls for a second an input may be taken for one that hangs, and is not when it is tried again.
  t.is(
    tallies.reduce((sum, tally) => sum + tally.get(0, "inputs"), 0),
    4 - once.length,
  );
});

test("a thread that takes all memory, waits for nothing or says itself what is wrong is caught with its input", async (t) => {
  const { found, tallies } = await runAll({
    ...MISBEHAVING,
    from: 4,
    inputs: 12,
    limits: { ms: 120_000, heap: 64, rss: 4096 },
  });
  t.deepEqual(Object.fromEntries(found.map(({ index, kind }) => [index, kind])), {
    5: "memory stays bounded",
    7: "what is awaited comes",
    9: "nine",
  });
  t.is(
    tallies.reduce((sum, tally) => sum + tally.get(0, "inputs"), 0),
    6,
  );
});
