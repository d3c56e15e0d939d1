/** The table of folders in `docs/architecture.md`: which there are, and which of the others each of them uses. */
import { readdirSync, readFileSync } from "node:fs";
import { join, normalize } from "node:path";

export const PAGE = "docs/architecture.md";
const MARK = "<!-- folders -->\n";
const IMPORT = /^(?:import|export) (?!type )[^;]*?from "(\.[^"]+)"/gm;

/** `src/read` of `src/read/text/body.ts`, `src` of `src/index.ts`, `events` of what is anywhere in it. */
function folderOf(path: string): string {
  const [first, second, ...rest] = path.split("/");
  return first === "src" && rest.length > 0 ? `src/${second}` : first!;
}

function* sources(folder: string): Generator<string> {
  for (const name of readdirSync(folder, { recursive: true, encoding: "utf8" }))
    if (name.endsWith(".ts")) yield join(folder, name);
}

/** The folders, each with those that its files import at run time. */
export function uses(): Map<string, readonly string[]> {
  const found = new Map<string, Set<string>>();
  for (const path of [...sources("events"), ...sources("src")]) {
    const from = folderOf(path);
    const used = found.get(from) ?? new Set<string>();
    found.set(from, used);
    for (const [, to] of readFileSync(path, "utf8").matchAll(IMPORT)) {
      const target = folderOf(normalize(join(path, "..", to!)));
      if (target !== from && (target === "events" || target.startsWith("src"))) used.add(target);
    }
  }
  return new Map([...found].map(([folder, used]) => [folder, [...used].sort()]));
}

/** The page as it has to be: of each row the last cell anew. */
export function pageWithFolders(page: string): { readonly page: string; readonly rows: readonly string[] } {
  const found = uses();
  const start = page.indexOf(MARK) + MARK.length;
  const end = page.indexOf("\n\n", start);
  const rows: string[] = [];
  const table = page
    .slice(start, end)
    .split("\n")
    .map((row) => {
      const folder = /^\| `([^`]+)` \|/.exec(row)?.[1];
      if (folder === undefined) return row;
      rows.push(folder);
      const cells = row.split(" | ");
      const used = (found.get(folder) ?? []).map((name) => `\`${name.replace(/^src\//, "")}\``).join(" ");
      return `${cells.slice(0, -1).join(" | ")} | ${used} |`;
    });
  return { page: page.slice(0, start) + table.join("\n") + page.slice(end), rows };
}
