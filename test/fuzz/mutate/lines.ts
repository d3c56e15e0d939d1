/** Mutations of lines, words, arguments and numbers. Text has a character a byte. */
import { type Random, weighted } from "../random.js";
import { LINES, nameOf, numberOf } from "./words.js";

/** Changes the lines in place. `other`: lines of another recording. */
export type LineMutation = (lines: string[], random: Random, other: () => readonly string[]) => void;

const ARGUMENT = / \w+=(?:"[^"]*"|\(fault\)|[^\s",}]+)/g;
const NUMBER = /-?(?:0x[\da-fA-F]+|\d+(?:\.\d+)?)/g;
const WORD = /[A-Za-z_<][\w.<>/:$-]{0,40}/g;
const STRING = /"(?:[^"\\]|\\.)*"/g;
/** A line of this many bytes is longer than any reader holds. */
const LONGEST = (1 << 20) + 100;

/** Mutations that leave a subset of what happened: a healthy recording stays healthy, with less in it. */
export const REMOVALS: readonly (readonly [weight: number, name: string, mutation: LineMutation])[] = [
  [4, "remove line", (lines, random) => void lines.splice(random.below(lines.length), 1)],
  [1, "remove lines", (lines, random) => void lines.splice(random.below(lines.length), random.small(2, 30))],
  [4, "remove argument", (lines, random) => withOne(lines, random, ARGUMENT, () => "")],
  [1, "remove end", (lines, random) => void (lines.length = random.small(0, lines.length))],
];

export const LINE_MUTATIONS: readonly (readonly [weight: number, name: string, mutation: LineMutation])[] = [
  ...REMOVALS,
  [
    2,
    "double line",
    (lines, random) => onLine(lines, random, (k) => lines.splice(random.below(lines.length + 1), 0, lines[k]!)),
  ],
  [3, "swap lines", swap],
  [
    2,
    "move lines",
    (lines, random) =>
      onLine(lines, random, (k) =>
        lines.splice(random.below(lines.length), 0, ...lines.splice(k, random.small(1, 20))),
      ),
  ],
  [
    3,
    "join lines",
    (lines, random) =>
      onLine(lines, random, (k) =>
        lines.splice(k, 2, `${lines[k]!}${random.pick(["", " ", "\r"])}${lines[k + 1] ?? ""}`),
      ),
  ],
  [3, "wrap line", (lines, random) => onLine(lines, random, (k) => lines.splice(k, 1, ...wrapped(lines[k]!, random)))],
  [
    1,
    "wrap all",
    (lines, random) =>
      lines.splice(
        0,
        lines.length,
        ...lines.flatMap((line) =>
          line.length > 72 ? [line.slice(0, 72), random.pick(["", "  "]) + line.slice(72)] : [line],
        ),
      ),
  ],
  [
    2,
    "indent line",
    (lines, random) =>
      onLine(lines, random, (k) => (lines[k] = random.pick(["  ", "\t", "> ", " ", "    "]) + lines[k]!)),
  ],
  [1, "indent all", (lines, random) => each(lines, random.pick(["  ", "\t", "> "]), (indent, line) => indent + line)],
  [1, "trim all", (lines) => each(lines, "", (_, line) => line.trimStart())],
  [1, "squeeze all", (lines) => each(lines, "", (_, line) => line.replace(/ +/g, " "))],
  [
    1,
    "carriage returns",
    (lines, random) =>
      each(lines, random.pick([1, 0.3]), (chance, line) => (random.chance(chance) ? `${line}\r` : line)),
  ],
  [
    2,
    "cut line",
    (lines, random) => onLine(lines, random, (k) => (lines[k] = lines[k]!.slice(0, random.below(lines[k]!.length)))),
  ],
  [1, "cut front", (lines, random) => onLine(lines, random, (k) => (lines[k] = lines[k]!.slice(random.small(1, 30))))],
  [3, "line of others", (lines, random) => lines.splice(random.below(lines.length + 1), 0, random.pick(LINES))],
  [
    2,
    "lines of others",
    (lines, random, other) => lines.splice(random.below(lines.length + 1), 0, ...slice(other(), random)),
  ],
  [5, "number", (lines, random) => withOne(lines, random, NUMBER, () => numberOf(random))],
  [
    3,
    "number as before",
    (lines, random) => withOne(lines, random, NUMBER, (_, line) => random.pick(line.match(NUMBER) ?? ["0"])),
  ],
  [3, "digit", (lines, random) => withOne(lines, random, /\d/g, () => String(random.below(10)))],
  [4, "name", (lines, random) => withOne(lines, random, WORD, () => nameOf(random))],
  [
    2,
    "name of others",
    (lines, random, other) =>
      withOne(lines, random, WORD, () => random.pick(random.pick(other())?.match(WORD) ?? ["x"])),
  ],
  [3, "string", (lines, random) => withOne(lines, random, STRING, () => `"${nameOf(random)}"`)],
  [
    3,
    "value",
    (lines, random) =>
      withOne(
        lines,
        random,
        ARGUMENT,
        (argument) =>
          `${argument.slice(0, argument.indexOf("=") + 1)}${random.chance(0.5) ? numberOf(random) : nameOf(random)}`,
      ),
  ],
  [
    2,
    "other argument",
    (lines, random) =>
      withOne(
        lines,
        random,
        ARGUMENT,
        (argument) =>
          ` ${random.pick(["arg1", "ret", nameOf(random), "refcnt", "inode", "i_count"])}${argument.slice(argument.indexOf("="))}`,
      ),
  ],
  [2, "double argument", (lines, random) => withOne(lines, random, ARGUMENT, (argument) => argument + argument)],
  [1, "arguments reversed", (lines, random) => onLine(lines, random, (k) => (lines[k] = reversed(lines[k]!)))],
  [
    4,
    "task",
    (lines, random) =>
      onLine(lines, random, (k) => (lines[k] = withTask(lines[k]!, nameOf(random), random.chance(0.7)))),
  ],
  [1, "task of all", (lines, random) => each(lines, nameOf(random), (name, line) => withTask(line, name, true))],
  [
    2,
    "insert",
    (lines, random) =>
      onLine(
        lines,
        random,
        (k) => (lines[k] = inserted(lines[k]!, random.below(lines[k]!.length + 1), nameOf(random))),
      ),
  ],
  [1, "replace all", (lines, random) => replaceAll(lines, random)],
  [1, "shuffle", (lines, random) => void lines.sort(() => random.between(-1, 1))],
  [
    1,
    "many lines",
    (lines, random) =>
      onLine(lines, random, (k) =>
        lines.splice(k, 0, ...Array.from({ length: random.small(2, 400) }, () => lines[k]!)),
      ),
  ],
];

