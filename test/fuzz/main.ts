/**
 * `npm run fuzz`: checks kreel's promises on mutated inputs of every format. Exits with 1 if one is broken, and prints
 * how to repeat it.
 */
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { parseArgs } from "node:util";
import { checkIndex } from "./check/index.js";
import { Scratch } from "./check/files.js";
import { formatAt, FUZZ_FORMATS, type FuzzFormat, type Input, inputOf } from "./input.js";
import type { Found } from "./job.js";
import { type Done, runAll } from "./pool.js";
import { Tally } from "./tally.js";

const HELP = `npm run fuzz -- [--inputs N] [--from K] [--seed S] [--format F] [--jobs J] [--keep DIRECTORY]
npm run fuzz -- --only SEED:INDEX [--to FILE]

  --inputs N         how many; 100,000 when left out
  --from K           passes over so many: a run that was interrupted goes on
  --seed S           what they are made from: the same inputs again. When left out another each time, which is said
  --format F         of one format alone: ${FUZZ_FORMATS.join(", ")}
  --jobs J           threads; 1 when left out
  --keep DIRECTORY   the first inputs of each kind of fault are written there
  --only SEED:INDEX  one input alone, and what it shows
  --to FILE          writes that input (a directory for what is one), and does not check it
`;

const INPUTS = 100_000;
/** Inputs of one kind of fault that are listed. */
const NAMED = 5;
const PROGRESS = 30_000;

const { values: options } = parseArgs({
  options: {
    inputs: { type: "string" },
    from: { type: "string" },
    seed: { type: "string" },
    format: { type: "string" },
    jobs: { type: "string" },
    keep: { type: "string" },
    only: { type: "string" },
    to: { type: "string" },
    help: { type: "boolean", default: false },
  },
});

if (options.help) process.stdout.write(HELP);
else process.exitCode = options.only === undefined ? await many() : await one(options.only);

function natural(name: string, text: string | undefined, otherwise: number): number {
  if (text === undefined) return otherwise;
  const number = Number(text);
  if (!/^\d+$/.test(text) || number > 0xffffffff)
    throw new RangeError(`--${name} ${text}: a number from 0 to 4294967295`);
  return number;
}

