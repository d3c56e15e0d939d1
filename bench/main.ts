/**
 * `npm run bench`: measures the cost of reading, replaying and comparing recordings against the cost of touching their
 * bytes.
 *
 * Every measurement is a process of its own, several times in turn with the others; the median by CPU time is shown.
 * CPU time is the whole process's: Node's start and the warming up of its compilers are in it, as they are for users.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { importRecording } from "../src/read/import.js";
import { addSnapshots } from "../src/seek/add-snapshots.js";
import type { jobs } from "./jobs.js";
import type { limits } from "./limits.js";
import { isInstalled, linesOf, median, runJob, runProgram, type Sample } from "./measure.js";
import type { reading } from "./reading.js";
import { churn, repetitions, streamLong, writeLong } from "./recording.js";
import { format, machine, type Row } from "./table.js";
import { writeLongTraceDat } from "./trace-dat.js";

const HELP = `npm run bench -- [--quick] [--json] [--trace-dat FILE]

  --quick           100,000 lines and 3 runs instead of two million and 5
  --json            the same as JSON
  --trace-dat FILE  read this trace.dat, in place of a short real one that is repeated
`;

const { values: options } = parseArgs({
  options: {
    quick: { type: "boolean", default: false },
    json: { type: "boolean", default: false },
    "trace-dat": { type: "string" },
    help: { type: "boolean", default: false },
  },
});

interface Measure {
  readonly section: string;
  readonly what: string;
  readonly unit: Row["unit"];
  readonly run: () => Promise<Sample>;
  /** The job handles the long recording and is compared with the limit. */
  readonly compared?: boolean;
  /** Long ones are not repeated. */
  readonly once?: boolean;
}

type JobName = keyof typeof jobs | keyof typeof reading | keyof typeof limits;

const START = "Node's start alone";
const WC = "wc -l";
const LIMIT = "the limit: newlines counted in Node";
const LINES = options.quick ? 100_000 : 2_000_000;
/** Lines of long recordings. */
const LONG = options.quick ? 100_000 : 1_000_000;
const LONG_TRACE_DAT = options.quick ? 100_000 : 4_000_000;
/** Repetitions of the rounds of the churn scenario in simulated kernels: some 70,000 events each. */
const ROUNDS = options.quick ? 2 : 20;
const RUNS = options.quick ? 3 : 5;

if (options.help) process.stdout.write(HELP);
else await main();

async function main(): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "kreel-bench-"));
  process.once("exit", () => rmSync(folder, { recursive: true, force: true }));
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => process.exit(1));
  const file = join(folder, "long.trace");
  writeLong(file, LINES);
  const lines = repetitions(LINES) * churn().lines;
  const notes = [
    `A run is a process of its own; ${RUNS} runs of each in turn, the median by CPU time. CPU time is user and kernel mode of all threads,`,
    'with Node\'s start and the warm-up of its compilers, as users pay it; except under "state", where reading and three warm-ups are left out, and where it says so.',
    '"x limit" is how many times as much CPU time it takes as counting newlines in Node does, Node\'s start left out of both.',
  ];
  const dat = options["trace-dat"] ?? longTraceDat(folder);
  const measures = [
    ...overLong(file, lines),
    ...others(),
    ...(await traceDat(dat, folder, notes)),
    ...memory(),
    ...(await logs(folder, notes)),
    ...queries(folder),
    ...states(),
    ...simulations(),
    ...conformances(),
  ];
  const rows = await measure(measures, notes);
  const of = machine();
  if (options.json)
    process.stdout.write(`${JSON.stringify({ machine: of, lines, runs: RUNS, rows, notes }, null, 2)}\n`);
  else process.stdout.write(format(rows, of, notes));
}

function longTraceDat(folder: string): string {
  const file = join(folder, "long.dat");
  writeLongTraceDat(file, LONG_TRACE_DAT);
  return file;
}

function job(
  section: string,
  what: string,
  unit: Row["unit"],
  name: JobName,
  argument = "",
  more: Partial<Measure> = {},
): Measure {
  return { section, what, unit, run: () => runJob(name, argument), ...more };
}

