/**
 * A page of the viewer in a real browser, with all complaints of the browser: its console, script errors, failed
 * requests.
 */
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import {
  type Browser,
  type BrowserContext,
  type BrowserContextOptions,
  chromium,
  type Locator,
  type Page,
} from "playwright-core";
import { findChromium } from "./chromium.js";
import { PICTURES } from "./pictures.js";
import { type Server, startServer } from "./server.js";

/** Milliseconds that something on the page may take: the machine may be busy. */
const PATIENCE = 30_000;

export interface Opening extends BrowserContextOptions {
  /** Arguments of `kreel ui`; absent: the tour. */
  readonly args?: readonly string[];
  /** A page that no server provides. */
  readonly address?: string;
  /** The address after `#`. */
  readonly at?: string;
  /** Troubles that are part of the test. */
  readonly expected?: RegExp;
}

/** One browser per process. */
let browser: Promise<Browser> | undefined;
const servers = new Map<string, Promise<Server>>();

/** Closes the browser and every server. */
export async function closeAll(): Promise<void> {
  await browser?.then(
    (started) => started.close(),
    () => {},
  );
  for (const server of servers.values())
    await server.then(
      (started) => started.stop(),
      () => {},
    );
}

function serverFor(args: readonly string[]): Promise<Server> {
  const key = args.join("\0");
  let server = servers.get(key);
  if (!server) servers.set(key, (server = startServer(args)));
  return server;
}

export class Shown {
  private constructor(
    readonly page: Page,
    readonly context: BrowserContext,
    readonly server: Server | undefined,
    readonly troubles: string[],
  ) {}

  static async open({ args = [], address, at = "", expected, ...options }: Opening, server?: Server): Promise<Shown> {
    // Chromium has no sandbox for root, as whom tests run in containers.
    browser ??= chromium.launch({
      executablePath: findChromium()!,
      args: process.getuid?.() === 0 ? ["--no-sandbox"] : [],
    });
    if (address === undefined) address = (server ??= await serverFor(args)).address;
    const context = await (await browser).newContext({
      viewport: { width: 1440, height: 900 },
      colorScheme: "light",
      ...options,
    });
    context.setDefaultTimeout(PATIENCE);
    const page = await context.newPage();
    const troubles: string[] = [];
    const trouble = (text: string): void => void (expected?.test(text) || troubles.push(text));
    page.on(
      "console",
      (message) => ["error", "warning"].includes(message.type()) && trouble(`console: ${message.text()}`),
    );
    page.on("pageerror", (error) => trouble(`error: ${error.stack ?? error.message}`));
    page.on("requestfailed", (request) => trouble(`request: ${request.url()} ${request.failure()?.errorText}`));
    page.on(
      "response",
      (response) => response.status() >= 400 && trouble(`response: ${response.url()} ${response.status()}`),
    );
    page.on("dialog", (dialog) => (trouble(`dialog: ${dialog.message()}`), void dialog.dismiss()));
    await page.goto(`${address}${at === "" ? "" : `#${at}`}`);
    return new Shown(page, context, server, troubles);
  }

  /** Waits until the page has read its recording to the end and shows the state at its moment. */
  async isRead(): Promise<this> {
    await this.page.locator(".findings :is(.sound, ol)").filter({ hasNotText: "events read" }).waitFor();
    await this.page.locator(".objects h2", { hasText: /after event \d/ }).waitFor();
    return this;
  }

  /** Polls by hand: the page's policy forbids playwright's own polling. */
  async until(holds: () => Promise<boolean>, what: string): Promise<void> {
    for (const end = Date.now() + PATIENCE; !(await holds()); await this.page.waitForTimeout(30))
      if (Date.now() > end) throw new Error(`waited in vain for ${what}`);
  }

  /** The requested moment; the shown state may lag. */
  async event(): Promise<number> {
    return Number(await this.page.locator(".steps input").inputValue());
  }

  /** Waits until the page shows the state after this event. */
  async isAt(event: number): Promise<void> {
    await this.page.locator(".objects h2", { hasText: new RegExp(`after event ${event}\\b`) }).waitFor();
  }

  /** Waits until the page is at another moment, and returns that. */
  async leaves(event: number): Promise<number> {
    await this.until(async () => (await this.event()) !== event, `another moment than ${event}`);
    const now = await this.event();
    await this.isAt(now);
    return now;
  }

  /** Returns the parameters of the address once it has all these. */
  async link(...names: readonly string[]): Promise<URLSearchParams> {
    const now = (): URLSearchParams => new URLSearchParams(new URL(this.page.url()).hash.slice(1));
    await this.until(async () => names.every((name) => now().has(name)), `an address with ${names.join(", ")}`);
    // It follows the page after a fifth of a second.
    await this.page.waitForTimeout(300);
    return now();
  }

  /** The label of the selected object; empty: none. */
  async selected(): Promise<string> {
    const label = this.page.locator('.labels [aria-pressed="true"]').first();
    return (await label.count()) === 0 ? "" : (await label.getAttribute("title"))!.split(",")[0]!;
  }

  /** Waits until the object is selected. */
  async hasSelected(label: string): Promise<void> {
    await this.until(async () => (await this.selected()) === label, `${label || "nothing"} to be selected`);
  }

  /** The part of the recording that the timeline shows. */
  async range(): Promise<{ readonly from: number; readonly to: number }> {
    const [, from, to] = /events (\d+) to (\d+)/.exec((await this.page.locator("canvas").getAttribute("aria-label"))!)!;
    return { from: Number(from), to: Number(to) };
  }

  get canvas(): Locator {
    return this.page.locator(".canvas canvas");
  }

  /**
   * Returns the position on the page of an event in a row of the timeline, given the start of the row's label, with the
   * whole recording in view.
   */
  async place(label: string, event: number): Promise<{ readonly x: number; readonly y: number }> {
    const { from, to } = await this.range();
    const picture = (await this.canvas.boundingBox())!;
    const row = (await this.page.locator(".labels .label", { hasText: label }).first().boundingBox())!;
    return { x: picture.x + ((event - from) / (to - from)) * picture.width, y: row.y + 5 };
  }

  /** Waits until the timeline's picture has many colours. */
  async isDrawn(): Promise<void> {
    await this.until(async () => (await this.#colours()) > 10, "a timeline that is drawn");
  }

  async #colours(): Promise<number> {
    return this.page.evaluate<number>(`(() => {
      const canvas = document.querySelector(".canvas canvas");
      const copy = new OffscreenCanvas(canvas.width, canvas.height).getContext("2d", { willReadFrequently: true });
      copy.drawImage(canvas, 0, 0);
      const { data } = copy.getImageData(0, 0, canvas.width, canvas.height);
      return new Set(new Uint32Array(data.buffer)).size;
    })()`);
  }

  async picture(name: string): Promise<void> {
    mkdirSync(PICTURES, { recursive: true });
    await this.page.screenshot({ path: join(PICTURES, `${name.replace(/[^\w]+/g, "-")}.png`) });
  }
}
