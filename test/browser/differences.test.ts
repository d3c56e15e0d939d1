/**
 * The differences of two recordings: chosen by pointer and keys, told with both moments, filtered, and in the address.
 */
import { inBrowser, onPage } from "./browser.js";
import { AFTER, BEFORE, BROKEN } from "./fixtures.js";
import { Shown } from "./shown.js";

const TWO = { args: [BEFORE, AFTER], at: "view=diff" } as const;

async function compared(shown: Shown): Promise<Shown["page"]> {
  await shown.page.locator(".pair.choice").first().waitFor();
  return shown.page;
}

onPage("a difference that is chosen shows both moments, and opens in the timeline", TWO, async (t, shown) => {
  const page = await compared(shown);
  await page.locator(".pair.choice").nth(2).click();
  const moments = page.locator(".moments");
  await moments.locator(".states").waitFor();
  t.is(await moments.locator(".graph svg").count(), 2);
  t.regex((await moments.locator("h3").nth(0).textContent())!, /^before: after event \d+/);
  t.regex((await moments.locator("h3").nth(1).textContent())!, /^after: after event \d+/);
  await page.getByRole("checkbox", { name: "only what differs" }).check();
  const head = moments.locator("h3").nth(1);
  const returned = await head.textContent();
  await page.getByRole("checkbox", { name: "when the call returned" }).uncheck();
  await shown.until(async () => (await head.textContent()) !== returned, "the moment of the call");
  const event = Number(/after event (\d+)/.exec((await head.textContent())!)![1]);
  await moments.getByRole("button", { name: "open in the timeline" }).nth(1).click();
  await shown.isRead();
  await shown.isAt(event);
  t.is(
    await page.locator('nav [aria-pressed="true"]').textContent(),
    "after: linux-6.12-patched/s01-create-close.trace.gz",
  );
});

onPage("kinds and words filter the rows", TWO, async (t, shown) => {
  const page = await compared(shown);
  const status = page.locator(".diff .tools [role=status]").first();
  const all = await status.textContent();
  const kinds = page.locator(".kinds button");
  t.true((await kinds.count()) > 1);
  await kinds.first().click();
  await shown.until(async () => (await status.textContent()) !== all, "fewer differences");
  await kinds.first().click();
  await shown.until(async () => (await status.textContent()) === all, "all differences");
  await page.locator("#difference-words").fill("module");
  await shown.until(async () => (await status.textContent()) !== all, "fewer differences");
  await page.locator("#difference-words").fill("no such words");
  await status.filter({ hasText: /^none$/ }).waitFor();
});

onPage("what is the same can be shown too, with each difference where it is", TWO, async (t, shown) => {
  const page = await compared(shown);
  const rows = async (): Promise<number> => Number(await page.locator(".pairs").getAttribute("aria-rowcount"));
  const few = await rows();
  await page.keyboard.press("n");
  const chosen = await page.locator(".moments .tools h2").textContent();
  await page.getByRole("checkbox", { name: "what is the same, too" }).check();
  await shown.until(async () => (await rows()) > few, "more rows");
  t.is(await page.locator(".moments .tools h2").textContent(), chosen);
  t.true((await shown.link("difference")).has("difference"));
});

onPage("an operation of the summary leads to its first difference", TWO, async (t, shown) => {
  const page = await compared(shown);
  const where = page.locator(".stats .jump").last();
  const name = (await where.textContent())!;
  await where.click();
  await page.locator(".moments .tools .dim", { hasText: name }).waitFor();
  t.is(await page.locator(".pair.chosen").count(), 1);
});

onPage("the address shows the same difference in another browser", TWO, async (t, shown) => {
  const page = await compared(shown);
  for (let k = 0; k < 5; k++) await page.keyboard.press("n");
  await page.locator(".moments .states").waitFor();
  const link = await shown.link("difference");
  const other = await Shown.open({ at: link.toString() }, shown.server);
  await other.page.locator(".moments .states").waitFor();
  t.is(
    await other.page.locator(".moments .tools h2").textContent(),
    await page.locator(".moments .tools h2").textContent(),
  );
  t.is(
    await other.page.locator(".moments h3").nth(0).textContent(),
    await page.locator(".moments h3").nth(0).textContent(),
  );
  t.deepEqual(other.troubles, []);
  await other.context.close();
});

onPage("a recording differs from itself in nothing", { args: [BROKEN, BROKEN], at: "view=diff" }, async (t, shown) => {
  await shown.page.locator(".summary summary", { hasText: "No differences: " }).waitFor();
  t.is(await shown.page.locator(".pair.choice").count(), 0);
});

inBrowser(
  "both sides keep their own moments",
  { args: [BEFORE, AFTER], at: "event=100&event2=200" },
  async (t, shown) => {
    const { page } = shown;
    await shown.isAt(100);
    await page.getByRole("button", { name: "after: " }).click();
    await shown.isAt(200);
    await page.getByRole("button", { name: "before: " }).click();
    await shown.isAt(100);
    t.is((await shown.link("event2")).get("event2"), "200");
  },
);
