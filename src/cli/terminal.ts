/** The properties of the output, determined once, so that everything else receives them and can be tested. */
import { isatty } from "node:tty";
import type { Style } from "../show/style.js";
import { Output } from "./output.js";

export interface Terminal {
  readonly out: Output;
  readonly err: Output;
  /** Colours for standard output and for standard error, each for lines that go there. */
  readonly style: Style;
  readonly errStyle: Style;
  readonly width: number;
  /** True if progress may be drawn: standard error is a terminal. */
  readonly progress: boolean;
  /** True if standard output and standard error are the same screen. */
  readonly shared: boolean;
  /** Receives progress that another thread draws. */
  readonly report?: (events: number, bytes: number) => void;
}

/** Descriptors, and a test for terminals. */
export interface Ends {
  readonly out: number;
  readonly err: number;
  readonly isTerminal: (fd: number) => boolean;
}

const NARROWEST = 80;
const WIDEST = 120;

export function openTerminal(env: NodeJS.ProcessEnv, ends: Ends = { out: 1, err: 2, isTerminal: isatty }): Terminal {
  const wantsColour = !env["NO_COLOR"] && env["TERM"] !== "dumb";
  const [out, err] = [ends.out, ends.err].map((fd) => {
    const terminal = ends.isTerminal(fd);
    return new Output(fd, { terminal, colour: wantsColour && terminal });
  }) as [Output, Output];
  const columns = Number(env["COLUMNS"]) || (out.terminal ? process.stdout.columns : 0) || NARROWEST;
  return {
    out,
    err,
    style: out.style,
    errStyle: err.style,
    width: Math.min(WIDEST, Math.max(NARROWEST, columns)),
    progress: err.terminal && env["TERM"] !== "dumb",
    shared: out.terminal && err.terminal,
  };
}
