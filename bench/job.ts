/**
 * Runs one job and prints what it took: CPU time of the whole process in user and kernel mode, all threads, from its
 * very start; `main.ts` starts one for each measurement.
 */
import "../src/cli/compiler.js";
import { limits, type Done } from "./limits.js";
import type { Measured } from "./measure.js";

type Jobs = Readonly<Record<string, (argument: string) => Promise<Done>>>;

const [name = "", argument = ""] = process.argv.slice(2);
/** Each is loaded only if the job is in none before it. */
const places: readonly (() => Promise<Jobs>)[] = [
  async () => limits,
  async () => (await import("./reading.js")).reading,
  async () => (await import("./jobs.js")).jobs,
];
let job: Jobs[string] | undefined;
for (const place of places) job ??= Object.entries(await place()).find(([key]) => key === name)?.[1];
if (job === undefined) throw new Error(`no job ${name}`);
const { count, from, note } = await job(argument);
const { user, system } = process.cpuUsage(from);
const measured: Measured = {
  count,
  cpu: (user + system) / 1e6,
  maxRss: process.resourceUsage().maxRSS * 1024,
  ...(note === undefined ? {} : { note }),
};
process.stdout.write(`${JSON.stringify(measured)}\n`);
