/**
 * A thread beside the main one that ends what never gives the main thread back: an endless loop cannot be ended from
 * within. It looks at a count (`Watched.state`); while that is odd and stands still, code of others runs. When it has
 * stood still for too long, the debugger's protocol says where that code is, and breaks it off; the main thread then
 * goes on with its timers.
 */
import { writeSync } from "node:fs";
import { Session } from "node:inspector";
import { parentPort, workerData } from "node:worker_threads";

export interface Watched {
  /** Word 0: the count. Word 1: set once the main thread was broken off. */
  readonly state: Int32Array;
  /** Milliseconds of the process's CPU time that code of others may run without the count going on. */
  readonly limit: number;
  /** Bytes that the process may grow by meanwhile: beyond its heap's limit Node ends it with a stack trace. */
  readonly memory: number;
}

/** Where the main thread was when it was broken off: addresses of scripts with lines from 1, the innermost first. */
export type Broken = readonly { readonly url: string; readonly line: number }[];

/** Looks at the count within the limit. */
const LOOKS = 40;
/** A thread that waits in the system uses no CPU: it may do so this many times as long. */
const PATIENCE = 3;
/** The debugger answers within this many milliseconds, unless the main thread waits in the system. */
const ANSWER = 5000;
const KILLED = "kreel: %: its code waits in the system and cannot be broken off; kreel ends itself\n";

const { state, limit, memory } = workerData as Watched;
const milliseconds = ({ user, system }: NodeJS.CpuUsage): number => (user + system) / 1000;

let name = "";
let last = 0;
let cpu = process.cpuUsage();
let bytes = process.memoryUsage.rss();
/** Since the count was another. A machine that slept, or a process that was stopped, costs one. */
let looks = 0;
parentPort!.on("message", (said: string) => (name = said));

const looking = setInterval(() => {
  const beat = Atomics.load(state, 0);
  if (beat % 2 === 0 || beat !== last) {
    last = beat;
    cpu = process.cpuUsage();
    bytes = process.memoryUsage.rss();
    looks = 0;
  } else if (
    milliseconds(process.cpuUsage(cpu)) >= limit ||
    ++looks > LOOKS * PATIENCE ||
    process.memoryUsage.rss() - bytes > memory
  ) {
    clearInterval(looking);
    breakOff();
  }
}, limit / LOOKS);

function breakOff(): void {
  const session = new Session();
  session.connectToMainThread();
  const scripts = new Map<string, string>();
  session.on("Debugger.scriptParsed", ({ params }) => scripts.set(params.scriptId, params.url));
  session.on("Debugger.paused", ({ params }) => {
    Atomics.store(state, 1, 1);
    parentPort!.postMessage(
      params.callFrames.map(({ location }) => ({
        url: scripts.get(location.scriptId) ?? "",
        line: location.lineNumber + 1,
      })) satisfies Broken,
    );
    session.post("Runtime.terminateExecution");
    session.post("Debugger.resume", () => session.disconnect());
    clearTimeout(unanswered);
  });
  session.post("Debugger.enable");
  session.post("Debugger.pause");
  const unanswered = setTimeout(() => {
    writeSync(
      2,
      KILLED.replace("%", () => name),
    );
    process.kill(process.pid, "SIGKILL");
  }, ANSWER);
}
