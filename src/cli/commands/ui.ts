/** `kreel ui [TRACE [TRACE2]]`, and `kreel ui SCENARIO --kernel K [--kernel K2]`. */
import { join } from "node:path";
import type { Command } from "commander";
import { checkRead } from "../../read/nothing-read.js";
import { TOUR_FOLDER, tourSteps } from "../../tour/index.js";
import type { TourStep } from "../../tour/types.js";
import { ASSETS } from "../../ui/assets.js";
import { readAssets } from "../../ui/server/assets.js";
import type { Serving } from "../../ui/server/serve.js";
import { openLog, type OpenLog } from "../../ui/server/session.js";
import { serveViewer } from "../../ui/server/viewer.js";
import { collect, KERNEL_HELP } from "../kernel.js";
import { progressOf, type ProgressSink } from "../progress.js";
import { type SimulatedFlags, simulatedLogs } from "../simulated-logs.js";
import type { Terminal } from "../terminal.js";
import { UsageError } from "../trouble.js";
import { warningLines } from "../warnings.js";

export interface UiFlags extends SimulatedFlags {
  readonly port?: string;
  readonly from?: string;
}

const LAST_PORT = 65535;
const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

export function addUi(program: Command, terminal: Terminal, done: (code: number) => void): void {
  program
    .command("ui")
    .summary("look at a recording or a simulated run in the browser, or at two side by side")
    .description(
      "Serves a page that shows a recording, or two that are compared, to a browser on this machine, and prints its address. Nothing of it is reachable without the token in the address. Ends with SIGINT (Ctrl-C), SIGTERM or SIGHUP, and exits with 0; 2 for trouble.",
    )
    .argument(
      "[trace]",
      "a log or any recording, plain, gzip or zstd; - is standard input. With --kernel: a scenario. Without: the tour",
    )
    .argument("[trace2]", "another, to be compared with it")
    .option("--port <number>", "serve on this port, not on any that is free")
    .option("--from <format>", "read the recordings as this, whatever they look like")
    .option(
      "--kernel <kernel>",
      `carry the scenario out on this simulated kernel, and on a second one if given twice: ${KERNEL_HELP}`,
      collect,
    )
    .option("--config <option>", "with --kernel: build both kernels with this, as simulate does", collect)
    .option(
      "--fail <what>",
      "with --kernel: N or N=ERRNO, a fault of the first kernel, as simulate --fail all lists them; on the second, the one that corresponds",
    )
    .option("--seed <number>", "with --kernel: let threads take turns at random, as simulate does")
    .option("--choices <choices>", "with --kernel: let tasks run as an earlier run had it")
    .action(async (trace: string | undefined, trace2: string | undefined, flags: UiFlags) =>
      done(
        await runUi(
          [trace, trace2].filter((path) => path !== undefined),
          flags,
          terminal,
        ),
      ),
    );
}

/** Without traces: the tour with its recordings. `assets`: the folder of the page. */
export async function runUi(
  traces: readonly string[],
  flags: UiFlags,
  terminal: Terminal,
  assets = ASSETS,
): Promise<number> {
  checkFlags(traces, flags);
  if (traces.filter((trace) => trace === "-").length > 1)
    throw new UsageError("ui: only one of the two can be standard input");
  const port = flags.port === undefined ? 0 : parsePort(flags.port);
  const page = readAssets(assets);
  const ended = new Promise<undefined>((resolve) => {
    for (const signal of SIGNALS) process.once(signal, () => resolve(undefined));
  });
  const progress = progressOf(terminal, true);
  const logs: OpenLog[] = [];
  try {
    const tour = traces.length === 0 ? await tourSteps() : undefined;
    const opening = flags.kernel
      ? simulatedLogs(traces[0]!, flags, terminal)
      : openAll(tour ? recordingsOf(tour) : traces, tour ? TOUR_FOLDER : "", flags, terminal, progress);
    for (;;) {
      const next = await Promise.race([opening.next(), ended]);
      // The process ends, and removes unfinished logs.
      if (!next) return 0;
      if (next.done) break;
      logs.push(next.value);
    }
    const serving = await serveViewer(page, logs, { port, ...(tour ? { tour } : {}) }).catch((error: unknown) =>
      taken(error, port),
    );
    say(serving.address, terminal);
    await ended;
    await serving.close();
    return 0;
  } finally {
    progress.clear();
    for (const log of logs) await log.close();
  }
}

function checkFlags(traces: readonly string[], { kernel, from, ...flags }: UiFlags): void {
  const simulated = (["config", "fail", "seed", "choices"] as const).find((name) => flags[name] !== undefined);
  if (!kernel && simulated)
    throw new UsageError(`--${simulated} is for simulated kernels: give a scenario and --kernel`);
  if (!kernel) return;
  if (from !== undefined) throw new UsageError("--from is for recordings: simulated kernels are not read");
  if (traces.length !== 1) throw new UsageError("ui --kernel: give one scenario; a second kernel is --kernel again");
}

function recordingsOf(tour: readonly TourStep[]): readonly string[] {
  return [...new Set(tour.flatMap(({ recordings }) => recordings))];
}

/** Recordings keep the names that they have in their folder. */
async function* openAll(
  paths: readonly string[],
  folder: string,
  flags: UiFlags,
  terminal: Terminal,
  progress: ProgressSink,
): AsyncGenerator<OpenLog> {
  for (const path of paths)
    yield folder === ""
      ? await open(path, flags, terminal, progress)
      : { ...(await open(join(folder, path), flags, terminal, progress)), path };
}

async function open(trace: string, { from }: UiFlags, { err }: Terminal, progress: ProgressSink): Promise<OpenLog> {
  const log = await openLog(trace, {
    ...(from === undefined ? {} : { format: from }),
    onProgress: (events, bytes) => progress.update(events, bytes),
  });
  progress.clear();
  for (const line of warningLines(trace, log.report)) err.line(line);
  err.flush();
  try {
    checkRead(trace, log.report);
  } catch (error) {
    await log.close();
    throw error;
  }
  return log;
}

function say(address: string, { out, err, progress }: Terminal): void {
  out.line(address);
  out.flush();
  if (progress) err.line("Ctrl-C ends it");
  err.flush();
}

function parsePort(text: string): number {
  const port = Number(text);
  if (!/^[1-9]\d{0,4}$/.test(text) || port > LAST_PORT)
    throw new UsageError(`--port ${text}: a number from 1 to ${LAST_PORT}`);
  return port;
}

function taken(error: unknown, port: number): Serving {
  const { code } = error as NodeJS.ErrnoException;
  if (code === "EADDRINUSE")
    throw new UsageError(`--port ${port}: is in use; without --port any that is free is taken`);
  if (code === "EACCES")
    throw new UsageError(`--port ${port}: may not be used by this user; without --port any that may is taken`);
  throw error;
}
