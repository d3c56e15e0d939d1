/** A stand-in for the viewer's page, for tests of how it is served. */
import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const FILES = ["index.html", "page.js", "page.css", "worker.js"] as const;
/** In the address, after the token. */
export const PLACES: readonly string[] = ["", ...FILES.slice(1)];

export function pageFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "kreel-"));
  for (const name of FILES) writeFileSync(join(folder, name), `/* ${name} */`);
  return folder;
}
