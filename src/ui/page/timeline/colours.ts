/** Colours from the page's style sheet, read anew when the theme changes between light and dark. */
import { KINDS } from "../../../../events/kinds/index.js";

export interface Colours {
  readonly text: string;
  readonly dim: string;
  readonly line: string;
  readonly ground: string;
  readonly row: string;
  readonly error: string;
  readonly hazard: string;
  readonly now: string;
  readonly call: string;
  readonly failed: string;
  /** By kind of object; `call` for references held by calls in progress, `unseen` for those of an untraced caller. */
  readonly kinds: Readonly<Record<string, string>>;
}

const COLOURED = [...KINDS, "call", "unseen"];

export function coloursOf(element: Element): Colours {
  const style = getComputedStyle(element);
  const value = (name: string): string => style.getPropertyValue(`--${name}`).trim();
  return {
    text: value("text"),
    dim: value("dim"),
    line: value("line"),
    ground: value("ground"),
    row: value("row"),
    error: value("error"),
    hazard: value("hazard"),
    now: value("now"),
    call: value("call"),
    failed: value("failed"),
    kinds: Object.fromEntries(COLOURED.map((kind) => [kind, value(`kind-${kind}`) || value("dim")])),
  };
}
