/** The timeline responds to the pointer: clicks, drags, the wheel, and descriptions on hover. */
import { inBrowser } from "./browser.js";
import { AFTER } from "./fixtures.js";

const MODULE = "module kvm_amd";

inBrowser(
  "a click on a lane selects its object, and goes to that event",
  { args: [AFTER], at: "event=1" },
  async (t, shown) => {
    const { x, y } = await shown.place(MODULE, 1500);
    await shown.page.mouse.click(x, y);
    const event = await shown.leaves(1);
    t.true(Math.abs(event - 1500) < 20, `event ${event}`);
    await shown.hasSelected(MODULE);
    await shown.page.locator(".why h2", { hasText: `refcnt of ${MODULE}` }).waitFor();
    t.is((await shown.link("object")).get("object"), MODULE);
    // A second click, on its name, deselects it.
    await shown.page.locator('.labels [aria-pressed="true"]').click();
    await shown.hasSelected("");
  },
);

inBrowser("a click on a track goes to a call of the task", { args: [AFTER], at: "event=1" }, async (t, shown) => {
  const { x, y } = await shown.place("gmemrun-", 1500);
  await shown.page.mouse.click(x, y);
  const event = await shown.leaves(1);
  t.true(Math.abs(event - 1500) < 400, `event ${event}`);
});

inBrowser(
  "the pointer over a lane, a reference and a call is told what is there",
  { args: [AFTER] },
  async (t, shown) => {
    const hint = shown.page.locator(".hint");
    const lane = await shown.place(MODULE, 1500);
    await shown.page.mouse.move(lane.x, lane.y);
    t.regex((await hint.textContent())!, /^module kvm_amd.*(older than the recording|born at event \d+)/);
    const file = await shown.place("[kvm-gmem]", 1118);
    await shown.page.mouse.move(file.x, file.y);
    await hint.waitFor();
    await shown.page.mouse.move(5, 5);
    await hint.waitFor({ state: "detached" });
    t.pass();
  },
);

inBrowser(
  "a drag moves what is near, the wheel with Ctrl comes nearer, the wheel scrolls",
  { args: [AFTER], viewport: { width: 1440, height: 640 } },
  async (t, shown) => {
    const { page } = shown;
    await page.getByRole("checkbox", { name: "only what is in view" }).uncheck();
    const { x, y } = await shown.place("gmemrun-", 1500);
    await page.mouse.move(x, y);
    await page.keyboard.down("Control");
    for (let k = 0; k < 4; k++) await page.mouse.wheel(0, -100);
    await page.keyboard.up("Control");
    await shown.link("range");
    const near = await shown.range();
    t.true(near.to - near.from < 2000, JSON.stringify(near));
    // The event under the pointer stays there.
    t.true(near.from < 1500 && near.to > 1500);
    const before = await shown.event();
    await page.mouse.down();
    await page.mouse.move(x - 200, y, { steps: 5 });
    await page.mouse.up();
    const moved = await shown.range();
    t.true(moved.from > near.from + 50, JSON.stringify([near, moved]));
    t.true(Math.abs(moved.to - moved.from - (near.to - near.from)) <= 2);
    t.is(await shown.event(), before, "a drag is no click");
    const rows = (): Promise<string> => page.locator(".labels").innerHTML();
    const was = await rows();
    await page.mouse.wheel(0, 30);
    await shown.until(async () => (await rows()) !== was, "rows that move");
    await page.keyboard.down("Shift");
    await page.mouse.wheel(0, 200);
    await page.keyboard.up("Shift");
    await shown.until(async () => (await shown.range()).from > moved.from, "a timeline that moves");
  },
);

inBrowser(
  "the ruler and the slider go through the moments as they are dragged",
  { args: [AFTER], at: "event=10" },
  async (t, shown) => {
    const { page } = shown;
    const picture = (await shown.canvas.boundingBox())!;
    await page.mouse.move(picture.x + picture.width * 0.25, picture.y + 8);
    await page.mouse.down();
    await page.mouse.move(picture.x + picture.width * 0.5, picture.y + 8, { steps: 8 });
    await page.mouse.up();
    const half = await shown.leaves(10);
    t.true(Math.abs(half - 2988 / 2) < 30, `event ${half}`);
    const slider = (await page.locator(".scrub").boundingBox())!;
    const middle = slider.y + slider.height / 2;
    await page.mouse.move(slider.x + slider.width * 0.5, middle);
    await page.mouse.down();
    await page.mouse.move(slider.x + slider.width * 0.75, middle, { steps: 8 });
    await page.mouse.up();
    const later = await shown.leaves(half);
    t.true(Math.abs(later - 2988 * 0.75) < 60, `event ${later}`);
  },
);

inBrowser(
  "kinds can be left out, what is not in view too, and the axis can be time",
  { args: [AFTER] },
  async (t, shown) => {
    const { page } = shown;
    const rows = (): Promise<number> => page.locator(".labels .label.kind.module").count();
    t.true((await rows()) > 0);
    await page.getByRole("checkbox", { name: "module" }).uncheck();
    await page.locator(".labels .label.kind.module").first().waitFor({ state: "detached" });
    await page.getByRole("checkbox", { name: "module" }).check();
    await page.locator(".labels .label.kind.module").first().waitFor();
    await page.getByRole("checkbox", { name: "only what is in view" }).uncheck();
    await shown.isDrawn();
    await page.getByRole("checkbox", { name: "by time" }).check();
    await shown.isDrawn();
  },
);

inBrowser("the picture can be saved", { args: [AFTER], at: "event=1200" }, async (t, shown) => {
  const download = shown.page.waitForEvent("download");
  await shown.page.getByRole("button", { name: "save as PNG" }).click();
  t.is((await download).suggestedFilename(), "s01-create-close.trace.gz-1200.png");
});
