/**
 * Builds the viewer's page into dist/ui, with the licences of what it contains. The engine is the code that the command
 * runs; the few modules of Node that it imports have stand-ins (`page/platform`).
 */
import { copyFileSync, mkdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { kinds } from "../../dist/events/kinds/index.js";

const here = dirname(fileURLToPath(import.meta.url));
const page = join(here, "page");
const out = join(here, "../../dist/ui");
const { version } = JSON.parse(readFileSync(join(here, "../../package.json"), "utf8"));

/** Colours of the kinds of object on light and dark ground, from the catalogue of kinds. */
const coloured = Object.values(kinds).filter(({ drawn }) => drawn.colour);
const variables = (ground) => coloured.map(({ name, drawn }) => `--kind-${name}:${drawn.colour[ground]};`).join("");
const kindsCss = [
  `:root{${variables(0)}}@media (prefers-color-scheme:dark){:root{${variables(1)}}}`,
  ...coloured.map(
    ({ name }) => `.kind.${name}{border-color:var(--kind-${name})}.node.${name} rect{stroke:var(--kind-${name})}`,
  ),
].join("\n");
const catalogue = {
  name: "catalogue",
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /^kreel:/ }, ({ path }) => ({ path, namespace: "catalogue" }));
    onLoad({ filter: /.*/, namespace: "catalogue" }, () => ({ contents: kindsCss, loader: "css" }));
  },
};

const standIn = (name) => join(page, "platform", `${name}.ts`);
mkdirSync(out, { recursive: true });
await build({
  entryPoints: { page: join(page, "main.tsx"), worker: join(page, "worker.ts"), report: join(page, "report.css") },
  outdir: out,
  bundle: true,
  minify: true,
  format: "iife",
  target: ["chrome111", "firefox115", "safari16.4"],
  legalComments: "eof",
  plugins: [catalogue],
  tsconfig: join(page, "tsconfig.json"),
  alias: {
    "node:zlib": standIn("zlib"),
    "node:crypto": standIn("crypto"),
    "node:fs": standIn("fs"),
    "node:path": standIn("path"),
    "node:os": standIn("os"),
    "node:buffer": "buffer/",
  },
  inject: [standIn("globals")],
  define: { KREEL_VERSION: JSON.stringify(version) },
  logLevel: "warning",
});
copyFileSync(join(page, "index.html"), join(out, "index.html"));
// A report embeds these files, so they must not contain the end of the element that holds them.
for (const name of ["page.js", "worker.js", "page.css", "report.css"]) {
  if (/<\/(?:script|style)|<!--/i.test(readFileSync(join(out, name), "utf8")))
    throw new Error(`${name} cannot stand inside a page`);
}
