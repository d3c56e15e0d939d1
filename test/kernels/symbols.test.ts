/** No function of a simulated kernel bears a kernel's name that Linux does not have. */
import { readFileSync } from "node:fs";
import test from "ava";
import { catalogue } from "../../events/index.js";
import { kernels, withoutPrivateMemory } from "../../src/kernels/index.js";
import { Environment } from "../../src/simulate/environment.js";
import { definitionIn, isSeam, kernelFunctions, prototypes, readSymbols } from "../support/kernel-functions.js";

const FUNCTIONS = kernelFunctions();
const SYMBOLS = new Map(readSymbols().map((symbol) => [symbol.name, symbol]));

test("every function is one that Linux defines, in a file that the source names, or a seam", (t) => {
  const strangers = FUNCTIONS.filter(({ name, sources }) => {
    const symbol = SYMBOLS.get(name);
    return symbol ? !sources.includes(symbol.source) : !isSeam(name);
  });
  t.deepEqual(
    strangers.map(({ name, path, line }) => `${path}:${line}: ${name}`),
    [],
  );
  t.true(FUNCTIONS.length > 250);
});

test("no seam has a name that Linux has, and each says what it stands for", (t) => {
  const lines = new Map<string, string[]>();
  const before = (path: string, line: number): string => {
    if (!lines.has(path)) lines.set(path, readFileSync(path, "utf8").split("\n"));
    return lines.get(path)![line - 2]!;
  };
  const seams = FUNCTIONS.filter(({ name }) => isSeam(name));
  t.deepEqual(
    seams.filter(({ name }) => SYMBOLS.has(name)),
    [],
  );
  const declared = prototypes();
  const explained = new Set(
    seams.filter(({ path, line }) => before(path, line).trimEnd().endsWith("*/")).map(({ name }) => name),
  );
  t.deepEqual(
    [...declared.keys()].filter((name) => isSeam(name) && !explained.has(name)),
    [],
  );
});

test("the table of Linux's functions holds definitions, of functions that there are, and agrees with the catalogue", (t) => {
  const used = new Set(FUNCTIONS.map(({ name }) => name));
  for (const { name, source, release, definition } of SYMBOLS.values()) {
    t.true(used.has(name), `${name} is used`);
    t.is(definitionIn(`${definition}\n{`, name), definition, name);
    const operation = catalogue.find((of) => of.name === name);
    if (operation) t.is(source, operation.source, name);
    if (release === "posted") t.is(definition, operation?.prototype ?? "", name);
  }
});

test("a definition is told from a call and from a declaration", (t) => {
  const text = `
int declared(int a);
static int calls(int a)
{
	return called(a);
}
static __always_inline struct file *
twoLines(struct file *f, int (*then)(int)) __must_hold(x)
{
SYSCALL_DEFINE2(dup2, unsigned int, oldfd, unsigned int, newfd)
{
# define macro(kvm) ((kvm)->arch)
`;
  t.deepEqual(
    ["declared", "called", "calls", "twoLines", "dup2", "macro", "acro"].map((name) => definitionIn(text, name)),
    [
      undefined,
      undefined,
      "static int calls(int a)",
      "static __always_inline struct file * twoLines(struct file *f, int (*then)(int))",
      "SYSCALL_DEFINE2(dup2, unsigned int, oldfd, unsigned int, newfd)",
      "# define macro(kvm)",
      undefined,
    ],
  );
});

test("the text of the kernels shows every function that they have", (t) => {
  const written = new Set(FUNCTIONS.map(({ name }) => name));
  for (const { name, functions } of [...Object.values(kernels), ...Object.values(kernels).map(withoutPrivateMemory)]) {
    for (let table: object = functions; table !== Environment.prototype; table = Object.getPrototypeOf(table) as object)
      for (const key of Object.keys(table)) t.true(written.has(key), `${name}: ${key}`);
  }
  for (const name of prototypes().keys()) t.true(written.has(name), name);
});
