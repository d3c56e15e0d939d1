/**
 * Colours that only kreel can produce. A recording may hold terminal escape codes, and an unescaped name would be
 * obeyed; so a style marks its codes with a word that is new in each process, and only marked codes reach the terminal.
 */
import { nanoid } from "nanoid";
import { escapeOf, OBEYED } from "../base/trouble.js";
import { PLAIN, type Style, styleOf } from "../show/style.js";

const ESC = "\x1b";

export class Colours {
  readonly style: Style;
  readonly #obeyed: RegExp;

  constructor(enabled: boolean) {
    const word = nanoid();
    this.style = enabled ? marked(word) : PLAIN;
    this.#obeyed = new RegExp(`${ESC}${word}(\\[\\d+m)|${OBEYED.source}`, OBEYED.flags);
  }

  /** Renders a line for a terminal: the codes of this style, tabs, and everything else that would be obeyed escaped. */
  rendered(line: string): string {
    return line.replace(this.#obeyed, (found: string, code: string | undefined) =>
      code !== undefined ? `${ESC}${code}` : found === "\t" ? found : escapeOf(found),
    );
  }
}

/** The style with the word after each escape. */
function marked(word: string): Style {
  const codes = styleOf(true);
  const painter = (paint: (text: string) => string): ((text: string) => string) => {
    const [open, close] = paint("|")
      .split("|")
      .map((code) => code.replace(ESC, `${ESC}${word}`)) as [string, string];
    // A code that ends an inner colour ends this one as well, so this one begins again after it.
    return (text) => `${open}${text.replaceAll(close, close + open)}${close}`;
  };
  return {
    bold: painter(codes.bold),
    dim: painter(codes.dim),
    red: painter(codes.red),
    yellow: painter(codes.yellow),
    green: painter(codes.green),
    cyan: painter(codes.cyan),
  };
}
