/** Runs processes and measures their cost. */
import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);
const JOB = join(import.meta.dirname, "job.js");
const MAX_OUTPUT = 1 << 20;

/** The output of one process about itself. */
export interface Measured {
  readonly count: number;
  /** Seconds, user and kernel mode, all threads. */
  readonly cpu: number;
  /** Bytes; absent if not measured. */
  readonly maxRss?: number;
  readonly note?: string;
}

export interface Sample extends Measured {
  /** Seconds from start to end of the process. */
  readonly wall: number;
}

/** Runs a job of `jobs.ts` in a new Node. */
export async function runJob(name: string, argument: string): Promise<Sample> {
  const start = performance.now();
  const { stdout } = await run(process.execPath, [...process.execArgv, JOB, name, argument], { maxBuffer: MAX_OUTPUT });
  return { ...(JSON.parse(stdout) as Measured), wall: (performance.now() - start) / 1000 };
}

/** Runs another program with its output discarded; bash's `time` measures it, to the millisecond. */
export async function runProgram(count: number, ...command: readonly string[]): Promise<Sample> {
  const { stderr } = await run(
    "bash",
    ["-c", 'TIMEFORMAT="%3R %3U %3S"; time "$@" >/dev/null 2>&1', "bash", ...command],
    { env: { ...process.env, LC_ALL: "C" } },
  );
  const [wall = NaN, user = NaN, system = NaN] = stderr.trim().split(" ").map(Number);
  return { count, cpu: user + system, wall };
}

/** Returns the number of lines that a program prints. */
export async function linesOf(...command: readonly [string, ...string[]]): Promise<number> {
  const { stdout } = await run("bash", ["-c", '"$@" 2>/dev/null | wc -l', "bash", ...command]);
  return Number(stdout);
}

export async function isInstalled(program: string): Promise<boolean> {
  return run("bash", ["-c", `command -v "$1"`, "bash", program]).then(
    () => true,
    () => false,
  );
}

/** Returns the sample in the middle by CPU time; its other numbers are of the same run. */
export function median(samples: readonly Sample[]): Sample {
  const sorted = samples.toSorted((a, b) => a.cpu - b.cpu);
  return sorted[sorted.length >> 1]!;
}
