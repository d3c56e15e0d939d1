/**
 * README.md, CONTRIBUTING.md and docs/ say what is so: their commands print what they show, their links lead somewhere,
 * the manual names every option, and what examples import exists. `…` on a line of its own stands for lines left out.
 */
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import test from "ava";
import { program } from "../src/cli/program.js";
import * as library from "../src/index.js";
import * as kernelsModule from "../src/kernels.js";
import * as catalogue from "../events/index.js";
import { kreel, spawned } from "./cli/run.js";
import { openTerminal } from "../src/cli/terminal.js";
import { PAGE, pageWithFolders, uses } from "./support/folders.js";

interface Page {
  readonly path: string;
  readonly text: string;
}

const TOP = ["README.md", "CONTRIBUTING.md", "CHANGELOG.md"];
const inDocs = readdirSync("docs", { recursive: true, encoding: "utf8" })
  .filter((name) => name.endsWith(".md") && !name.includes("node_modules"))
  .sort()
  .map((name) => join("docs", name));
const pages: readonly Page[] = [...TOP, ...inDocs].map((path) => ({ path, text: readFileSync(path, "utf8") }));
const pageOf = (path: string): Page => pages.find((page) => page.path === path)!;

interface Transcript {
  readonly command: string;
  readonly output: readonly string[];
}

function transcripts(markdown: string): Transcript[] {
  return [...markdown.matchAll(/^```\n\$ npx kreel ((?:"[^"]*"|[^"\n])*)\n([\s\S]*?)^```$/gm)].map(
    ([, command, output]) => ({ command: command!, output: output!.trimEnd().split("\n") }),
  );
}

/** Splits a command into words as a shell does. */
function words(command: string): string[] {
  return command.match(/"[^"]*"|\S+/g)!.map((word) => word.replace(/^"([^]*)"$/, "$1"));
}

const printed = new Map<string, Promise<string>>();
/**
 * Standard output, whatever the exit status; of a command that two pages show, once. A module of others takes a process
 * of its own.
 */
function run(command: string): Promise<string> {
  let output = printed.get(command);
  if (output === undefined) {
    const args = words(command);
    const isOther = args.some((arg) => /^\.\/.*\.[jt]s$/.test(arg));
    output = isOther ? Promise.resolve(spawned(args).out) : kreel(args).then(({ out }) => out);
    printed.set(command, output);
  }
  return output;
}

for (const { path, text } of pages) {
  const found = transcripts(text);
  if (text.includes("$ npx kreel"))
    test(`${path}: each command that it shows is run here`, (t) => {
      t.is(found.length, text.match(/^\$ npx kreel /gm)!.length);
    });
  for (const { command, output } of found) {
    test(`${path}: kreel ${command}`, async (t) => {
      const lines = (await run(command)).split("\n");
      let at = 0;
      let elided = false;
      for (const line of output) {
        if (line === "…") {
          elided = true;
          continue;
        }
        const next = elided ? lines.indexOf(line, at) : at;
        t.is(lines[next], line, `line ${at + 1} of the output`);
        at = next + 1;
        elided = false;
      }
    });
  }
}

test("README.md shows a diff and a finding, and is read in one go", (t) => {
  const { text } = pageOf("README.md");
  t.deepEqual(
    transcripts(text).map(({ command }) => command.split(" ")[0]),
    ["diff", "replay"],
  );
  t.true(text.split("\n").length <= 200);
});

/** Paths that exist only once they were built. */
const BUILT = new Set(["docs/api/html"]);

/** Returns GitHub's anchor of a heading. */
function anchor(heading: string): string {
  return heading
    .replace(/\[([^\]]*)\]\([^)]*\)/g, "$1")
    .toLowerCase()
    .replace(/[^\p{L}\p{N}\-_ ]/gu, "")
    .replaceAll(" ", "-");
}

