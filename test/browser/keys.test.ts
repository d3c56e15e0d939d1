/** Every key that the page lists does what the list says. */
import { inBrowser, onPage } from "./browser.js";
import { AFTER, BEFORE, BROKEN } from "./fixtures.js";

inBrowser(
  "arrows go by event, by operation, by change of the selected object",
  { args: [AFTER], at: "event=1200&object=module+kvm_amd" },
  async (t, shown) => {
    const { page } = shown;
    await page.locator(".life li").first().waitFor();
    const pressed = async (key: string): Promise<number> => {
      const from = await shown.event();
      await page.keyboard.press(key);
      return (await shown.leaves(from)) - from;
    };
    t.is(await pressed("ArrowRight"), 1);
    t.is(await pressed("ArrowLeft"), -1);
    t.true((await pressed("Shift+ArrowRight")) > 0);
    t.is(
      await page.locator(".calls li").first().getAttribute("aria-current"),
      "step",
      "an outermost call begins there",
    );
    t.true((await pressed("Shift+ArrowLeft")) < 0);
    for (const [next, previous] of [
      ["Alt+ArrowRight", "Alt+ArrowLeft"],
      [".", ","],
    ] as const) {
      t.true((await pressed(next)) > 0, next);
      await page.locator(".changed", { hasText: "module kvm_amd" }).waitFor();
      t.true((await pressed(previous)) < 0, previous);
      await page.locator(".changed", { hasText: "module kvm_amd" }).waitFor();
    }
    await pressed("End");
    t.is(await shown.event(), 2988);
    await pressed("Home");
    t.is(await shown.event(), 0);
    await page.locator(".line", { hasText: "before the first event" }).waitFor();
  },
);

inBrowser("brackets go from finding to finding", { args: [BROKEN] }, async (t, shown) => {
  const { page } = shown;
  const findings = [
    ...new Set((await page.locator(".findings li > .jump:nth-of-type(1)").allTextContents()).map(Number)),
  ];
  t.true(findings.length > 1);
  await page.keyboard.press("Home");
  await shown.isAt(0);
  for (const event of findings) {
    await page.keyboard.press("]");
    await shown.isAt(event);
  }
  for (const event of findings.slice(0, -1).reverse()) {
    await page.keyboard.press("[");
    await shown.isAt(event);
  }
});

inBrowser("letters come nearer, go farther and move", { args: [AFTER], at: "event=1500" }, async (t, shown) => {
  const { page } = shown;
  const pressed = async (key: string): Promise<{ readonly from: number; readonly to: number }> => {
    const was = await shown.canvas.getAttribute("aria-label");
    await page.keyboard.press(key);
    await shown.until(
      async () => (await shown.canvas.getAttribute("aria-label")) !== was,
      "another part of the recording",
    );
    return shown.range();
  };
  const wide = ({ from, to }: { readonly from: number; readonly to: number }): number => to - from;
  const whole = await shown.range();
  for (const [nearer, farther] of [
    ["w", "s"],
    ["+", "-"],
    ["=", "s"],
  ] as const) {
    const near = await pressed(nearer);
    const nearest = await pressed(nearer);
    t.true(wide(nearest) < wide(near) && wide(near) < wide(whole), nearer);
    t.true(wide(await pressed(farther)) > wide(nearest), farther);
  }
  const here = await shown.range();
  const right = await pressed("d");
  t.true(right.from > here.from);
  t.true((await pressed("a")).from < right.from);
  t.deepEqual(await pressed("0"), whole);
});

inBrowser(
  "a slash searches, Escape leaves the field, then selects nothing; a question mark lists the keys",
  { args: [AFTER], at: "event=1200&object=module+kvm_amd" },
  async (t, shown) => {
    const { page } = shown;
    await shown.hasSelected("module kvm_amd");
    const focused = (): Promise<string> => page.evaluate<string>("document.activeElement.id");
    await page.keyboard.press("/");
    t.is(await focused(), "search");
    // Keys are letters there.
    await page.keyboard.type("0.w");
    t.is(await page.locator("#search").inputValue(), "0.w");
    t.is(await shown.event(), 1200);
    await page.keyboard.press("Escape");
    t.is(await focused(), "");
    await shown.hasSelected("module kvm_amd");
    await page.keyboard.press("Escape");
    await shown.hasSelected("");
    await page.keyboard.press("?");
    await page.locator("dialog[open]").waitFor();
    t.is(await page.locator("dialog dt").count(), 12);
    await page.keyboard.press("Escape");
    await page.locator("dialog[open]").waitFor({ state: "detached" });
    await page.getByRole("button", { name: "keys" }).click();
    await page.getByRole("button", { name: "close", exact: true }).click();
    await page.locator("dialog[open]").waitFor({ state: "detached" });
  },
);

onPage("n and p go from difference to difference", { args: [BEFORE, AFTER] }, async (t, shown) => {
  const { page } = shown;
  await page.locator(".pair.choice").first().waitFor();
  const status = page.locator(".diff .tools [role=status]").first();
  for (const [key, at] of [
    ["n", 1],
    ["n", 2],
    ["n", 3],
    ["p", 2],
  ] as const) {
    await page.keyboard.press(key);
    await status.filter({ hasText: new RegExp(`^${at} of `) }).waitFor();
  }
  await page.locator(".pair.chosen").waitFor();
  await page.keyboard.press("Escape");
  await page.locator(".moments").waitFor({ state: "detached" });
  await page.keyboard.press("/");
  t.is(await page.evaluate<string>("document.activeElement.id"), "difference-words");
});
