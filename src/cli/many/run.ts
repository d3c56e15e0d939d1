/**
 * Runs one command on several recordings, on all cores. Outputs appear in the order in which the recordings were named,
 * as soon as those before are done; until then they wait in files, so that memory does not grow with their number.
 */
import { closeSync, existsSync, mkdtempSync, openSync, readSync, rmSync } from "node:fs";
import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";
import { StringDecoder } from "node:string_decoder";
import { MessageChannel } from "node:worker_threads";
import type { Output, OutputOptions } from "../output.js";
import type { Terminal } from "../terminal.js";
import { TROUBLE } from "../trouble.js";
import type { Job, Task } from "./job.js";
import { ManyProgress } from "./progress.js";

const PIECE = 1 << 16;

/** Text before the first output, after the last, and between any two. */
export interface Frame {
  readonly before: string;
  readonly between: string;
  readonly after: string;
}

export interface ManyOptions {
  readonly frame?: Frame;
}

/** One document with the documents of all. */
export function listOf(command: Job["command"]): Frame {
  return { before: `{ "kreel": "${command}", "version": 1, "recordings": [\n`, between: ",\n", after: "] }\n" };
}

/** Returns the gravest exit status of all. */
export async function runMany(jobs: readonly Job[], terminal: Terminal, { frame }: ManyOptions = {}): Promise<number> {
  const { Tinypool } = await import("tinypool");
  const folder = mkdtempSync(join(tmpdir(), "kreel-"));
  const threads = Math.min(availableParallelism(), jobs.length);
  const pool = new Tinypool({
    filename: new URL("./worker.js", import.meta.url).href,
    minThreads: threads,
    maxThreads: threads,
    isolateWorkers: false,
  });
  const progress = terminal.progress ? new ManyProgress(terminal.err, jobs.length) : undefined;
  const tidy = (): void => rmSync(folder, { recursive: true, force: true });
  process.once("exit", tidy);
  try {
    const running = jobs.map((job, k) =>
      start(pool, job, { out: join(folder, `${k}.out`), err: join(folder, `${k}.err`) }, terminal, progress),
    );
    // A promise that is awaited later must not count as an unhandled rejection until then.
    for (const { code } of running) code.catch(() => {});
    let gravest = 0;
    terminal.out.write(frame?.before ?? "");
    for (const [k, { code, task }] of running.entries()) {
      // A job that takes its thread down (out of memory) is trouble of that recording, not of the others.
      const ended = await code.catch((error: unknown) => new Lost(error));
      gravest = Math.max(gravest, ended instanceof Lost ? TROUBLE : ended);
      progress?.clear();
      copy(task.err, terminal.err);
      if (ended instanceof Lost) terminal.err.line(`kreel: ${task.paths[0]}: its thread ended: ${ended.why}`);
      if (k > 0) terminal.out.write(frame?.between ?? "");
      copy(task.out, terminal.out);
      rmSync(task.out, { force: true });
      rmSync(task.err, { force: true });
    }
    terminal.out.write(frame?.after ?? "");
    return gravest;
  } finally {
    progress?.clear();
    await pool.destroy();
    tidy();
    process.off("exit", tidy);
  }
}

interface Running {
  readonly task: Task;
  readonly code: Promise<number>;
}

function start(
  pool: { run(task: Task, options: object): Promise<unknown> },
  job: Job,
  files: { readonly out: string; readonly err: string },
  { out, err, width }: Terminal,
  progress: ManyProgress | undefined,
): Running {
  const options = ({ terminal, colour }: Output): OutputOptions => ({ terminal, colour });
  const task: Task = { ...job, ...files, outOptions: options(out), errOptions: options(err), width };
  if (!progress) return { task, code: pool.run(task, {}) as Promise<number> };
  const { port1, port2 } = new MessageChannel();
  const [name] = job.paths;
  port1.on("message", ([events, bytes]: [number, number]) => progress.update(name, events, bytes));
  const told = { ...task, progress: port2 };
  const code = pool.run(told, { transferList: [port2] }).finally(() => {
    port1.close();
    progress.done(name);
  });
  return { task, code: code as Promise<number> };
}

class Lost {
  readonly why: string;

  constructor(error: unknown) {
    this.why = error instanceof Error ? error.message : String(error);
  }
}

/** Relays the file that a thread has written for the same terminal. */
function copy(file: string, to: Output): void {
  if (!existsSync(file)) return;
  const fd = openSync(file, "r");
  const piece = Buffer.allocUnsafe(PIECE);
  const text = new StringDecoder();
  try {
    for (let n = readSync(fd, piece); n > 0; n = readSync(fd, piece)) to.relay(text.write(piece.subarray(0, n)));
    to.flush();
  } finally {
    closeSync(fd);
  }
}
