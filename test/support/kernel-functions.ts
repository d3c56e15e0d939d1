/** Functions of the simulated kernels as their source text has them, and the C files that the text names for each. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

const KERNELS = "src/kernels";
const PROTOTYPES = join(KERNELS, "prototypes.ts");

export interface KernelFunction {
  readonly name: string;
  /** The module that defines it. */
  readonly path: string;
  readonly line: number;
  /** C files in which Linux may have it: those above its prototype, else those that its module begins with. */
  readonly sources: readonly string[];
}

/** A place to which C gives no name has one in camelCase, and so has what is TypeScript's alone. */
export function isSeam(name: string): boolean {
  return /[A-Z]/.test(name);
}

/** A function of a table, a function of its own, or a method of a class, as the formatter lays them out. */
const DEFINITION =
  /^ {2}\*?([A-Za-z_]\w*)\(.*\{(?:\},)?$|^ {2}([A-Za-z_]\w*): (?:probed\(|[a-zA-Z]\w*\.)|^(?:export )?function\*? ([A-Za-z_]\w*)/;
const METHOD_WORDS: ReadonlySet<string> = new Set(["constructor", "if", "for", "while", "switch", "return"]);
const C_FILE = /(?:[a-z0-9_]+\/)+[a-z0-9_-]+\.[ch]/g;

/** Every function under `src/kernels/linux` and `src/kernels/features`. */
export function kernelFunctions(): KernelFunction[] {
  const declared = prototypes();
  return ["linux", "features"].flatMap((folder) =>
    readdirSync(join(KERNELS, folder), { recursive: true, encoding: "utf8" })
      .filter((file) => file.endsWith(".ts"))
      .sort()
      .flatMap((file) => functionsIn(join(KERNELS, folder, file), declared)),
  );
}

function functionsIn(path: string, declared: ReadonlyMap<string, readonly string[]>): KernelFunction[] {
  const text = readFileSync(path, "utf8");
  const head = text.slice(0, text.indexOf("*/")).match(C_FILE) ?? [];
  return text.split("\n").flatMap((row, k) => {
    const [, method, member, plain] = DEFINITION.exec(row) ?? [];
    const name = method ?? member ?? plain;
    if (name === undefined || METHOD_WORDS.has(name)) return [];
    return [{ name, path, line: k + 1, sources: declared.get(name) ?? head }];
  });
}

/** What `prototypes.ts` declares: the C files in the comment above each group. */
export function prototypes(): Map<string, readonly string[]> {
  const declared = new Map<string, readonly string[]>();
  const text = readFileSync(PROTOTYPES, "utf8");
  let sources: readonly string[] = [];
  let heading = false;
  for (const row of text.slice(text.indexOf("export interface Functions")).split("\n")) {
    const [name] = /(?<=^ {2})\w+(?=\()/.exec(row) ?? [];
    const continues = heading;
    heading = row.startsWith("  // ");
    if (heading) sources = [...(continues ? sources : []), ...(row.match(C_FILE) ?? [])];
    else if (name !== undefined) declared.set(name, sources);
  }
  return declared;
}

/** A function of Linux: where a release has it, and how its definition begins there. */
export interface Symbol {
  readonly name: string;
  readonly source: string;
  /** `6.12`, or `posted` for what only the patch as it was posted has. */
  readonly release: string;
  readonly definition: string;
}

/** The beginning of a function's or a macro's definition, on one line; nothing where it is only called or declared. */
export function definitionIn(text: string, name: string): string | undefined {
  const [call] = new RegExp(`^SYSCALL_DEFINE\\d\\(${name},[^{;]*?\\)(?=\\s*\\{)`, "m").exec(text) ?? [];
  const [macro] = new RegExp(`^[ \\t]*#[ \\t]*define[ \\t]+${name}\\([^)]*\\)`, "m").exec(text) ?? [];
  // The type may stand on a line of its own, and nothing but attributes between the parameters and the body.
  const [plain] =
    new RegExp(
      `^[a-z_][\\w \\t*]*(?:\\n[\\w \\t*]*)?\\b${name}\\((?:[^;{}()]|\\([^;{}()]*\\))*\\)(?=(?:\\s+__\\w+(?:\\([^)]*\\))?)*\\s*\\{)`,
      "m",
    ).exec(text) ?? [];
  return (call ?? plain ?? macro)?.replaceAll(/\s+/g, " ");
}

export const SYMBOLS = "fixtures/linux-symbols.tsv";

export function readSymbols(): Symbol[] {
  return readFileSync(SYMBOLS, "utf8")
    .split("\n")
    .filter((row) => row !== "" && !row.startsWith("#"))
    .map((row) => {
      const [name, source, release, definition] = row.split("\t") as [string, string, string, string];
      return { name, source, release, definition };
    });
}
