/**
 * `npm run bench:viewer`: measures the viewer in a browser, with a log of a million events: the time to the first
 * picture and to the whole, and frames a second while panning and scrubbing, as the page itself counts them. Needs a
 * Chromium (`CHROMIUM`, or one on the path); it draws without a graphics card here, which is the slowest machine that a
 * reader may have.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { type Browser, chromium, type Page } from "playwright-core";
import { importRecording } from "../src/read/import.js";
import { streamLong } from "./recording.js";
import { machine } from "./table.js";

const EVENTS = 1_000_000;
const RUNS = 5;
/** Milliseconds for each way of moving. */
const MOVED = 3000;
const VIEWPORT = { width: 1440, height: 900 };
const MAIN = join(import.meta.dirname, "../src/cli/main.js");
const PAGE = join(import.meta.dirname, "../ui");

interface Opened {
  /** Milliseconds from navigation. */
  readonly first: number;
  readonly whole: number;
}

interface Moved {
  readonly frames: number;
  /** Milliseconds. */
  readonly slowest: number;
  readonly moments: number;
}

interface Probed {
  readonly kreelBench: Opened & { readonly frames: readonly number[]; readonly moments: number };
}

/** Measures inside the page: when the first content was visible, and its frames. */
const PROBE = `
window.kreelBench = { first: 0, whole: 0, frames: [], moments: 0, on: false };
new MutationObserver(() => requestAnimationFrame((now) => {
  const b = window.kreelBench;
  if (!b.first && document.querySelector(".labels .label")) b.first = now;
  if (!b.whole && (/^no findings/.test(document.querySelector(".sound")?.textContent ?? "") || document.querySelector(".findings ol"))) b.whole = now;
  if (b.on) b.moments++;
})).observe(document, { subtree: true, childList: true, characterData: true });
let last = 0;
requestAnimationFrame(function tick(now) {
  if (window.kreelBench.on && last) window.kreelBench.frames.push(now - last);
  last = now; requestAnimationFrame(tick); });
`;

const executable = [
  process.env["CHROMIUM"],
  "/usr/bin/chromium",
  "/usr/bin/chromium-browser",
  "/usr/bin/google-chrome",
].find((path) => path !== undefined && existsSync(path));
if (executable === undefined) {
  process.stderr.write("bench:viewer: no Chromium; install one, or name it in CHROMIUM\n");
  process.exitCode = 2;
} else await main(executable);

async function main(executablePath: string): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "kreel-bench-"));
  const log = join(folder, "million.klog");
  const text = join(folder, "million.trace");
  for await (const piece of streamLong(EVENTS)) writeFileSync(text, piece, { flag: "a" });
  const { events } = await importRecording(text, log);
  rmSync(text);
  const { child, address } = await serve(log);
  const browser = await chromium.launch({ executablePath, args: ["--no-sandbox"] });
  try {
    const opened: Opened[] = [];
    const moved = new Map<string, Moved[]>();
    for (let run = 0; run < RUNS; run++) {
      const page = await open(browser, address);
      opened.push(await page.evaluate(() => (globalThis as unknown as Probed).kreelBench));
      for (const [name, closer, y] of [
        ["panning", 8, 140],
        ["scrubbing, all of it in view", 0, 8],
        ["scrubbing, 30,000 events in view", 10, 8],
      ] as const) {
        const all = moved.get(name) ?? [];
        moved.set(name, [...all, await drag(page, closer, y)]);
      }
      await page.close();
    }
    report(events, statSync(log).size, opened, moved);
  } finally {
    await browser.close();
    child.kill("SIGINT");
    rmSync(folder, { recursive: true, force: true });
  }
}

function serve(log: string): Promise<{ readonly child: ChildProcess; readonly address: string }> {
  const child = spawn(process.execPath, [MAIN, "ui", log], { stdio: ["ignore", "pipe", "inherit"] });
  return new Promise((done, failed) => {
    child.once("exit", () => failed(new Error("kreel ui ended")));
    child.stdout!.once("data", (data: Buffer) => done({ child, address: data.toString().trim() }));
  });
}

async function open(browser: Browser, address: string): Promise<Page> {
  const page = await browser.newPage({ viewport: VIEWPORT });
  await page.addInitScript(PROBE);
  await page.goto(address);
  await page.waitForFunction(() => (globalThis as unknown as Probed).kreelBench.whole > 0, undefined, {
    timeout: 60_000,
  });
  await page.waitForTimeout(500);
  return page;
}

/**
 * Drags to and fro across the timeline at a height: in the ruler this scrubs, below it it pans. `closer`: how often to
 * zoom in first.
 */
async function drag(page: Page, closer: number, y: number): Promise<Moved> {
  await page.keyboard.press("0");
  for (let k = 0; k < closer; k++) await page.keyboard.press("w");
  await page.waitForTimeout(400);
  const box = (await page.locator("canvas").first().boundingBox())!;
  const middle = box.x + box.width * 0.6;
  await page.mouse.move(middle, box.y + y);
  await page.mouse.down();
  await page.evaluate(() =>
    Object.assign((globalThis as unknown as Probed).kreelBench, { on: true, frames: [], moments: 0 }),
  );
  const start = performance.now();
  for (let k = 0; performance.now() - start < MOVED; k++)
    await page.mouse.move(middle + Math.sin(k / 25) * box.width * 0.35, box.y + y);
  const took = (performance.now() - start) / 1000;
  const { frames, moments } = await page.evaluate(() =>
    Object.assign((globalThis as unknown as Probed).kreelBench, { on: false }),
  );
  await page.mouse.up();
  const sorted = frames.toSorted((a, b) => a - b);
  return {
    frames: frames.length / took,
    slowest: sorted[Math.floor(sorted.length * 0.95)] ?? NaN,
    moments: moments / took,
  };
}

function report(
  events: number,
  bytes: number,
  opened: readonly Opened[],
  moved: ReadonlyMap<string, readonly Moved[]>,
): void {
  const { cpu, cores, node } = machine();
  const out = (line: string): unknown => process.stdout.write(`${line}\n`);
  out(`${cpu}, ${cores} cores, Node ${node}; ${RUNS} pages in turn, medians\n`);
  out(`${events.toLocaleString("en")} events in a log of ${(bytes / 1e6).toFixed(1)} MB`);
  out(
    `  first picture            ${middle(opened.map(({ first }) => first)).toFixed(0)} ms after the address was opened`,
  );
  out(`  all of it                ${middle(opened.map(({ whole }) => whole)).toFixed(0)} ms`);
  for (const [name, all] of moved)
    out(
      `  ${name}: ${middle(all.map(({ frames }) => frames)).toFixed(1)} frames a second, 95 of 100 within ${middle(all.map(({ slowest }) => slowest)).toFixed(0)} ms; the page changed ${middle(all.map(({ moments }) => moments)).toFixed(0)} times a second`,
    );
  const sizes = ["page.js", "worker.js", "page.css"].map(
    (name) => gzipSync(readFileSync(join(PAGE, name)), { level: 9 }).length,
  );
  out(
    `  the page's script, its worker's and its style: ${sizes.map((size) => `${(size / 1024).toFixed(0)} KiB`).join(", ")} compressed`,
  );
}

function middle(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1]!;
}