function overLong(file: string, lines: number): Measure[] {
  const section = `ftrace text of ${lines.toLocaleString("en")} lines (a real recording, repeated)`;
  const compared = { compared: true };
  return [
    job(section, START, "", "start"),
    { section, what: WC, unit: "lines", run: () => runProgram(lines, "wc", "-l", file), ...compared },
    job(section, LIMIT, "lines", "newlines", file, compared),
    job(section, "the file read, nothing else", "bytes", "bytes", file),
    job(section, "text to typed events", "events", "read", file, compared),
    job(section, "text to state, ledger and rules", "events", "replay", file, compared),
  ];
}

/** Short recordings, repeated: a line of each is an event. */
function others(): Measure[] {
  const section = `what other recorders print, ${LINES.toLocaleString("en")} lines from a stream, to typed events`;
  const of = (what: string, name: JobName): Measure => job(section, what, "events", name, String(LINES));
  return [
    of("perf script", "readPerfScript"),
    of("trace-cmd report", "readTraceCmdReport"),
    of("bpftrace -f json", "readBpftrace"),
  ];
}

async function traceDat(file: string, folder: string, notes: string[]): Promise<Measure[]> {
  const section = "trace.dat, the file of trace-cmd";
  const ours = [
    job(section, "trace.dat to typed events", "events", "read", file),
    job(section, "its heads alone: what, when, on which CPU", "events", "scan", file),
  ];
  if (!(await isInstalled("trace-cmd"))) {
    notes.push("`trace-cmd report` is left out: trace-cmd is not installed.");
    return ours;
  }
  const command = ["trace-cmd", "report", "-i", file] as const;
  // The first lines are of the CPUs, not of events; they are too few to matter.
  const events = await linesOf(...command);
  const compressed = join(folder, "compressed.dat");
  await runProgram(
    1,
    "trace-cmd",
    "convert",
    "-i",
    file,
    "-o",
    compressed,
    "--file-version",
    "7",
    "--compression",
    "zstd",
  );
  return [
    ...ours,
    { section, what: "trace-cmd report", unit: "events", run: () => runProgram(events, ...command) },
    job(section, "the same as version 7, compressed with zstd, to typed events", "events", "read", compressed),
    {
      section,
      what: "trace-cmd report of that",
      unit: "events",
      run: () => runProgram(events, "trace-cmd", "report", "-i", compressed),
    },
  ];
}

/** Measures the warm-up that remains in long recordings, and their memory. */
function memory(): Measure[] {
  const section = "long recordings, from a stream";
  const lines = (times: number): string => (LONG * times).toLocaleString("en");
  return [
    job(section, `${lines(10)} lines to typed events`, "events", "streamRead", String(LONG * 10), { once: true }),
    ...[1, 10].map((times) =>
      job(section, `${lines(times)} lines to state, ledger and rules`, "events", "stream", String(LONG * times), {
        once: times > 1,
      }),
    ),
  ];
}

/** Runs SQL over a recording: fills tables and runs a statement. */
function queries(folder: string): Measure[] {
  const file = join(folder, "asked.trace");
  writeLong(file, LONG);
  const of = (what: string, name: JobName): Measure =>
    job(`kreel query, ${LONG.toLocaleString("en")} lines`, what, "events", name, file);
  return [
    of("events, one column", "queryNames"),
    of("events, every column", "queryEvents"),
    of("the same, 1 MB in memory and the rest in a file", "querySpilled"),
    of("calls", "queryCalls"),
    of("references", "queryReferences"),
  ];
}

/** Writes the log from a stream of text, and reads it in every way. */
async function logs(folder: string, notes: string[]): Promise<Measure[]> {
  const lines = LONG * 10;
  const section = `the log of ${lines.toLocaleString("en")} lines`;
  const log = join(folder, "long.klog");
  const { events, bytes, report } = await importRecording("-", log, { input: streamLong(lines) });
  const added = await addSnapshots(log);
  notes.push(
    `The log has ${(bytes / events).toFixed(2)} bytes an event, ${Math.round(report.bytes / bytes)} times less than its text; ${added.snapshots} snapshots take ${((100 * added.bytes) / bytes).toFixed(1)} % of it.`,
  );
  return [
    job(section, "text to typed events, for comparison", "events", "streamRead", String(lines)),
    job(section, "import: text to a log on disk", "events", "import", `${lines} ${join(folder, "again.klog")}`),
    job(section, "log to typed events", "events", "read", log),
    job(section, "log to state, ledger and rules", "events", "replay", log),
    job(section, "scan for two operations", "events", "scanLog", `${log} __fput iput`),
    job(section, "states after random events, once warm", "states", "seek", `${log} 1000`),
    job(section, "every checksum and hash", "events", "verifyLog", log),
  ];
}

