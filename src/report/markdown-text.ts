/** Untrusted text in Markdown: shown as it is, never taken for markup, HTML, a link or a user name. */
import { printable } from "../base/trouble.js";

const MARKUP = /[\\`*_{}[\]<>()#+!|~&$-]/g;
/**
 * Text that viewers turn into a link or a notification although it is no markup: `@name`, `#12`, `GH-12`, `user@host`,
 * `www.…`, `scheme:…`.
 */
const LINKED = /@|#\d|\bGH-\d|\bwww\.|:\/\/|\b(?:mailto|xmpp|javascript|data):/i;
/** Addresses and names with underscores, which read better as code. */
const CODE = /^0x[0-9a-f]|\w_\w/;

/** Escapes text for a line of prose. */
export function inline(text: string): string {
  return printable(text)
    .split(" ")
    .map((word) => {
      const [, head, core, tail] = /^([("']*)(.*?)([)"',;:.]*)$/.exec(word)!;
      return LINKED.test(word) || CODE.test(core!)
        ? `${escaped(head!)}${core === "" ? "" : code(core!)}${escaped(tail!)}`
        : escaped(word);
    })
    .join(" ");
}

function escaped(text: string): string {
  return text.replaceAll(MARKUP, (c) => `\\${c}`);
}

/** Formats text as code within a line. */
export function code(text: string): string {
  const shown = printable(text).replaceAll("\t", " ") || " ";
  const fence = "`".repeat(longestRun(shown) + 1);
  // CommonMark strips one space at each end of code: spaces and backticks there need one of their own.
  const pad = /^[` ]|[` ]$/.test(shown) && /[^ ]/.test(shown) ? " " : "";
  return `${fence}${pad}${shown}${pad}${fence}`;
}

/** Formats lines as a block of code. */
export function block(lines: readonly string[]): string[] {
  const shown = lines.map(printable);
  const fence = "`".repeat(Math.max(3, ...shown.map((line) => longestRun(line) + 1)));
  return [`${fence}text`, ...shown, fence];
}

function longestRun(text: string): number {
  return Math.max(0, ...[...text.matchAll(/`+/g)].map(([run]) => run.length));
}
