/** The address is the page: another browser that opens it shows the same, and the back button leads back. */
import { inBrowser } from "./browser.js";
import { AFTER, BEFORE, BROKEN } from "./fixtures.js";
import { Shown } from "./shown.js";

inBrowser(
  "the address shows the same moment, selection and part in another browser",
  { args: [BEFORE, AFTER], at: "event=900" },
  async (t, shown) => {
    const { page } = shown;
    await page.getByRole("button", { name: "after: " }).click();
    await page.locator(".sound", { hasText: "2988 events" }).waitFor();
    await page.locator(".labels .label.kind.file").first().click();
    await page.keyboard.press("w");
    await page.keyboard.press("w");
    const link = await shown.link("object", "range", "side");
    const other = await Shown.open({ at: link.toString() }, shown.server);
    await other.isRead();
    t.is((await other.link("object", "range")).toString(), link.toString());
    await other.hasSelected(await shown.selected());
    t.is(
      await other.page.locator(".objects ul").first().innerText(),
      await page.locator(".objects ul").first().innerText(),
    );
    t.deepEqual(other.troubles, []);
    await other.context.close();
  },
);

inBrowser("an address that changes in place is followed", { args: [AFTER], at: "event=10" }, async (_t, shown) => {
  await shown.page.evaluate("location.hash = '#event=1118&object=module+kvm_amd'");
  await shown.isAt(1118);
  await shown.hasSelected("module kvm_amd");
});

inBrowser(
  "nonsense in an address is passed over",
  {
    args: [AFTER],
    at: "event=-4&side=900&range=9-2&object=%3Cb%3E__proto__&view=x&difference=99999999&event2=%00&step=7",
  },
  async (t, shown) => {
    t.true((await shown.event()) > 0);
    await shown.hasSelected("");
  },
);

inBrowser(
  "the browser's way back leads back from a jump, and forward again",
  { args: [BROKEN], at: "event=10" },
  async (t, shown) => {
    const { page } = shown;
    const jump = page.locator(".findings .jump").first();
    await jump.click();
    const there = Number(await jump.textContent());
    await shown.isAt(there);
    await page.waitForTimeout(300);
    await page.goBack();
    await shown.isAt(10);
    await page.waitForTimeout(300);
    await page.goForward();
    await shown.isAt(there);
    t.is((await shown.link("event")).get("event"), String(there));
  },
);
