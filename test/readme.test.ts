/** The README's commands print what the README says. `…` on a line of its own stands for lines left out. */
import { readFileSync, statSync } from "node:fs";
import test from "ava";
import { kreel, spawned } from "./cli/run.js";

interface Transcript {
  readonly command: string;
  readonly output: readonly string[];
}

function transcripts(markdown: string): Transcript[] {
  return [...markdown.matchAll(/^```\n\$ npx kreel ((?:"[^"]*"|[^"\n])*)\n([\s\S]*?)^```$/gm)].map(
    ([, command, output]) => ({ command: command!, output: output!.trimEnd().split("\n") }),
  );
}

/** As a shell takes a command apart. */
function words(command: string): string[] {
  return command.match(/"[^"]*"|\S+/g)!.map((word) => word.replace(/^"([^]*)"$/, "$1"));
}

/** Standard output, whatever the exit status. A module of others takes a process of its own. */
async function printedBy(args: readonly string[]): Promise<string> {
  return (args.some((arg) => /^\.\/.*\.[jt]s$/.test(arg)) ? spawned(args) : await kreel(args)).out;
}

const README = readFileSync("README.md", "utf8");
const found = transcripts(README);

test("the README shows a tour, a diff, findings, a tree, and simulated kernels", (t) => {
  t.deepEqual(
    found.map(({ command }) => command.split(" ")[0]),
    [
      "tour",
      "diff",
      "replay",
      "replay",
      "replay",
      "minimise",
      "diff",
      "simulate",
      "conform",
      "why",
      "when",
      "report",
      "export",
      "query",
      "query",
      "query",
    ],
  );
});

test("its pictures are there, and small", (t) => {
  const pictures = [...README.matchAll(/^!\[.+\]\((.+)\)$/gm)].map(([, path]) => path!);
  t.is(pictures.length, 2);
  for (const path of pictures) t.true(statSync(path).size < 200_000, path);
});

for (const { command, output } of found) {
  test(`kreel ${command}`, async (t) => {
    const printed = (await printedBy(words(command))).split("\n");
    let at = 0;
    let elided = false;
    for (const line of output) {
      if (line === "…") {
        elided = true;
        continue;
      }
      const next = elided ? printed.indexOf(line, at) : at;
      t.is(printed[next], line, `line ${at + 1} of the output`);
      at = next + 1;
      elided = false;
    }
  });
}
