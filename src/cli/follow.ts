/** `replay --follow`: prints findings as they are found, until a signal or the end of the pipe. */
import type { FollowOptions } from "../read/live/recording.js";
import type { ReplayOptions } from "../replay/replay.js";
import { findingLine, withdrawnLine } from "../show/findings.js";
import type { Terminal } from "./terminal.js";
import { warningLine } from "./warnings.js";

const STOPS = ["SIGINT", "SIGTERM"] as const;

export class Follow {
  readonly #stop = new AbortController();
  readonly #said = new Set<string>();
  #found = false;

  constructor(
    private readonly path: string,
    private readonly terminal: Terminal,
    /** Prints findings as they are found; false for a document and for an object's life. */
    private readonly says: boolean,
  ) {
    const stop = (): void => {
      // A second signal ends the process at once.
      for (const signal of STOPS) process.off(signal, stop);
      this.#stop.abort();
    };
    for (const signal of STOPS) process.on(signal, stop);
  }

  /** Adds to the options of a replay that findings are printed at once; callbacks of `told` are called, too. */
  options(told: ReplayOptions): ReplayOptions {
    const follow: FollowOptions = { signal: this.#stop.signal, onNotice: (text) => this.#notice(text) };
    const { out, style } = this.terminal;
    const onProgress = (): void => out.flush();
    if (!this.says) return { ...told, follow, onProgress };
    const heading = { path: this.path, style };
    const say = (line: string): void => {
      out.line(line);
      this.#found = true;
    };
    return {
      ...told,
      follow,
      onProgress,
      onFinding: (finding) => {
        told.onFinding?.(finding);
        say(findingLine(finding, heading));
      },
      onHazard: (hazard) => say(findingLine(hazard, heading)),
      onWithdrawn: (finding) => say(withdrawnLine(finding, heading)),
    };
  }

  /** True if anything was found. */
  get found(): boolean {
    return this.#found;
  }

  /** True if the line has been printed already. */
  hasSaid(line: string): boolean {
    return this.#said.has(line);
  }

  #notice(text: string): void {
    const line = warningLine(this.path, text);
    this.#said.add(line);
    const { err } = this.terminal;
    err.line(line);
    err.flush();
  }
}
