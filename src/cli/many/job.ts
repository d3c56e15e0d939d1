/** A recording that a thread of its own works on. */
import type { MessagePort } from "node:worker_threads";
import type { OutputOptions } from "../output.js";

export interface Job {
  readonly command: "replay" | "import";
  /** The recording, and for `import` the log. */
  readonly paths: readonly [trace: string, log?: string];
  readonly flags: object;
}

/** What a thread is sent. What it prints goes into files: whoever printed before may be long. */
export interface Task extends Job {
  readonly out: string;
  readonly err: string;
  /** The outputs of the command that has the terminal. */
  readonly outOptions: OutputOptions;
  readonly errOptions: OutputOptions;
  readonly width: number;
  /** Told how far it is, `[events, bytes]`; absent where nobody looks. */
  readonly progress?: MessagePort;
}