function states(): Measure[] {
  const section = `state: a recording of ${churn().lines.toLocaleString("en")} lines, read already, reduced`;
  return [
    job(
      "state, ledger and rules",
      `${(LONG * 10).toLocaleString("en")} events, decoded already`,
      "events",
      "decoded",
      String(LONG * 10),
    ),
    job(section, "bulk: transitions of mutable objects", "events", "mutable"),
    job(section, "persistent: transitions through immer", "events", "persistent"),
    job(section, "persistent, with patches", "events", "patches"),
    job(section, "naive: a produce a change over one Map (its beginning)", "events", "naiveMap"),
    job(section, "naive: the same over one record (its beginning)", "events", "naiveRecord"),
    job("diff: the same scenario on two kernels", "both read, replayed and compared", "events", "diff"),
    job(
      "diff: the same scenario on two kernels",
      `${LONG.toLocaleString("en")} lines that are the same on both`,
      "events",
      "diffLong",
      `${LONG} same`,
      { once: true },
    ),
    job("diff: odd cases", "10,000 threads, each of which does one thing more", "events", "diffOdd", "threads 10000"),
    job("diff: odd cases", "20,000 operations that have nothing in common", "events", "diffOdd", "unlike 20000"),
  ];
}

function simulations(): Measure[] {
  const section = `simulated kernels: the churn scenario with ${ROUNDS} times its rounds, parsed, carried out and recorded`;
  return (["linux-7.2", "linux-6.12"] as const).flatMap((kernel) => [
    job(section, `${kernel}, but for Node's start`, "events", "simulateStarted", `${kernel} ${ROUNDS}`),
    job(section, `${kernel}, once warm`, "events", "simulateWarm", `${kernel} ${ROUNDS}`),
    job(section, `${kernel}, all of the process`, "events", "simulate", `${kernel} ${ROUNDS}`),
  ]);
}

function conformances(): Measure[] {
  const section = "conform: does the simulated kernel admit it?";
  return [
    job(
      section,
      "a recording of 7.2, all of the process",
      "events",
      "conform",
      "fixtures/recordings/churn/linux-7.2.trace.gz linux-7.2",
    ),
    job(
      section,
      `a log of ${ROUNDS / 2} times its rounds, but for Node's start`,
      "events",
      "conformLong",
      `linux-7.2 ${ROUNDS / 2}`,
    ),
  ];
}

async function measure(measures: readonly Measure[], notes: string[]): Promise<Row[]> {
  const samples = measures.map((): Sample[] => []);
  for (let k = 0; k < RUNS; k++) {
    for (const [m, { what, run, once }] of measures.entries()) {
      if (once && k > 0) continue;
      if (process.stderr.isTTY) process.stderr.write(`\r\x1b[Krun ${k + 1} of ${RUNS}: ${what}`);
      samples[m]!.push(await run());
    }
  }
  if (process.stderr.isTTY) process.stderr.write("\r\x1b[K");
  const medians = samples.map(median);
  for (const [k, { note }] of medians.entries()) if (note !== undefined) notes.push(`${measures[k]!.what}: ${note}.`);
  const cpuOf = (name: string): number => medians[measures.findIndex(({ what }) => what === name)]!.cpu;
  const start = cpuOf(START);
  const limit = cpuOf(LIMIT) - start;
  return measures.map(({ section, what, unit, compared }, k) => ({
    section,
    what,
    unit,
    sample: medians[k]!,
    ...(compared ? { timesLimit: (medians[k]!.cpu - (what === WC ? 0 : start)) / limit } : {}),
  }));
}
