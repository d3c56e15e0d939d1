/** The tour: each step shows its moment, and its figures link to what they show. */
import { tourSteps } from "../../src/tour/index.js";
import { inBrowser } from "./browser.js";

const told = tourSteps();

inBrowser("every step of the tour shows its moment and its object", {}, async (t, shown) => {
  const { page } = shown;
  const steps = await told;
  for (const { number, title, moment, views } of steps) {
    if (number > 1) await page.getByRole("button", { name: "next ›" }).click();
    await page.locator(".tour h2", { hasText: `${number}. ${title}` }).waitFor();
    await shown.isAt(moment.event);
    await shown.isRead();
    t.is((await page.locator("header nav span").textContent())!, moment.recording);
    t.is(await page.locator(".tour figure").count(), views.length);
    t.is((await shown.link("step")).get("step"), String(number));
    if (moment.object !== "")
      await shown.until(
        async () => new URLSearchParams(new URL(page.url()).hash.slice(1)).get("object") === moment.object,
        `${moment.object} selected in step ${number}`,
      );
    await shown.isDrawn();
    await shown.picture(`tour step ${number}`);
  }
  t.true(await page.getByRole("button", { name: "next ›" }).isDisabled());
  await page.getByRole("button", { name: "‹ back" }).click();
  await page.locator(".tour h2", { hasText: `${steps.length - 1}. ` }).waitFor();
  await page.getByRole("combobox", { name: "step" }).selectOption("1");
  await page.locator(".tour h2", { hasText: "1. " }).waitFor();
  t.is(await page.evaluate<string>("document.activeElement.tagName"), "H2");
});

inBrowser(
  "the figures of a step lead to their moments, and the way back leads to the step's",
  { at: "step=6" },
  async (t, shown) => {
    const { page } = shown;
    const { moment } = (await told)[5]!;
    await shown.isAt(moment.event);
    for (const button of await page.getByRole("button", { name: "go there" }).all()) {
      await button.click();
      t.true((await shown.event()) > 0);
    }
    await page.keyboard.press("End");
    await page.keyboard.press("ArrowLeft");
    await page.getByRole("button", { name: /^look at event/ }).click();
    await shown.isAt(moment.event);
  },
);

inBrowser("an address leads to a step, and past the end to the last", { at: "step=9999" }, async (t, shown) => {
  const steps = await told;
  await shown.isAt(steps.at(-1)!.moment.event);
  t.regex((await shown.page.locator(".tour h2").textContent())!, new RegExp(`^${steps.length}\\. `));
});

inBrowser(
  "what is explained stands out as a word, not inside of another one",
  { at: "step=1" },
  async (t, { page }) => {
    await page.locator(".tour dfn").first().waitFor();
    t.false(
      await page.evaluate<boolean>(
        "[...document.querySelectorAll('.tour dfn')].some(({ previousSibling }) => /\\w$/.test(previousSibling?.textContent ?? ''))",
      ),
    );
  },
);
