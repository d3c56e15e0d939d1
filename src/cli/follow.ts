/** `replay --follow`: what is found is said as it is found, until somebody stops it or the pipe ends. */
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
    /** Whether findings are printed as they are found: not into a document, nor into an object's life. */
    private readonly says: boolean,
  ) {
    const stop = (): void => {
      // The next one ends the process, whatever it is doing.
      for (const signal of STOPS) process.off(signal, stop);
      this.#stop.abort();
    };
    for (const signal of STOPS) process.on(signal, stop);
  }

  /** To replay so that what is found is said at once; `told` is told of it as well. */
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

  /** Whether anything was found. */
  get found(): boolean {
    return this.#found;
  }

  /** Whether a line was said when there was cause for it. */
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
