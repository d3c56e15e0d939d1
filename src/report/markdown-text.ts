/** Texts that are anybody's in Markdown: shown as they are, never taken for markup, HTML, a link or somebody's name. */
import { printable } from "../base/trouble.js";

const MARKUP = /[\\`*_{}[\]<>()#+!|~&$-]/g;
/**
 * What a viewer makes a link or a notice of though it is no markup: `@name`, `#12`, `GH-12`, `user@host`, `www.…`,
 * `scheme:…`.
 */
const LINKED = /@|#\d|\bGH-\d|\bwww\.|:\/\/|\b(?:mailto|xmpp|javascript|data):/i;
/** An address, a name with underscores: what reads better as code. */
const CODE = /^0x[0-9a-f]|\w_\w/;

/** In a line of prose. */
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

/** As code within a line. */
export function code(text: string): string {
  const shown = printable(text).replaceAll("\t", " ") || " ";
  const fence = "`".repeat(longestRun(shown) + 1);
  // Spaces or backticks at the ends are lost or taken for the fence, unless a space of its own is there to be lost.
  const pad = /^[` ]|[` ]$/.test(shown) && /[^ ]/.test(shown) ? " " : "";
  return `${fence}${pad}${shown}${pad}${fence}`;
}

/** Lines as a block of code. */
export function block(lines: readonly string[]): string[] {
  const shown = lines.map(printable);
  const fence = "`".repeat(Math.max(3, ...shown.map((line) => longestRun(line) + 1)));
  return [`${fence}text`, ...shown, fence];
}

function longestRun(text: string): number {
  return Math.max(0, ...[...text.matchAll(/`+/g)].map(([run]) => run.length));
}
