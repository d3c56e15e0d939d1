/** A recording to be processed by a thread of its own. */
import type { MessagePort } from "node:worker_threads";
import type { OutputOptions } from "../output.js";

export interface Job {
  readonly command: "replay" | "import";
  /** The recording, and for `import` the log. */
  readonly paths: readonly [trace: string, log?: string];
  readonly flags: object;
}

/** The message to a thread. Its output goes to files, because the recordings before it may take long to print. */
export interface Task extends Job {
  readonly out: string;
  readonly err: string;
  /** The outputs of the command that has the terminal. */
  readonly outOptions: OutputOptions;
  readonly errOptions: OutputOptions;
  readonly width: number;
  /** Receives the progress, `[events, bytes]`; absent if none is drawn. */
  readonly progress?: MessagePort;
}
