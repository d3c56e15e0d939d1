/**
 * The watchdog thread, which interrupts code that never yields the main thread: an endless loop cannot be ended from
 * within. It watches a count (`Watched.state`); while that is odd and stands still, foreign code runs. When it has
 * stood still for too long, the watchdog asks by the debugger's protocol where that code is, and interrupts it; the
 * main thread then continues with its timers.
 */
import { writeSync } from "node:fs";
import { Session } from "node:inspector";
import { parentPort, workerData } from "node:worker_threads";

export interface Watched {
  /** Word 0: the count. Word 1: set once the main thread was interrupted. */
  readonly state: Int32Array;
  /** Milliseconds of the process's CPU time that foreign code may run while the count stands still. */
  readonly limit: number;
  /** Bytes that the process may grow by meanwhile: beyond its heap limit, Node ends it with a stack trace. */
  readonly memory: number;
}

/**
 * The place of the main thread when it was interrupted: addresses of scripts with lines from 1, the innermost first.
 */
export type Broken = readonly { readonly url: string; readonly line: number }[];

/** Number of looks at the count within the limit. */
const LOOKS = 40;
/** A thread that waits in a system call uses no CPU: it may take this many times as long. */
const PATIENCE = 3;
/** Milliseconds in which the debugger answers, unless the main thread waits in a system call. */
const ANSWER = 5000;
const KILLED = "kreel: %: its code waits in the system and cannot be broken off; kreel ends itself\n";

const { state, limit, memory } = workerData as Watched;
const milliseconds = ({ user, system }: NodeJS.CpuUsage): number => (user + system) / 1000;

let name = "";
let last = 0;
let cpu = process.cpuUsage();
let bytes = process.memoryUsage.rss();
/** Looks since the count last changed. A suspended machine or a stopped process costs one. */
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
