/** A child that follows its input into a log, and the acknowledged events that remain in the log. */
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { Readable } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import type { ExecutionContext } from "ava";
import type { Batch } from "../../../src/log/batch.js";
import { LogFile } from "../../../src/log/file/log-file.js";
import { LogReader } from "../../../src/log/file/log-reader.js";
import { createTables, type Tables } from "../../../src/log/tables.js";
import { openRecording } from "../../../src/read/recording.js";
import { contentOf } from "../../export/logs.js";

export const CHILD = fileURLToPath(new URL("./follow-child.js", import.meta.url));
/** Milliseconds, only to tell a child that hangs from one that is slow. */
const WAIT_MS = 60_000;

/** Runs a program in a PID namespace of its own, with its own /proc. */
const NAMESPACES = process.getuid?.() === 0 ? "-pf" : "-rpf";
export const ELSEWHERE = ["unshare", NAMESPACES, "--kill-child", "--mount-proc"] as const;
/** True if a command succeeds: tells what this user may do on this machine. */
export const succeeds = (command: readonly string[]): boolean => spawnSync(command[0]!, command.slice(1)).status === 0;

export interface Ended {
  readonly acknowledged: number;
  readonly done: boolean;
  /** Exit status, or the signal that killed it. */
  readonly how: number | NodeJS.Signals | null;
  readonly err: string;
}

/** `before`: words before the child's command, which end in the program that runs it. */
export class Follower {
  readonly ended: Promise<Ended>;
  readonly #child: ChildProcess;
  #out = "";
  #err = "";
  #over = false;

  constructor(t: ExecutionContext, path: string, before: readonly string[] = []) {
    const command = [...before, process.execPath, CHILD, path];
    this.#child = spawn(command[0]!, command.slice(1), { stdio: ["pipe", "pipe", "pipe"] });
    this.#child.stdout!.on("data", (chunk: Buffer) => (this.#out += chunk.toString()));
    this.#child.stderr!.on("data", (chunk: Buffer) => (this.#err += chunk.toString()));
    // It may end before it has read its input.
    this.#child.stdin!.on("error", () => {});
    this.ended = new Promise((resolve, reject) => {
      this.#child.on("error", reject);
      this.#child.on("close", (code, signal) => {
        this.#over = true;
        const done = this.#out.includes("done\n");
        resolve({ acknowledged: this.acknowledged, done, how: signal ?? code, err: this.#err });
      });
    });
    t.teardown(() => this.kill());
  }

  /** The last event that it acknowledged. A truncated line acknowledges nothing. */
  get acknowledged(): number {
    const lines = this.#out.slice(0, this.#out.lastIndexOf("\n") + 1).split("\n");
    return Number(lines.findLast((line) => /^\d+$/.test(line)) ?? 0);
  }

  /** Feeds it a piece that has events, and waits until it acknowledged more than before, or ended. */
  async feed(piece: Buffer): Promise<void> {
    const before = this.acknowledged;
    this.#child.stdin!.write(piece);
    for (const start = Date.now(); this.acknowledged === before && !this.#over; await sleep(2)) {
      if (Date.now() - start > WAIT_MS) throw new Error(`it acknowledged nothing behind ${before}: ${this.#err}`);
    }
  }

  /** Feeds it pieces one by one until there are no more, or it has ended. */
  async feedAll(pieces: readonly Buffer[]): Promise<void> {
    for (const piece of pieces) {
      if (this.#over) return;
      await this.feed(piece);
    }
  }

  /** Ends the recording. */
  end(): Promise<Ended> {
    this.#child.stdin!.end();
    return this.ended;
  }

  kill(): void {
    this.#child.kill("SIGKILL");
  }
}

/** Splits text into pieces of so many lines. */
export function pieces(text: Buffer, lines: number): Buffer[] {
  const all: Buffer[] = [];
  for (let start = 0, end = 0; start < text.length; start = end) {
    for (let k = 0; k < lines && end < text.length; k++) end = text.indexOf("\n", end) + 1 || text.length;
    all.push(text.subarray(start, end));
  }
  return all;
}

/** Returns every event of a recording, as text. */
export async function eventsOf(text: Buffer): Promise<readonly string[]> {
  const recording = await openRecording("-", { input: Readable.from([text]) });
  const batches: Batch[] = [];
  for await (const batch of recording.batches()) batches.push(batch);
  return [...texts(batches, recording.tables)];
}

function* texts(batches: Iterable<Batch>, tables: Tables): Generator<string> {
  for (const batch of batches) {
    const { events } = contentOf(batch, tables) as { readonly events: readonly unknown[] };
    for (const event of events) yield JSON.stringify(event);
  }
}

export interface Kept {
  readonly events: number;
  /** The warnings in the log's report; `undefined` if it has none. */
  readonly warnings: readonly string[] | undefined;
}

/** Throws if a log has another event than was written, or is damaged; `isTorn`: its last block may be there in part. */
export function keptOf(path: string, written: readonly string[], isTorn = false): Kept {
  const file = LogFile.open(path);
  try {
    const tables = createTables();
    const found = [...texts(new LogReader(file, tables).batches(), tables)];
    found.forEach((event, k) => {
      if (event !== written[k]) throw new Error(`event ${k + 1} is another than was written`);
    });
    const damage = [...file.verify(), ...(file.tail && !isTorn ? [file.tail] : [])];
    if (damage.length > 0) throw new Error(damage.map(({ what }) => what).join("; "));
    return { events: found.length, warnings: file.report()?.["warnings"] as readonly string[] | undefined };
  } finally {
    file.close();
  }
}
