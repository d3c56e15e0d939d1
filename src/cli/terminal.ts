/** What is known of where output goes: asked once, so that everything below is told and can be tested. */
import { isatty } from "node:tty";
import { type Style, styleOf } from "../show/style.js";
import { Output } from "./output.js";

export interface Terminal {
  readonly out: Output;
  readonly err: Output;
  /** Colour on standard output and on standard error. */
  readonly style: Style;
  readonly errStyle: Style;
  readonly width: number;
  /** Progress may be drawn: standard error is a terminal. */
  readonly progress: boolean;
  /** Standard output and standard error are the same screen. */
  readonly shared: boolean;
  /** Somebody else draws progress, and wants to be told. */
  readonly report?: (events: number, bytes: number) => void;
}

const NARROWEST = 80;
const WIDEST = 120;

export function openTerminal(env: NodeJS.ProcessEnv): Terminal {
  const outTty = isatty(1);
  const errTty = isatty(2);
  const colour = !env["NO_COLOR"] && env["TERM"] !== "dumb";
  const columns = Number(env["COLUMNS"]) || (outTty ? process.stdout.columns : 0) || NARROWEST;
  return {
    out: new Output(1),
    err: new Output(2),
    style: styleOf(colour && outTty),
    errStyle: styleOf(colour && errTty),
    width: Math.min(WIDEST, Math.max(NARROWEST, columns)),
    progress: errTty && env["TERM"] !== "dumb",
    shared: outTty && errTty,
  };
}
