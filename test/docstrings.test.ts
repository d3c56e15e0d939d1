/**
 * Every export of the library has a docstring. Read off the declarations that the build has written, which users of the
 * library see: tsc begins each declaration at the start of a line.
 */
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import test from "ava";

interface PackageExports {
  readonly exports: { readonly [name: string]: string | { readonly types: string } };
}

/** An export of a module: a declaration of its own, or an export of another module, perhaps under another name. */
interface Exported {
  readonly name: string;
  /** The docstring of a declaration; empty where there is none. */
  readonly doc?: string;
  readonly from?: { readonly path: string; readonly name: string };
}

const DECLARATION =
  /^export (?:declare )?(?:abstract )?(?:function\*?|class|interface|type|const|let|enum|namespace) ([\w$]+)/;
const LIST = /^export (?:type )?\{([^}]*)\}(?: from "([^"]+)")?;/;
const ALL = /^export (?:type )?\* from "([^"]+)";/;
const NOTHING = /^export \{\};/;

function resolved(path: string, from: string): string {
  return join(dirname(path), from.replace(/\.js$/, ".d.ts"));
}

const read = new Map<string, Map<string, Exported>>();
function exportsOf(path: string): Map<string, Exported> {
  const known = read.get(path);
  if (known) return known;
  const found = new Map<string, Exported>();
  read.set(path, found);
  const text = readFileSync(path, "utf8");
  const statements =
    /^(\/\*\*(?:[^*]|\*(?!\/))*\*\/\n)?(export [^\n]*(?:\n(?=[^\n]*\})(?:[^\n]*))?|(?:declare )[^\n]*)/gm;
  const documented = new Map<string, string>();
  for (const [, doc = "", statement] of text.matchAll(statements)) {
    if (NOTHING.test(statement!)) continue;
    const own = DECLARATION.exec(statement!.replace(/^declare/, "export declare"));
    if (own) {
      // The first of a function's overloads has the docstring.
      documented.set(own[1]!, documented.get(own[1]!) || doc);
      if (statement!.startsWith("export")) found.set(own[1]!, { name: own[1]!, doc: documented.get(own[1]!)! });
    }
  }
  for (const [statement] of text.matchAll(/^export (?:type )?(?:\{[^}]*\}|\*)[^;]*;/gm)) {
    if (NOTHING.test(statement)) continue;
    const all = ALL.exec(statement);
    if (all) {
      const from = resolved(path, all[1]!);
      for (const name of exportsOf(from).keys()) found.set(name, { name, from: { path: from, name } });
      continue;
    }
    const list = LIST.exec(statement);
    if (!list) throw new Error(`${path}: ${statement}`);
    for (const item of list[1]!.split(",").filter((part) => part.trim() !== "")) {
      const [name, as = name] = item
        .trim()
        .replace(/^type /, "")
        .split(" as ") as [string, string?];
      found.set(
        as!,
        list[2] === undefined
          ? { name: as!, doc: documented.get(name) ?? "" }
          : { name: as!, from: { path: resolved(path, list[2]), name } },
      );
    }
  }
  // Nothing that is exported in a form that is not understood here goes unseen.
  const lines = text.match(/^export /gm)?.length ?? 0;
  const forms = text.match(new RegExp(`${DECLARATION.source}|^export (?:type )?[{*]`, "gm"))?.length ?? 0;
  if (lines !== forms) throw new Error(`${path}: ${lines} exports, of which ${forms} are understood`);
  return found;
}

/** The docstring of an export, wherever it is declared. */
function docOf(path: string, name: string): { readonly doc: string; readonly at: string } {
  const found = exportsOf(path).get(name);
  if (!found) throw new Error(`${path} does not export ${name}`);
  return found.from ? docOf(found.from.path, found.from.name) : { doc: found.doc!, at: path };
}

const { exports } = JSON.parse(readFileSync("package.json", "utf8")) as PackageExports;
for (const [entry, target] of Object.entries(exports)) {
  if (typeof target === "string") continue;
  test(`every export of ${entry} has a docstring`, (t) => {
    const names = [...exportsOf(target.types).keys()];
    t.true(names.length > 10);
    const without = names.filter((name) => docOf(target.types, name).doc === "");
    // Errors have their tag, which readers and tools look for.
    const untagged = names.filter((name) => /\b[Tt]hrows (?:an?|what) /.test(docOf(target.types, name).doc));
    t.deepEqual(untagged, [], "@throws {ErrorClass} says of what");
    t.deepEqual(
      without.map((name) => `${docOf(target.types, name).at}: ${name}`),
      [],
      "give each one: what it is, its shapes and units, its errors (@throws)",
    );
  });
}
