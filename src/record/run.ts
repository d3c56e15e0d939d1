/** `kreel record -- COMMAND`: hands the script to the shell of this machine, with this terminal as its own. */
import { spawn } from "node:child_process";
import { constants } from "node:os";
import { recordScript } from "./script.js";

export interface RecordOptions {
  /** The recording; without it the script chooses a name in the working directory. */
  readonly output?: string;
  /** KB per CPU. */
  readonly buffer?: string;
  readonly clock?: string;
}

/**
 * Signals passed on to the shell, which needs the time to remove its probes. A terminal's interrupt then reaches it
 * twice, which the script allows for.
 */
const PASSED_ON = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/**
 * Resolves to the exit status: that of COMMAND, 2 for trouble that the script has printed, 128 + N for signal N.
 * Rejects if there is no shell.
 */
export function record(command: readonly string[], { output, buffer, clock }: RecordOptions): Promise<number> {
  const flags = [
    ["-o", output],
    ["-b", buffer],
    ["-c", clock],
  ].flatMap(([flag, value]) => (value === undefined ? [] : [flag!, value]));
  return new Promise((resolve, reject) => {
    // The script is passed as an argument, so that there is no file to remove.
    const shell = spawn("/bin/sh", ["-c", recordScript(), "kreel", ...flags, "--", ...command], { stdio: "inherit" });
    for (const signal of PASSED_ON) process.on(signal, () => shell.kill(signal));
    shell.on("error", reject);
    shell.on("exit", (code, signal) => resolve(code ?? 128 + (signal === null ? 0 : constants.signals[signal])));
  });
}