function anchors(markdown: string): Set<string> {
  const prose = markdown.replace(/^```[\s\S]*?^```$/gm, "");
  return new Set([...prose.matchAll(/^#+ (.+)$/gm)].map(([, heading]) => anchor(heading!)));
}

for (const { path, text } of pages) {
  test(`${path}: its links and paths lead somewhere`, (t) => {
    const prose = text.replace(/^```[\s\S]*?^```$/gm, "");
    const broken: string[] = [];
    for (const [, link] of prose.replace(/`[^`\n]*`/g, "").matchAll(/\]\(([^)\s]+)\)/g)) {
      if (/^https?:/.test(link!)) continue;
      const [file = "", place] = link!.split("#");
      const target = file === "" ? path : join(dirname(path), file);
      const page = existsSync(target);
      if (!page || (place !== undefined && !anchors(readFileSync(target, "utf8")).has(place))) broken.push(link!);
    }
    for (const [, named] of prose.matchAll(/`((?:src|test|events|docs|fixtures|examples)\/[\w./-]+)`/g))
      if (!BUILT.has(named!) && !existsSync(named!) && !/\bNAME\b/.test(named!)) broken.push(named!);
    t.deepEqual(broken, []);
  });
}

test("each page of docs/ is linked from another", (t) => {
  const linked = new Set(
    pages.flatMap(({ path, text }) =>
      [...text.matchAll(/\]\(([^)#\s]+)/g)].map(([, link]) => join(dirname(path), link!)),
    ),
  );
  t.deepEqual(
    inDocs.filter((path) => !linked.has(path)),
    [],
  );
});

test("pictures are small", (t) => {
  const shown = pages.flatMap(({ path, text }) =>
    [...text.matchAll(/^!\[.+\]\((.+)\)$/gm)].map(([, picture]) => join(dirname(path), picture!)),
  );
  t.deepEqual([...new Set(shown)].sort(), ["docs/differences.png", "docs/viewer.png"]);
  for (const path of shown) t.true(statSync(path).size < 200_000, path);
});

test("the manual has every command with every option, and no option that there is not", async (t) => {
  const commands = await program(openTerminal({}), () => {});
  const { text: contents } = pageOf("docs/manual/README.md");
  const optionsOn = new Map<string, Set<string>>();
  for (const command of commands.commands) {
    const name = command.name();
    if (name === "help") continue;
    t.regex(contents, new RegExp(`kreel ${name}\\b`), `kreel ${name} is in the contents`);
    const page = ["import", "why", "when"].includes(name) ? "log" : name;
    const { text } = pageOf(`docs/manual/${page}.md`);
    const known = optionsOn.get(page) ?? new Set();
    optionsOn.set(page, known);
    for (const { long } of command.options.filter(({ hidden }) => !hidden)) {
      t.true(new RegExp(`${long}\\b`).test(text), `kreel ${name} ${long}`);
      known.add(long!);
    }
  }
  for (const [page, known] of optionsOn) {
    const table = pageOf(`docs/manual/${page}.md`).text.matchAll(/^\| [^|]*?`(--[a-z-]+)/gm);
    for (const [, option] of table) t.true(known.has(option!) || option === "--script", `${page}: ${option}`);
  }
});

/** The part of a page under a heading. */
function section(markdown: string, heading: string): string {
  const [, after = ""] = markdown.split(`\n## ${heading}\n`);
  return after.split("\n## ")[0]!;
}

const HEALTHY = "fixtures/recordings/linux-6.12/s01-create-close.trace.gz";
const PATCHED = "fixtures/recordings/linux-6.12-patched/s01-create-close.trace.gz";
const SCENARIO = "fixtures/scenarios/linux-6.12/s01-create-close.scn";
const LOG = "fixtures/logs/linux-7.2-s04-bind-unbind.v1.klog";
const DOCUMENTS: readonly (readonly [heading: string, command: string])[] = [
  ["replay", `replay --json --focus all ${HEALTHY}`],
  ["replay", `replay --json --at 1030 ${HEALTHY}`],
  ["diff", `diff --json ${HEALTHY} ${PATCHED}`],
  ["diff", `diff --json --scenario ${SCENARIO} anon-inode custom-inode`],
  ["simulate", `simulate --json ${SCENARIO} --kernel linux-6.12`],
  ["conform", `conform --json ${HEALTHY} ${SCENARIO} --kernel linux-6.12`],
  ["import, log, why and when", `log --json --check-states ${LOG}`],
  ["import, log, why and when", `why --json --at 1250 ${LOG} kvm_amd`],
  ["import, log, why and when", `when --json ${LOG} "live inode >= 2"`],
  ["minimise", `minimise --json fixtures/recordings/broken/leak-module-on-error/s09-enfile.trace.gz`],
  ["query", `query --json ${LOG} "SELECT count(*) FROM events"`],
  ["tour", "tour --json close"],
];
for (const [heading, command] of DOCUMENTS) {
  test(`docs/json.md has the fields of kreel ${command}`, async (t) => {
    const words = section(pageOf("docs/json.md").text, heading);
    const document = JSON.parse(await run(command)) as { readonly [field: string]: unknown };
    t.is(document["kreel"], command.startsWith("replay --json --at") ? "state" : command.split(" ")[0]);
    t.is(document["version"], 1);
    const fields = Object.keys(document).filter((field) => field !== "kreel" && field !== "version");
    t.true(fields.length > 0);
    t.deepEqual(
      fields.filter((field) => !words.includes(`\`${field}\``)),
      [],
    );
  });
}

test("what examples import is there", (t) => {
  const modules: { readonly [name: string]: object } = {
    kreel: library,
    "kreel/kernels": kernelsModule,
    "kreel/catalogue": catalogue,
  };
  let seen = 0;
  for (const { path, text } of pages)
    for (const [, names, from] of text.matchAll(/^import \{ ([^}]+) \} from "(kreel[^"]*)";$/gm))
      for (const name of names!.split(", ")) {
        t.true(name in modules[from!]!, `${path}: ${name} of ${from}`);
        seen++;
      }
  t.true(seen > 10);
});

test("the table of folders in docs/architecture.md has every folder, and the arrows that there are", (t) => {
  const { text } = pageOf(PAGE);
  const { page, rows } = pageWithFolders(text);
  t.deepEqual([...rows].sort(), [...uses().keys()].sort(), `each folder has a row in ${PAGE}`);
  t.is(text, page, "npm run docs writes the last column anew");
});
