/**
 * `node dist/test/kernels/write-symbols.js 6.12=DIRECTORY 7.2=DIRECTORY …`: looks up every function of the simulated
 * kernels in the sources of Linux, release by release, and writes where the first that has it defines it. Exit status:
 * 0, or 1 when some are nowhere, which are named.
 */
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { catalogue } from "../../events/index.js";
import { definitionIn, isSeam, kernelFunctions, type Symbol, SYMBOLS } from "../support/kernel-functions.js";

const HEAD = `# Functions that the simulated kernels (src/kernels) have under the names of Linux's: each with the file and the first of the
# releases 6.12, 7.2 and 7.3 that defines it, and the beginning of its definition there. Written by
# test/kernels/write-symbols.ts from Debian's sources; of what only the patch has, posted in June 2025, from the catalogue.
# name	source	release	definition
`;

/** The symbol as posted: the catalogue knows what recordings of that kernel show. */
function posted(name: string): Symbol | undefined {
  const operation = catalogue.find((of) => of.name === name);
  if (!operation || operation.kernels.join() !== "linux-6.12-patched") return undefined;
  return { name, source: operation.source, release: "posted", definition: operation.prototype };
}

const releases = process.argv.slice(2).map((word) => word.split("=") as [string, string]);
const symbols = new Map<string, Symbol>();
let missing = 0;
for (const { name, path, line, sources } of kernelFunctions()) {
  if (isSeam(name) || symbols.has(name)) continue;
  const [found] = releases.flatMap(([release, directory]) =>
    sources.flatMap((source) => {
      const file = join(directory, source);
      const definition = existsSync(file) ? definitionIn(readFileSync(file, "utf8"), name) : undefined;
      return definition === undefined ? [] : [{ name, source, release, definition }];
    }),
  );
  const symbol = posted(name) ?? found;
  if (symbol) {
    symbols.set(name, symbol);
  } else {
    missing++;
    console.error(`${path}:${line}: ${name}: not in ${sources.join(", ")} of ${releases.map(([r]) => r).join(", ")}`);
  }
}
const rows = [...symbols.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
writeFileSync(SYMBOLS, HEAD + rows.map((s) => `${s.name}\t${s.source}\t${s.release}\t${s.definition}\n`).join(""));
process.exitCode = missing > 0 ? 1 : 0;
