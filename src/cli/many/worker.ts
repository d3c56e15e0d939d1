/** Runs a command on one recording in a thread of its own, exactly as the command itself would. */
import { closeSync, openSync } from "node:fs";
import { escaped } from "../../base/json-text.js";
import { runImport } from "../commands/import.js";
import { Output } from "../output.js";
import { runReplay } from "../commands/replay.js";
import type { Terminal } from "../terminal.js";
import { TROUBLE, troubleText } from "../trouble.js";
import type { Task } from "./job.js";

const EVERY_MS = 100;

/** Returns the command's exit status. */
export default async function work(task: Task): Promise<number> {
  const [out, err] = [openSync(task.out, "w"), openSync(task.err, "w")];
  const terminal = terminalOf(task, out, err);
  try {
    return await run(task, terminal);
  } catch (error) {
    const text = troubleText(error, process.env["KREEL_DEBUG"] === "1");
    terminal.err.text(text);
    // In a list of documents, each recording has one.
    if ("json" in task.flags)
      terminal.out.line(
        escaped(JSON.stringify({ kreel: task.command, version: 1, trace: { path: task.paths[0] }, error: text })),
      );
    return TROUBLE;
  } finally {
    terminal.out.flush();
    terminal.err.flush();
    closeSync(out);
    closeSync(err);
    task.progress?.close();
  }
}

function run({ command, paths: [trace, log], flags }: Task, terminal: Terminal): Promise<number> {
  return command === "replay"
    ? runReplay(trace, flags as Parameters<typeof runReplay>[1], terminal)
    : runImport(trace, log!, flags as Parameters<typeof runImport>[2], terminal);
}

function terminalOf({ outOptions, errOptions, width, progress }: Task, outFd: number, errFd: number): Terminal {
  let told = 0;
  const report = (events: number, bytes: number): void => {
    const now = performance.now();
    if (now - told < EVERY_MS) return;
    told = now;
    progress?.postMessage([events, bytes]);
  };
  const [out, err] = [new Output(outFd, outOptions), new Output(errFd, errOptions)];
  return { out, err, style: out.style, errStyle: err.style, width, progress: false, shared: false, report };
}
