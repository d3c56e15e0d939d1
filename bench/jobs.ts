/** The jobs of kreel that are measured, each run once by a process of its own. */
import { rmSync } from "node:fs";
import { points } from "../events/index.js";
import { diff } from "../src/compare/diff.js";
import { importRecording } from "../src/read/import.js";
import type { Batch } from "../src/log/batch.js";
import { LogFile } from "../src/log/file/log-file.js";
import { LogReader } from "../src/log/file/log-reader.js";
import { createTables } from "../src/log/tables.js";
import { openRecording, type Recording } from "../src/read/recording.js";
import { kernels } from "../src/kernels/index.js";
import { PersistentStore } from "../src/reduce/persistent-store.js";
import { Reducer } from "../src/reduce/reducer.js";
import { MutableStore, type Store } from "../src/reduce/store.js";
import { replay, replayRecording } from "../src/replay/replay.js";
import { Seeker } from "../src/seek/seeker.js";
import { simulate } from "../src/workload/simulate.js";
import { NaiveMapStore, NaiveRecordStore } from "./naive-stores.js";
import { MEMORY, query } from "../src/query/query.js";
import type { Done } from "./limits.js";
import { CHURN, CHURN_BEFORE, type Deeds, streamLong, streamMarkers } from "./recording.js";
import { conform } from "../src/conform/index.js";
import type { Scenario } from "../src/scenario/types.js";
import { longScenario } from "./simulation.js";

/** Reductions of a recording before the measured one. */
const WARM_UP = 3;
/** Milliseconds for a naive store; the events that it has reduced by then are measured. */
const NAIVE_MS = 2000;
const NAIVE_STEP = 100;
/** Events that are decoded before they are replayed again and again. */
const DECODED = 300_000;
/** Seeks before the measured ones, until the compilers are done. */
const WARM_UP_SEEKS = 100;

const EVENTS =
  "SELECT count(*), max(time), max(cpu), max(task), max(comm), max(pid), max(tgid), max(context), max(kind), max(name), max(line), max(place), max(args) FROM events";

export const jobs = {
  /** Imports text into a log: `LINES LOG`. */
  import: async (argument: string): Promise<Done> => {
    const [lines = "", log = ""] = argument.split(" ");
    rmSync(log, { force: true });
    return { count: (await importRecording("-", log, { input: streamLong(Number(lines)) })).events };
  },
  /** Finds every event of some operations, by the log's column of points. */
  scanLog: async (argument: string): Promise<Done> => {
    const [log = "", ...names] = argument.split(" ");
    const file = LogFile.open(log);
    const found = [...new LogReader(file, createTables()).scan(new Set(names))].reduce(
      (sum, { indexes }) => sum + indexes.length,
      0,
    );
    if (found === 0) throw new Error(`${log} has no ${names.join(", ")}`);
    return { count: file.events };
  },
  /**
   * Seeks states after random events: `LOG SEEKS`. Its note is the wall time of the median and of the 99th percentile.
   */
  seek: async (argument: string): Promise<Done> => {
    const [log = "", seeks = ""] = argument.split(" ");
    const seeker = Seeker.open(log);
    // A fixed sequence: two runs seek the same events.
    const events = Array.from(
      { length: Number(seeks) + WARM_UP_SEEKS },
      (_, k) => 1 + Math.floor(((k * 0.618033988749895) % 1) * seeker.events),
    );
    for (const event of events.splice(0, WARM_UP_SEEKS)) seeker.at(event);
    const from = process.cpuUsage();
    const took = events.map((event) => {
      const start = performance.now();
      seeker.at(event);
      return performance.now() - start;
    });
    took.sort((a, b) => a - b);
    return {
      count: events.length,
      from,
      note: `median ${took[took.length >> 1]!.toFixed(1)} ms, 99th percentile ${took[Math.floor(took.length * 0.99)]!.toFixed(1)} ms of wall time`,
    };
  },
  verifyLog: async (log: string): Promise<Done> => {
    const file = LogFile.open(log);
    if (file.verify().length > 0) throw new Error(`${log} is damaged`);
    return { count: file.events };
  },
  replay: async (file: string): Promise<Done> => ({ count: (await replay(file)).trace.events }),
  stream: async (lines: string): Promise<Done> => ({
    count: (await replay("-", { input: streamLong(Number(lines)) })).trace.events,
  }),
  diff: async (): Promise<Done> => {
    const { before, after } = await diff(CHURN_BEFORE, CHURN);
    return { count: before.events + after.events };
  },
  /** Compares two long recordings of so many lines together: `same`, of one kernel, or of two. */
  diffLong: async (argument: string): Promise<Done> => {
    const [lines = "", kernels = ""] = argument.split(" ");
    const long = (path: string): Promise<Recording> =>
      openRecording("-", { input: streamLong(Number(lines) / 2, path) });
    const { before, after } = await diff(await long(kernels === "same" ? CHURN : CHURN_BEFORE), await long(CHURN));
    return { count: before.events + after.events };
  },
  /**
   * `threads N`: N threads that did one thing each, and one more in the second run. `unlike N`: a thread that did other
   * things.
   */
  diffOdd: async (argument: string): Promise<Done> => {
    const [kind = "", count = ""] = argument.split(" ");
    const run = (isAfter: boolean): Promise<Recording> => {
      const of = (k: number): Deeds =>
        kind === "threads"
          ? { pid: 1000 + k, deeds: [`work ${k}`, ...(isAfter ? ["more"] : [])] }
          : { pid: 1000, deeds: [`work ${k} ${isAfter ? "after" : "before"}`] };
      return openRecording("-", { input: streamMarkers(Array.from({ length: Number(count) }, (_, k) => of(k))) });
    };
    const { before, after } = await diff(await run(false), await run(true));
    return { count: before.events + after.events };
  },
  /** Reads every column of every event, and counts them. */
  queryEvents: (file: string) => ask(file, EVENTS),
  queryNames: (file: string) => ask(file, "SELECT name, count(*) FROM events GROUP BY name"),
  queryCalls: (file: string) =>
    ask(file, "SELECT name, error, count(*), max(duration) FROM calls GROUP BY name, error"),
  queryReferences: (file: string) =>
    ask(file, "SELECT kind, owner, max(duration) FROM references GROUP BY kind, owner"),
  querySpilled: (file: string) => ask(file, EVENTS, 2 ** 20),
  /** Derives state, ledger and rules of so many events that are decoded already. */
  decoded: (events: string) => replayDecoded(Number(events)),
  mutable: () => reduce(() => new MutableStore()),
  persistent: () => reduce(() => new PersistentStore()),
  patches: () => {
    let patches = 0;
    return reduce(() => new PersistentStore((change) => (patches += change.patches.length)));
  },
  naiveMap: () => reduce(() => new NaiveMapStore(), NAIVE_MS),
  naiveRecord: () => reduce(() => new NaiveRecordStore(), NAIVE_MS),
  simulate: async (run: string): Promise<Done> => simulateLong(run),
  simulateStarted: async (run: string): Promise<Done> => ({ from: process.cpuUsage(), ...simulateLong(run) }),
  /** Measures the second of two runs of one scenario. */
  simulateWarm: async (run: string): Promise<Done> => {
    const scenario = scenarioOf(run);
    simulateLong(run, scenario);
    return { from: process.cpuUsage(), ...simulateLong(run, scenario) };
  },
  /** Checks a recording against its own kernel: `PATH KERNEL`. */
  conform: async (run: string): Promise<Done> => conformRecording(run),
  /** Checks a log that was simulated before the clock is started: `KERNEL TIMES`, as for `simulate`. */
  conformLong: async (run: string): Promise<Done> => conformLong(run),
} as const satisfies Record<string, (argument: string) => Promise<Done>>;

