/** Every recording opens at a moment where there is something to see, with a drawn timeline. */
import { inBrowser, onPage } from "./browser.js";
import { AFTER, BEFORE, BROKEN } from "./fixtures.js";

inBrowser("a healthy recording: nothing is wrong, and what lives most", { args: [AFTER] }, async (t, shown) => {
  const { page } = shown;
  t.is(await page.locator(".sound").textContent(), "no findings in 2988 events");
  t.true((await shown.event()) > 0);
  t.true((await page.locator(".objects .object").count()) > 3);
  t.true((await page.locator(".graph .node").count()) > 3);
  await shown.isDrawn();
  t.true((await page.locator(".labels .label.kind").count()) > 5);
  t.regex(await page.title(), /^s01-create-close\.trace\.gz, event \d+ – kreel$/);
});

inBrowser("a broken recording: at the first finding", { args: [BROKEN] }, async (t, shown) => {
  const { page } = shown;
  const [first] = await page.locator(".findings li.error .jump").allTextContents();
  t.is(await shown.event(), Number(first));
  await shown.isDrawn();
});

onPage("two recordings: what differs, the first, the second", { args: [BEFORE, AFTER] }, async (t, shown) => {
  const { page } = shown;
  await page.locator(".pair.choice").first().waitFor();
  t.regex((await page.locator(".summary summary").textContent())!, /^\d+ differences: /);
  t.deepEqual(await page.locator("nav button").allTextContents(), [
    "before: linux-6.12/s01-create-close.trace.gz",
    "after: linux-6.12-patched/s01-create-close.trace.gz",
    "differences",
  ]);
  await page.getByRole("button", { name: "before: " }).click();
  await shown.isRead();
  t.is(await page.locator(".sound").textContent(), "no findings in 2935 events");
  await page.getByRole("button", { name: "after: " }).click();
  await page.locator(".sound", { hasText: "2988 events" }).waitFor();
  await shown.isDrawn();
});

onPage(
  "a scenario on two simulated kernels opens like recordings",
  {
    args: [
      "fixtures/scenarios/linux-6.12/s01-create-close.scn",
      "--kernel",
      "linux-6.12",
      "--kernel",
      "linux-6.12-patched",
    ],
  },
  async (_t, shown) => {
    const { page } = shown;
    await page.locator(".pair.choice").first().click();
    await page.locator(".moments .states").waitFor();
    await page.locator("nav button").first().click();
    await shown.isRead();
    await shown.isDrawn();
  },
);
