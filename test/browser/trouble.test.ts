/** Errors are reported in words on the page. */
import { mkdtempSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test from "ava";
import { fileOf, spawned } from "../cli/run.js";
import { inBrowser, onPage } from "./browser.js";
import { AFTER } from "./fixtures.js";
import { startServer } from "./server.js";
import { Shown } from "./shown.js";

function logBytes(): Buffer {
  const path = join(mkdtempSync(join(tmpdir(), "kreel-")), "a.klog");
  spawned(["import", AFTER, path]);
  return readFileSync(path);
}

const whole = logBytes();
const damaged = Buffer.from(whole);
damaged.fill(0x5a, whole.length >> 1, (whole.length >> 1) + 64);

inBrowser(
  "a log that is damaged in the middle is shown, with what is missing",
  { args: [fileOf(damaged, "damaged.klog")] },
  async (t, shown) => {
    const summary = shown.page.locator(".findings summary");
    t.regex((await summary.textContent())!, /\d+ (events are missing|warning)/);
    await summary.click();
    t.true((await shown.page.locator(".findings details li").count()) > 0);
    t.regex(
      (await shown.page.locator(".findings .sound").textContent())!,
      /^no findings in what is left of \d+ events$/,
    );
    await shown.page.keyboard.press("End");
    await shown.page.keyboard.press("ArrowLeft");
  },
);

inBrowser(
  "a log that ends before its import did is shown up to there",
  { args: [fileOf(whole.subarray(0, whole.length - 500), "cut.klog")] },
  async (t, shown) => {
    await shown.page.locator(".findings summary").click();
    t.true((await shown.page.locator(".findings details li").count()) > 0);
  },
);

test.serial(
  "a server that has ended: what is there stays at hand, and what is asked for says what is wrong",
  async (t) => {
    const server = await startServer([]);
    const shown = await Shown.open({ expected: /ERR_CONNECTION_REFUSED|worker\.js/ }, server);
    const { page } = shown;
    await shown.isRead();
    await server.stop();
    // Its log is in memory.
    await page.keyboard.press("Home");
    await shown.isAt(0);
    await page.getByRole("combobox", { name: "step" }).selectOption("5");
    await page.getByRole("alert").waitFor();
    t.regex((await page.getByRole("alert").textContent())!, /is kreel still running\?/);
    await shown.picture("a server that has ended");
    t.deepEqual(shown.troubles, []);
    await shown.context.close();
  },
);

test.serial("a page that gets no session says what is wrong", async (t) => {
  const shown = await Shown.open({ args: [AFTER], expected: /ERR_CONNECTION_REFUSED/ });
  const { page } = shown;
  await shown.isRead();
  await page.route("**/session.json", (route) => route.abort("connectionrefused"));
  await page.reload();
  await page.getByRole("alert").waitFor();
  t.regex((await page.getByRole("alert").textContent())!, /is kreel still running\?/);
  t.deepEqual(shown.troubles, []);
  await shown.context.close();
});

onPage("a token that is not this server's gets nothing", { args: [AFTER] }, async (t, shown) => {
  await shown.isRead();
  const other = shown.server!.address.replace(/\/[0-9a-f]+\/$/, `/${"0".repeat(32)}/`);
  t.is((await shown.context.request.get(other)).status(), 404);
});