async function one(only: string): Promise<number> {
  const [, seed, index] = /^(\d+):(\d+)$/.exec(only) ?? [];
  if (seed === undefined || index === undefined)
    throw new RangeError(`--only ${only}: SEED:INDEX, as what was found is named`);
  const input = await inputOf(Number(seed), Number(index));
  process.stdout.write(`${input.format}: ${input.mutations.join(", ") || "as it was"}\n`);
  if (options.to !== undefined) {
    write(options.to, input);
    return 0;
  }
  const scratch = new Scratch();
  try {
    const start = performance.now();
    const { events, trouble } = await checkIndex(Number(seed), Number(index), scratch);
    process.stdout.write(
      `${trouble ? "refused in words" : `${events} events`}, ${(performance.now() - start).toFixed(1)} ms: all that must hold does\n`,
    );
    return 0;
  } catch (error) {
    process.stdout.write(`${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
    return 1;
  } finally {
    scratch.remove();
  }
}

function write(to: string, { content }: Input): void {
  const files = Buffer.isBuffer(content) ? new Map([["", content]]) : content;
  for (const [name, bytes] of files) {
    mkdirSync(dirname(join(to, name)), { recursive: true });
    writeFileSync(join(to, name), bytes);
  }
}

async function many(): Promise<number> {
  const { format } = options;
  if (format !== undefined && !(FUZZ_FORMATS as readonly string[]).includes(format))
    throw new RangeError(`--format ${format}: one of ${FUZZ_FORMATS.join(", ")}`);
  const seed = natural("seed", options.seed, Math.floor(Math.random() * 2 ** 32));
  const inputs = natural("inputs", options.inputs, INPUTS);
  const jobs = Math.max(1, natural("jobs", options.jobs, 1));
  const start = performance.now();
  const seconds = (): number => (performance.now() - start) / 1000;
  process.stdout.write(
    `seed ${seed}, ${inputs.toLocaleString("en")} inputs${format === undefined ? "" : ` of ${format}`}\n`,
  );
  let said = 0;
  const stop = new AbortController();
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => stop.abort());
  const done = await runAll({
    seed,
    inputs,
    from: natural("from", options.from, 0),
    signal: stop.signal,
    format: format as FuzzFormat | undefined,
    jobs,
    onFound: ({ index, kind }) => process.stderr.write(`${seed}:${index} ${kind}\n`),
    onProgress: (tallies) => {
      if (seconds() * 1000 - said < PROGRESS) return;
      said = seconds() * 1000;
      process.stderr.write(`${total(tallies, "inputs").toLocaleString("en")} inputs in ${seconds().toFixed(0)} s\n`);
    },
  });
  process.stdout.write(report(done, seed, seconds()));
  if (options.keep !== undefined) await keep(options.keep, seed, done.found);
  return done.found.length > 0 ? 1 : 0;
}

function total(tallies: readonly Tally[], count: Parameters<Tally["get"]>[1], format?: number): number {
  return tallies.reduce(
    (sum, tally) =>
      sum +
      [...FUZZ_FORMATS.keys()].reduce(
        (all, k) => all + (format === undefined || format === k ? tally.get(k, count) : 0),
        0,
      ),
    0,
  );
}

function report({ tallies, found, rules, once }: Done, seed: number, seconds: number): string {
  const lines = [
    "",
    ["format".padEnd(17), "inputs", "refused", "events", "ms each", "slowest"]
      .map((word) => word.padStart(9))
      .join(" "),
  ];
  for (const [k, name] of FUZZ_FORMATS.entries()) {
    const inputs = total(tallies, "inputs", k);
    if (inputs === 0) continue;
    const slowest = tallies.reduce((a, b) => (b.get(k, "slowest") > a.get(k, "slowest") ? b : a));
    const row = [inputs, total(tallies, "trouble", k), total(tallies, "events", k)].map((number) =>
      number.toLocaleString("en").padStart(9),
    );
    lines.push(
      [
        name.padEnd(17),
        ...row,
        (total(tallies, "ms", k) / inputs).toFixed(2).padStart(9),
        `${slowest.get(k, "slowest").toFixed(0).padStart(6)} ms (${seed}:${slowest.get(k, "slowestIndex")})`,
      ].join(" "),
    );
  }
  lines.push(`${total(tallies, "inputs").toLocaleString("en")} inputs in ${seconds.toFixed(0)} s`, "");
  const withFindings = total(tallies, "removedWithFindings");
  lines.push(
    `From healthy recordings something was taken away: ${withFindings.toLocaleString("en")} of them have findings then (a figure, and no fault of a reader)${withFindings > 0 ? `: ${[...rules].map(([rule, { count, first }]) => `${rule} ${count} (${seed}:${first})`).join(", ")}` : ""}.`,
  );
  for (const { index, kind, detail } of once)
    lines.push(`Once, and not again alone: ${seed}:${index} ${kind} (${detail})`);
  lines.push(...foundLines(found, seed));
  return `${lines.join("\n")}\n`;
}

function foundLines(found: readonly Found[], seed: number): string[] {
  if (found.length === 0) return ["All that must hold does."];
  return [...kinds(found)].flatMap(([kind, each]) => [
    "",
    `${each.length} × ${kind}`,
    ...each.slice(0, NAMED).map(({ index, format }) => `  ${format}: npm run fuzz -- --only ${seed}:${index}`),
    ...each[0]!.detail
      .split("\n")
      .slice(0, 6)
      .map((line) => `  ${line.slice(0, 400)}`),
  ]);
}

function kinds(found: readonly Found[]): Map<string, Found[]> {
  const byKind = new Map<string, Found[]>();
  for (const each of found) byKind.set(each.kind, [...(byKind.get(each.kind) ?? []), each]);
  return byKind;
}

async function keep(folder: string, seed: number, found: readonly Found[]): Promise<void> {
  for (const each of kinds(found).values())
    for (const { index } of each.slice(0, NAMED))
      write(join(folder, `${formatAt(index)}-${seed}-${index}`), await inputOf(seed, index));
}