function scenarioOf(run: string): Scenario {
  return longScenario(Number(run.split(" ")[1]));
}

/** `run`: a kernel, and how many times the rounds of the churn scenario. */
function simulateLong(run: string, scenario = scenarioOf(run)): Done {
  const [kernel = ""] = run.split(" ");
  const { ending, recording } = simulate(kernels[kernel as keyof typeof kernels], scenario, { keepFaults: false });
  if (ending.type !== "finished") throw new Error(`the simulated ${kernel} ended in ${ending.type}`);
  return { count: recording.report.events };
}

async function conformLong(run: string): Promise<Done> {
  const [kernel = "", times] = run.split(" ");
  const definition = kernels[kernel as keyof typeof kernels];
  const scenario = longScenario(Number(times));
  const { recording } = simulate(definition, scenario, { keepFaults: false });
  const from = process.cpuUsage();
  const { verdict, trace } = await conform(recording, scenario, definition);
  if (verdict !== "admitted") throw new Error(`its own log is ${verdict} by ${kernel}`);
  return { from, count: trace.events };
}

async function conformRecording(run: string): Promise<Done> {
  const [path = "", kernel = ""] = run.split(" ");
  const { verdict, trace } = await conform(path, longScenario(1), kernels[kernel as keyof typeof kernels]);
  if (verdict !== "admitted") throw new Error(`${path} is ${verdict} by ${kernel}`);
  return { count: trace.events };
}

/** Runs a statement; the count is that of the events that it went through. */
async function ask(path: string, sql: string, memory = MEMORY): Promise<Done> {
  const { rows, recording, close } = await query(path, sql, { memory });
  for (const _ of rows);
  close();
  return { count: recording!.report.events };
}

/** Decodes a part of the long recording and replays it repeatedly, each time with new event numbers. */
async function replayDecoded(events: number): Promise<Done> {
  const recording = await openRecording("-", { input: streamLong(DECODED) });
  const decoded: Batch[] = [];
  for await (const batch of recording.batches()) decoded.push(batch);
  const { id, origin, tables, report } = recording;
  let count = 0;
  async function* batches(): AsyncGenerator<Batch> {
    while (count < events) {
      for (const batch of decoded) {
        yield Object.assign(batch, { firstSeq: count + 1 });
        count += batch.length;
      }
    }
  }
  const from = process.cpuUsage();
  await replayRecording({ id, origin, tables, report, batches, close: () => recording.close() });
  return { count, from };
}

/** Reduces a recording that is read already, each time with a new store. */
async function reduce(store: () => Store, limit = Infinity): Promise<Done> {
  const recording = await openRecording(CHURN);
  const batches: Batch[] = [];
  for await (const batch of recording.batches()) batches.push(batch);
  for (let k = 0; k < WARM_UP; k++) reduceFor(batches, recording, store(), limit / WARM_UP);
  globalThis.gc?.();
  const from = process.cpuUsage();
  return { count: reduceFor(batches, recording, store(), limit), from };
}

function reduceFor(batches: readonly Batch[], recording: Recording, store: Store, limit: number): number {
  const reducer = new Reducer(store, points, recording.tables);
  const step = limit === Infinity ? Infinity : NAIVE_STEP;
  const end = performance.now() + limit;
  for (const batch of batches) {
    for (let from = 0; from < batch.length; from += step) {
      reducer.reduce(batch, from, Math.min(batch.length, from + step));
      if (performance.now() > end) return reducer.events;
    }
  }
  return reducer.events;
}
