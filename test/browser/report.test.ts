/**
 * A report in one HTML file: it reads without scripts, and its embedded viewer works from the disk, with no server and
 * no network.
 */
import { pathToFileURL } from "node:url";
import { fileOf, spawned } from "../cli/run.js";
import { hostileLeak } from "../report/hostile.js";
import { isAccessible } from "./axe.js";
import { onPage } from "./browser.js";
import { AFTER, BEFORE, BROKEN } from "./fixtures.js";

function reportOf(...traces: readonly string[]): string {
  return pathToFileURL(fileOf(spawned(["report", ...traces, "--to", "html"]).out, "report.html")).href;
}

for (const colorScheme of ["light", "dark"] as const) {
  onPage(
    `a report of a leak, ${colorScheme}: what is wrong, and the viewer at that moment`,
    { address: reportOf(BROKEN), colorScheme },
    async (t, shown) => {
      const { page } = shown;
      await page.locator("#report").waitFor();
      await isAccessible(t, shown);
      await page.getByRole("button", { name: /viewer/ }).click();
      await shown.isRead();
      await shown.isDrawn();
      t.is(await shown.event(), Number(await page.locator(".findings li.error .jump").first().textContent()));
      await isAccessible(t, shown);
      await page.keyboard.press("ArrowRight");
      await page.getByRole("button", { name: /report/ }).click();
      await page.locator("#report").waitFor();
    },
  );
}

onPage("a link of a report leads to its moment", { address: reportOf(BROKEN) }, async (t, shown) => {
  const { page } = shown;
  const link = page.locator('#report a[href*="event"]').first();
  const event = Number(/event=(\d+)/.exec((await link.getAttribute("href"))!)![1]);
  await link.click();
  await shown.isRead();
  await shown.isAt(event);
  t.pass();
});

onPage(
  "a report of what a patch changed has the differences behind it",
  { address: reportOf(BEFORE, AFTER) },
  async (t, shown) => {
    const { page } = shown;
    await isAccessible(t, shown);
    await page.getByRole("button", { name: /viewer/ }).click();
    await page.getByRole("button", { name: "before: " }).click();
    await shown.isRead();
    await shown.isDrawn();
  },
);

onPage("a report reads without scripts", { address: reportOf(BROKEN), javaScriptEnabled: false }, async (t, shown) => {
  t.true((await shown.page.locator("#report").innerText()).includes("leak"));
  t.false(await shown.page.locator("#kreel-opening").isVisible());
});

onPage(
  "a report of a hostile recording shows its words as text",
  { address: reportOf(hostileLeak("<img src=x>")) },
  async (t, shown) => {
    const { page } = shown;
    t.is(await page.locator("img").count(), 0);
    await page.getByRole("button", { name: /viewer/ }).click();
    await shown.isRead();
    t.is(await page.locator("img").count(), 0);
  },
);
