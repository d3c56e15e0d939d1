/** Tests that dependencies point one way: from later stages of an event's way to earlier ones, in rooms and files. */
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, normalize, relative } from "node:path";
import test from "ava";

const SOURCE = "src";

interface Import {
  readonly from: string;
  readonly to: string;
  /** It imports types alone: nothing is loaded. */
  readonly typesOnly: boolean;
}

const files = readdirSync(SOURCE, { recursive: true, encoding: "utf8" })
  .filter((file) => /\.tsx?$/.test(file) && !file.endsWith(".d.ts"))
  .map((file) => join(SOURCE, file));
const known = new Set(files);

function importsOf(file: string): Import[] {
  const text = readFileSync(file, "utf8");
  return [...text.matchAll(/(?:^(?:import|export)\s+(type\s)?[^;"]*?from\s+|import\()"(\.[^"]+)"/gm)].flatMap(
    (match) => {
      const base = normalize(join(dirname(file), match[2]!)).replace(/\.js$/, "");
      const to = [`${base}.ts`, `${base}.tsx`].find((path) => known.has(path));
      return to ? [{ from: file, to, typesOnly: match[1] !== undefined }] : [];
    },
  );
}

const imports = files.flatMap(importsOf);

/** A circle among nodes, from its first back to its first; `undefined` where there is none. */
function circleIn(edges: readonly (readonly [string, string])[]): string[] | undefined {
  const next = new Map<string, string[]>();
  for (const [from, to] of edges) next.set(from, [...(next.get(from) ?? []), to]);
  const done = new Set<string>();
  const path: string[] = [];
  const visit = (node: string): string[] | undefined => {
    if (done.has(node)) return undefined;
    if (path.includes(node)) return [...path.slice(path.indexOf(node)), node];
    path.push(node);
    for (const to of next.get(node) ?? []) {
      const circle = visit(to);
      if (circle) return circle;
    }
    path.pop();
    done.add(node);
    return undefined;
  };
  for (const [from] of edges) {
    const circle = visit(from);
    if (circle) return circle;
  }
  return undefined;
}

function roomOf(file: string): string {
  const [room, inside] = relative(SOURCE, file).split("/");
  return inside === undefined ? "the library" : room!;
}

test("the imports of every file are seen", (t) => {
  t.true(files.length > 400 && imports.length > 3 * files.length);
});

test("no room needs what needs it", (t) => {
  const edges = imports.map(({ from, to }) => [roomOf(from), roomOf(to)] as const);
  t.is(circleIn(edges.filter(([from, to]) => from !== to))?.join(" → "), undefined);
});

test("base needs no other room", (t) => {
  t.deepEqual(
    imports.filter(({ from, to }) => roomOf(from) === "base" && roomOf(to) !== "base"),
    [],
  );
});

test("no file waits for itself to be loaded", (t) => {
  const edges = imports.filter(({ typesOnly }) => !typesOnly).map(({ from, to }) => [from, to] as const);
  t.is(circleIn(edges)?.join(" → "), undefined);
});

test("a circle is found", (t) => {
  const edge = (text: string): [string, string] => text.split(" ") as [string, string];
  t.is(circleIn(["a b", "b c", "a c"].map(edge)), undefined);
  t.deepEqual(circleIn(["a b", "b c", "c b"].map(edge)), ["b", "c", "b"]);
});