/** Lengthens a line beyond any event's: rarely, for it costs as much as a thousand other inputs. */
export function lengthen(lines: string[], random: Random): void {
  onLine(
    lines,
    random,
    (k) =>
      (lines[k] = inserted(
        lines[k]!,
        random.below(lines[k]!.length + 1),
        random
          .pick(["a", " ", '"', "x=1 ", "(", " -1 ", "\\"])
          .repeat(random.chance(0.2) ? LONGEST : random.between(1000, 70_000))
          .slice(0, LONGEST),
      )),
  );
}

export function mutateLines(
  lines: string[],
  random: Random,
  other: () => readonly string[],
  mutations: string[],
  table = LINE_MUTATIONS,
): void {
  const [name, mutation] = weighted(
    random,
    table.map(([weight, what, how]) => [weight, [what, how] as const]),
  );
  mutations.push(name);
  mutation(lines, random, other);
}

function onLine(lines: readonly string[], random: Random, change: (k: number) => unknown): void {
  if (lines.length > 0) change(random.below(lines.length));
}

function each<T>(lines: string[], chosen: T, change: (chosen: T, line: string) => string): void {
  for (const [k, line] of lines.entries()) lines[k] = change(chosen, line);
}

/** Replaces one match of the pattern in some line that has any. */
function withOne(
  lines: string[],
  random: Random,
  pattern: RegExp,
  replace: (found: string, line: string) => string,
): void {
  for (let tries = 0; tries < 5 && lines.length > 0; tries++) {
    const k = random.below(lines.length);
    const line = lines[k]!;
    const matches = [...line.slice(0, 4000).matchAll(pattern)];
    if (matches.length === 0) continue;
    const { index, 0: found } = random.pick(matches);
    lines[k] = line.slice(0, index) + replace(found, line) + line.slice(index + found.length);
    return;
  }
}

function swap(lines: string[], random: Random): void {
  if (lines.length < 2) return;
  const a = random.below(lines.length);
  const b = random.chance(0.5) ? Math.min(lines.length - 1, a + 1) : random.below(lines.length);
  [lines[a], lines[b]] = [lines[b]!, lines[a]!];
}

/** Breaks a line as mailers and terminals do: after a word, or anywhere. */
function wrapped(line: string, random: Random): string[] {
  const blank = line.lastIndexOf(" ", random.between(20, 100));
  const at = random.chance(0.7) && blank > 0 ? blank : random.below(line.length + 1);
  return [line.slice(0, at), random.pick(["", " ", "\t", "> "]) + line.slice(random.chance(0.5) ? at : at + 1)];
}

function reversed(line: string): string {
  const found = line.match(ARGUMENT);
  if (!found) return line;
  let k = found.length;
  return line.replace(ARGUMENT, () => found[--k]!);
}

/** Renames the task of a line that begins with it: a name of 16 bytes, padded as kernels do it, or of any length. */
function withTask(line: string, name: string, padded: boolean): string {
  return padded ? name.slice(0, 15).padStart(16) + line.slice(16) : name + line.slice(16);
}

function inserted(line: string, at: number, text: string): string {
  return line.slice(0, at) + text + line.slice(at);
}

function slice(lines: readonly string[], random: Random): readonly string[] {
  const from = random.below(lines.length);
  return lines.slice(from, from + random.small(1, 20));
}

function replaceAll(lines: string[], random: Random): void {
  const found = random.pick(lines)?.match(random.chance(0.5) ? NUMBER : WORD);
  const what = found && random.pick(found);
  if (!what) return;
  const other = random.chance(0.5) ? numberOf(random) : nameOf(random);
  each(lines, other, (by, line) => line.replaceAll(what, () => by));
}
