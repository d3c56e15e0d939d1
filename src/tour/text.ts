/** Formats a step of the tour as a page of 78 columns. */
import { join, relative } from "node:path";
import type { Style } from "../show/style.js";
import { indent, table, wrap } from "../base/text.js";
import { WIDTH } from "./narrow.js";
import { PACKAGE } from "./recordings.js";
import type { StepText, TourCommand, TourStep, TourView } from "./types.js";

const BELOW_PACKAGE = "fixtures/";

/** The steps by number and name. */
export function contentsLines(steps: readonly StepText[], style: Style): string[] {
  return [
    ...wrap(
      `A guided tour of guest_memfd and the patch, for those to whom all this is new: ${steps.length} steps, ten minutes. kreel tour N shows a step, kreel tour all everything.`,
      WIDTH,
    ),
    "",
    ...table(
      steps.map(({ id, title }, k) => [`  ${k + 1}`, id, title]),
      ["right"],
    ).map((line) => style.dim(line)),
  ];
}

/** `from`: the working directory of the reader. */
export function stepLines(step: TourStep, last: number, from: string, style: Style): string[] {
  const heading = `Step ${step.number} of ${last}: ${step.title}`;
  return [
    style.bold(heading),
    "=".repeat(heading.length),
    "",
    ...stressed(
      step.paragraphs.map((paragraph) => wrap(paragraph, WIDTH).join("\n")).join("\n\n"),
      step.terms,
      style,
    ).split("\n"),
    ...step.views.flatMap((view) => ["", ...viewLines(view, style)]),
    "",
    style.bold("To look further:"),
    ...step.commands.flatMap((command) => indent(commandLines(command, from), 2)),
    ...(step.number < last ? ["", `Next: npx kreel tour ${step.number + 1}`] : []),
  ];
}

/** Prints terms in bold where they are explained. */
function stressed(text: string, terms: readonly string[], style: Style): string {
  return terms.reduce(
    (before, term) => before.replace(new RegExp(`\\b${term.replaceAll(" ", "\\s")}`), (word) => style.bold(word)),
    text,
  );
}

function viewLines({ caption, recording, after, show, lines }: TourView, style: Style): string[] {
  const where = [recording, after].flatMap((path) => path ?? []).map((path) => style.dim(path));
  return [
    ...wrap(caption, WIDTH).map((line) => style.cyan(line)),
    ...where,
    "",
    ...(show === "diff" ? lines.map((line) => coloured(line, style)) : lines),
  ];
}

function coloured(line: string, style: Style): string {
  if (line.startsWith("+")) return style.green(line);
  return line.startsWith("-") ? style.red(line) : line;
}

/**
 * Formats a command for the working directory, with the path to a package elsewhere. Longer ones are continued with a
 * backslash.
 */
function commandLines({ args }: TourCommand, from: string): string[] {
  const words = [
    "npx",
    "kreel",
    ...args.map((arg) => quoted(arg.startsWith(BELOW_PACKAGE) ? pathFrom(from, arg) : arg)),
  ];
  const lines = wrapWords(words, WIDTH - 2 - " \\".length);
  return lines.map((line, k) => `${k === 0 ? "" : "    "}${line}${k < lines.length - 1 ? " \\" : ""}`);
}

function pathFrom(from: string, path: string): string {
  const [whole, near] = [join(PACKAGE, path), relative(from, join(PACKAGE, path))];
  return near.length < whole.length ? near : whole;
}

const quoted = (word: string): string => (/^[\w./=-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`);

/** Like `wrap`, but a word may hold spaces. */
function wrapWords(words: readonly string[], width: number): string[] {
  const lines: string[] = [];
  for (const word of words) {
    const line = lines.at(-1);
    if (line !== undefined && line.length + 1 + word.length <= width - (lines.length > 1 ? 4 : 0))
      lines[lines.length - 1] = `${line} ${word}`;
    else lines.push(word);
  }
  return lines;
}
