/**
 * Runs one job and says on standard output what it took: CPU time of the whole process in user and kernel mode, with every
 * thread of it, from its very start; `main.ts` starts one for each measurement.
 */
import "../src/cli/compiler.js";
import { limits, type Done } from "./limits.js";
import type { Measured } from "./measure.js";

const [name = "", argument = ""] = process.argv.slice(2);
const known: Readonly<Record<string, (argument: string) => Promise<Done>>> = Object.hasOwn(limits, name) ? limits : (await import("./jobs.js")).jobs;
const job = known[name];
if (job === undefined) throw new Error(`no job ${name}`);
const { count, from } = await job(argument);
const { user, system } = process.cpuUsage(from);
const measured: Measured = { count, cpu: (user + system) / 1e6, maxRss: process.resourceUsage().maxRSS * 1024 };
process.stdout.write(`${JSON.stringify(measured)}\n`);
