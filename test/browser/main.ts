/**
 * `npm run test:browser -- [FILE…]`: the viewer in a real browser. Without one, a line says so, and nothing has passed.
 * Exit status: 0 if all is well or there is no browser, else ava's. `--find` only looks for one: 0 if found, else 1.
 */
import { spawnSync } from "node:child_process";
import { rmSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { findChromium } from "./chromium.js";
import { PICTURES } from "./pictures.js";

const chromium = findChromium();
if (process.argv[2] === "--find") process.exitCode = chromium === undefined ? 1 : 0;
else if (chromium === undefined)
  process.stdout.write("browser tests skipped: no Chromium here (apt-get install chromium, or CHROMIUM=PATH)\n");
else {
  rmSync(PICTURES, { recursive: true, force: true });
  const ava = fileURLToPath(new URL("cli.mjs", import.meta.resolve("ava")));
  const { status } = spawnSync(
    process.execPath,
    [ava, "--config", "test/browser/ava.config.js", ...process.argv.slice(2)],
    { stdio: "inherit", env: { ...process.env, CHROMIUM: chromium } },
  );
  process.exitCode = status ?? 1;
}
