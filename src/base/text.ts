/** Small functions for printed text. */

export function plural(n: number, one: string, many = `${one}s`): string {
  return `${n} ${n === 1 ? one : many}`;
}

/** `840 B`, `7.4 kB`, `11.2 MB`. */
export function bytesText(bytes: number): string {
  const power = bytes < 1000 ? 0 : bytes < 999_950 ? 1 : bytes < 999_950_000 ? 2 : 3;
  return power === 0 ? `${bytes} B` : `${(bytes / 1000 ** power).toFixed(1)} ${["k", "M", "G"][power - 1]!}B`;
}

/** `a`, `a and b`, `a, b and c`. */
export function list(words: readonly string[]): string {
  return words.length < 2 ? (words[0] ?? "") : `${words.slice(0, -1).join(", ")} and ${words.at(-1)!}`;
}

/** Breaks text into lines of at most `width` characters at its spaces; a word that is longer stands alone. */
export function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(" ")) {
    if (line === "") line = word;
    else if (line.length + 1 + word.length <= width) line += ` ${word}`;
    else {
      lines.push(line);
      line = word;
    }
  }
  lines.push(line);
  return lines;
}

export function indent(lines: readonly string[], by: number): string[] {
  return lines.map((line) => (line === "" ? "" : " ".repeat(by) + line));
}

export type Align = "left" | "right";

/** Columns as wide as their widest cell, two spaces apart; no line ends in spaces. */
export function table(rows: readonly (readonly string[])[], align: readonly Align[] = []): string[] {
  const widths: number[] = [];
  for (const row of rows) row.forEach((cell, k) => (widths[k] = Math.max(widths[k] ?? 0, cell.length)));
  return rows.map((row) =>
    row
      .map((cell, k) => (align[k] === "right" ? cell.padStart(widths[k]!) : cell.padEnd(widths[k]!)))
      .join("  ")
      .trimEnd(),
  );
}

/** Returns the path of one file of a recording that consists of several. */
export function pathOf(recording: string, file: string | undefined): string {
  return file === undefined ? recording : `${recording.replace(/\/+$/, "")}/${file}`;
}
