/** Kernels of one's own: modules outside this package, as JavaScript and as TypeScript, and what is wrong with them. */
import test from "ava";
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, realpathSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { TroubleError } from "../../src/base/trouble.js";
import { loadKernel } from "../../src/own-kernel/load.js";
import { spawned } from "../cli/run.js";

const ENFILE = "fixtures/scenarios/linux-6.12/s09-enfile.scn";
const LEAK =
  /^fixtures\/scenarios\/linux-6\.12\/s09-enfile\.scn:8: error: module kvm_amd \[leaked-module-reference\]$/m;
const EXAMPLE = readFileSync("examples/forgets-module-put.js", "utf8");

/** A folder outside the package. */
const folder = (): string => realpathSync(mkdtempSync(join(tmpdir(), "kreel-")));

function module(text: string, name = "my-kernel.js", where = folder()): string {
  const path = join(where, name);
  writeFileSync(path, text);
  return path;
}

test("the example leaks the module", (t) => {
  const { code, out } = spawned(["simulate", ENFILE, "--kernel", "./examples/forgets-module-put.js"]);
  t.is(code, 1);
  t.regex(out, LEAK);
});

test("a module is JavaScript or TypeScript, by path or by URL, and finds kreel without having it installed", (t) => {
  const typed = EXAMPLE.replace("const patched =", 'const patched: (typeof kernels)["linux-6.12-patched"] =');
  t.not(typed, EXAMPLE);
  for (const path of [
    module(EXAMPLE),
    module(EXAMPLE, "k.mjs"),
    module(typed, "k.ts"),
    module(typed, "k.mts"),
    pathToFileURL(module(typed, "a b#.ts")).href,
  ]) {
    const { code, out, err } = spawned(["simulate", ENFILE, "--kernel", path]);
    t.is(err, "", path);
    t.is(code, 1, path);
    t.regex(out, LEAK, path);
  }
});

test("a module may import others, and export its kernel by name", (t) => {
  const where = folder();
  module(
    'import { enter, type Op } from "kreel/kernels";\nexport function* nothing(): Op<void> {\n  yield enter("kvm_gmem_exit", {});\n}\n',
    "nothing.ts",
    where,
  );
  const path = module(
    'import { kernels } from "kreel/kernels";\nimport { nothing } from "./nothing.ts";\nexport const kernel = kernels["linux-6.12-patched"].with("never unmounts", { kvm_gmem_exit: nothing });\n',
    "k.ts",
    where,
  );
  const { code, out } = spawned(["simulate", ENFILE, "--kernel", path]);
  t.is(code, 1);
  t.regex(out, /\[leaked-mount\]/);
});

test("the types of the package check a kernel from outside", (t) => {
  const where = folder();
  mkdirSync(join(where, "node_modules"));
  symlinkSync(process.cwd(), join(where, "node_modules", "kreel"));
  const options = { target: "es2023", module: "nodenext", strict: true, noEmit: true, types: [], skipLibCheck: true };
  // In one run of the compiler, which takes longer to read the package's types than to check a kernel.
  const files = {
    "right.ts": EXAMPLE,
    "name.ts": EXAMPLE.replace("*module_put() {}", "*module_puts() {}").replace("patched.with(", "patched.with(5, "),
    "arguments.ts": EXAMPLE.replace("*kvm_gmem_inode_create_getfile", "*kvm_gmem_create"),
    "method.ts": EXAMPLE.replace("apply(this.with", "apply(this.width"),
  };
  for (const [name, text] of Object.entries(files)) module(text, name, where);
  writeFileSync(join(where, "package.json"), '{"type":"module"}');
  writeFileSync(
    join(where, "tsconfig.json"),
    JSON.stringify({ compilerOptions: options, include: Object.keys(files) }),
  );
  const { stdout } = spawnSync(process.execPath, ["node_modules/typescript/bin/tsc", "-p", where], {
    encoding: "utf8",
  });
  for (const name of Object.keys(files))
    t.is(new RegExp(`${name}\\(\\d+,\\d+\\): error TS`).test(stdout), name !== "right.ts", `${name}: ${stdout}`);
});

test("what is wrong with a module is said with its file and line", async (t) => {
  const trouble = (path: string, said: RegExp): void => {
    const { code, out, err } = spawned(["simulate", ENFILE, "--kernel", path]);
    t.is(code, 2, err);
    t.is(out, "");
    t.regex(err, /^kreel: [^\n]+\n$/);
    t.regex(err, said);
  };
  const HEAD = 'import { kernels } from "kreel/kernels";\n';
  trouble("./none.js", /\.\/none\.js: no such file/);
  trouble(folder(), /: not a file/);
  trouble("file://elsewhere/k.js", /not the URL of a file/);
  trouble(module("export default 5;"), /my-kernel\.js: exports no kernel; it takes import/);
  trouble(module(`${HEAD}\nthrow new TypeError("not\\nso");`), /my-kernel\.js:3: does not load: TypeError: not\\x0aso/);
  trouble(module(`${HEAD}const a = = 1;`), /my-kernel\.js:2: does not load: SyntaxError/);
  trouble(module(`${HEAD}import { nope } from "kreel/kernels";`), /my-kernel\.js:2: does not load: .*nope/);
  trouble(module(`${HEAD}import "./nope.js";`), /my-kernel\.js: does not load: Cannot find module .*nope\.js/);
  trouble(module(`${HEAD}\nenum A { b }`, "k.ts"), /k\.ts:3: does not load: .*enum/i);
  trouble(module(`${HEAD}const a: = 1;`, "k.ts"), /k\.ts:2: does not load/);
  await t.throwsAsync(loadKernel("./none.js"), { instanceOf: TroubleError });
});

test("a function that throws while it runs is trouble at its own line", (t) => {
  const kernelOf = (body: string): string =>
    module(
      `import { kernels } from "kreel/kernels";\nexport default kernels["linux-6.12"].with("mine", {\n  *kvm_gmem_create(kvm) {\n    ${body}\n  },\n});\n`,
    );
  for (const [body, said] of [
    ["yield* this.iputt(kvm);", /my-kernel\.js:4: kernel mine: TypeError: .*, while `gmem g v 64K` \(line 4\)/],
    ["yield* this.iput(this.inode(7));", /my-kernel\.js:4: kernel mine: RangeError: /],
    [
      'for (;;) yield* this.mutex_unlock(this.system.freed, yield* this.mutex_lock(this.system.freed, "forever"));',
      /s09-enfile\.scn: kernel mine was given up after \d+ steps/,
    ],
    ["yield 5;", /s09-enfile\.scn: kernel mine: TypeError: /],
  ] as const) {
    const { code, out, err } = spawned(["simulate", ENFILE, "--kernel", kernelOf(body)]);
    t.is(code, 2);
    t.is(out, "");
    t.regex(err, /^kreel: [^\n]+\n$/);
    t.regex(err, said);
  }
});
