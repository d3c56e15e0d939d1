/** The panels are connected: every named event is a link, and every object can be selected. */
import { inBrowser } from "./browser.js";
import { AFTER, BROKEN } from "./fixtures.js";

inBrowser("search finds events, times, operations and objects", { args: [AFTER], at: "event=10" }, async (t, shown) => {
  const { page } = shown;
  const search = async (words: string): Promise<void> => {
    await page.keyboard.press("/");
    await page.locator("#search").fill(words);
    await page.locator(".hits").waitFor();
    await page.keyboard.press("Enter");
    await page.locator(".hits").waitFor({ state: "detached" });
  };
  await search("1200");
  await shown.isAt(1200);
  const time = /at ([\d.]+)|([\d]+\.[\d]{6})/.exec((await page.locator(".scrubber .line").textContent())!);
  t.truthy(time);
  await search(time![1] ?? time![2]!);
  await shown.isAt(1200);
  await search("kvm_gmem_release");
  const release = await shown.leaves(1200);
  await page.locator(".scrubber .line", { hasText: "kvm_gmem_release" }).waitFor();
  await search("kvm_amd");
  await shown.hasSelected("module kvm_amd");
  t.is(await shown.event(), release, "it lives there");
  await page.locator("#search").fill("no such thing");
  t.is(await page.locator(".hits").textContent(), "nothing is called so");
  await page.locator("#search").fill("kvm");
  await page.locator(".hits button").nth(1).click();
  t.is(await page.locator("#search").inputValue(), "");
});

inBrowser(
  "the state is filtered by what is typed, and selects what is clicked",
  { args: [AFTER], at: "event=1118" },
  async (t, shown) => {
    const { page } = shown;
    const objects = page.locator(".objects .object");
    const all = await objects.count();
    await page.getByRole("searchbox", { name: "filter objects" }).fill("module");
    await shown.until(async () => (await objects.count()) < all, "fewer objects");
    const label = (await objects.first().locator("button.kind").textContent())!;
    t.regex(label, /^module /);
    await objects.first().locator("button.kind").click();
    await shown.hasSelected(label);
    await page.getByRole("searchbox", { name: "filter objects" }).fill("no such thing");
    await page.locator(".objects", { hasText: "nothing of guest_memfd is called so" }).waitFor();
  },
);

inBrowser(
  "findings lead to where each became certain, to its object and to what shows it",
  { args: [BROKEN], at: "event=1" },
  async (t, shown) => {
    const { page } = shown;
    const first = page.locator(".findings li").first();
    const [event, object, evidence] = [
      first.locator(".jump").nth(0),
      first.locator('.jump[title="select it"]'),
      first.locator(".dim .jump").first(),
    ];
    await event.click();
    await shown.isAt(Number(await event.textContent()));
    await object.click();
    t.is(await page.locator(".why h2 .kind").textContent(), await object.textContent());
    await evidence.click();
    await shown.isAt(Number(await evidence.textContent()));
  },
);

inBrowser("why an object is as it is leads through its life", { args: [AFTER], at: "event=1118" }, async (t, shown) => {
  const { page } = shown;
  await page.locator(".graph .node.inode").first().click();
  const why = page.locator(".why");
  await why.locator("h2", { hasText: "Why is i_count of inode" }).waitFor();
  const taken = why.getByRole("list", { name: "events of the count" }).locator(".jump").first();
  const to = Number(/\d+/.exec((await taken.textContent())!)![0]);
  await taken.click();
  await shown.isAt(to);
  t.is(await page.locator('.life [aria-current="step"] .jump').textContent(), String(to));
  await why.getByRole("button", { name: "next change" }).click();
  const next = await shown.leaves(to);
  t.true(next > to);
  await why.getByRole("button", { name: "previous change" }).click();
  await shown.isAt(to);
});

inBrowser(
  "a node of the graph is selected by a click and by keys",
  { args: [AFTER], at: "event=1118" },
  async (t, shown) => {
    const { page } = shown;
    const file = page.locator(".graph .node.file").first();
    const name = (await file.getAttribute("aria-label"))!;
    await file.click();
    t.is(await file.getAttribute("aria-pressed"), "true");
    t.true(name.startsWith((await page.locator(".why h2 .kind").textContent())!.split(" ")[0]!));
    await file.focus();
    await page.keyboard.press("Enter");
    t.is(await file.getAttribute("aria-pressed"), "false");
    await page.keyboard.press(" ");
    t.is(await file.getAttribute("aria-pressed"), "true");
    await page.getByRole("checkbox", { name: "fit" }).uncheck();
    await page.getByRole("checkbox", { name: "fit" }).check();
  },
);

inBrowser(
  "the call tree leads to its calls and returns, and to what they touched",
  { args: [AFTER], at: "event=1126" },
  async (_t, shown) => {
    const { page } = shown;
    const calls = page.locator(".calls li.call");
    await calls.first().waitFor();
    const entry = calls.first().locator(".jump").first();
    const at = Number(await entry.textContent());
    await entry.click();
    await shown.isAt(at);
    await page.locator(".calls li[aria-current]").first().waitFor();
    const touched = page.locator(".calls .note .jump").first();
    const label = (await touched.textContent())!;
    await touched.click();
    await shown.hasSelected(label);
    await page.locator("#search").fill("kvm_gmem_create");
    await page.keyboard.press("Enter");
    const back = page.locator(".calls li.call", { hasText: "kvm_gmem_create(" }).locator(".dim .jump").first();
    const returned = Number(await back.textContent());
    await back.click();
    await shown.isAt(returned);
  },
);

inBrowser(
  "the call tree shows the call of the moment, however long it is",
  { args: [AFTER], at: "event=2000" },
  async (t, shown) => {
    const { page } = shown;
    const inSight = (): Promise<boolean> =>
      page.evaluate<boolean>(`(() => {
      const [row, list] = [document.querySelector(".calls [aria-current]"), document.querySelector(".calls ol")].map((one) => one?.getBoundingClientRect());
      return row !== undefined && row.top < list.bottom && row.bottom > list.top;
    })()`);
    for (const event of [1080, 1063, 1135, 2825, 1127]) {
      await page.locator(".steps input").fill(String(event));
      await page.keyboard.press("Enter");
      await shown.isAt(event);
      await shown.until(inSight, `the call of event ${event} in sight`);
    }
    t.pass();
  },
);

inBrowser(
  "the number of an event can be typed, and the buttons beside it step",
  { args: [AFTER], at: "event=1118" },
  async (t, shown) => {
    const { page } = shown;
    await page.locator(".steps input").fill("1500");
    await page.keyboard.press("Enter");
    await shown.isAt(1500);
    await page.getByRole("button", { name: "next event" }).click();
    await shown.isAt(1501);
    await page.getByRole("button", { name: "previous event" }).click();
    await shown.isAt(1500);
    await page.getByRole("button", { name: "next operation" }).click();
    t.true((await shown.leaves(1500)) > 1500);
    const there = await shown.event();
    await page.getByRole("button", { name: "previous operation" }).click();
    t.true((await shown.leaves(there)) < there);
    t.true(await page.getByRole("button", { name: "next change of the selected object" }).isDisabled());
    await page.locator(".steps input").fill("999999");
    await page.keyboard.press("Enter");
    await shown.isAt(2988);
  },
);
