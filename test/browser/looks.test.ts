/**
 * The page for every eye and hand: light and dark, narrow, magnified, without motion, without a pointer, read aloud.
 */
import type { ExecutionContext } from "ava";
import { COUNTED_KINDS, kinds } from "../../events/index.js";
import { isAccessible } from "./axe.js";
import { inBrowser, onPage } from "./browser.js";
import { AFTER, BEFORE, BROKEN } from "./fixtures.js";
import type { Opening, Shown } from "./shown.js";

const isRead = async (shown: Shown): Promise<unknown> => shown.isRead();

interface View extends Opening {
  readonly name: string;
  readonly ready: (shown: Shown) => Promise<unknown>;
}

const VIEWS: readonly View[] = [
  {
    name: "a timeline",
    args: [AFTER],
    at: "event=1118&object=module+kvm_amd",
    ready: async (shown) => {
      await isRead(shown);
      await shown.page.locator(".life li").first().waitFor();
    },
  },
  { name: "findings", args: [BROKEN], ready: isRead },
  {
    name: "differences",
    args: [BEFORE, AFTER],
    at: "view=diff",
    ready: async ({ page }) => page.locator(".pair.choice").first().waitFor(),
  },
  {
    name: "both moments of a difference",
    args: [BEFORE, AFTER],
    at: "view=diff&difference=3",
    ready: async ({ page }) => page.locator(".moments .states").waitFor(),
  },
  {
    name: "the tour",
    at: "step=4",
    ready: async (shown) => {
      await isRead(shown);
      await shown.page.locator(".tour figure").first().waitFor();
    },
  },
  {
    name: "the keys",
    args: [AFTER],
    ready: async (shown) => {
      await isRead(shown);
      await shown.page.keyboard.press("?");
      await shown.page.locator("dialog[open]").waitFor();
    },
  },
  {
    name: "what a search found",
    args: [AFTER],
    ready: async (shown) => {
      await isRead(shown);
      await shown.page.locator("#search").fill("kvm");
      await shown.page.locator(".hits button").first().waitFor();
    },
  },
];

for (const { name, ready, ...opening } of VIEWS) {
  for (const colorScheme of ["light", "dark"] as const) {
    onPage(`axe finds nothing wrong with ${name}, ${colorScheme}`, { ...opening, colorScheme }, async (t, shown) => {
      await ready(shown);
      await isAccessible(t, shown);
    });
  }
}

/** Asserts that nothing is cut off to the side. */
async function fits(t: ExecutionContext, { page }: Shown): Promise<void> {
  t.true(
    await page.evaluate<boolean>("document.documentElement.scrollWidth <= innerWidth + 1"),
    "the page is as wide as the window",
  );
}

for (const [how, options] of Object.entries({
  "800 pixels wide": { viewport: { width: 800, height: 900 } },
  "at 200 %": { viewport: { width: 720, height: 450 }, deviceScaleFactor: 2 },
})) {
  for (const { name, ready, ...opening } of VIEWS.slice(0, 5)) {
    onPage(`${name}, ${how}`, { ...opening, ...options }, async (t, shown) => {
      await ready(shown);
      await fits(t, shown);
      await isAccessible(t, shown);
    });
  }
}

onPage(
  "a narrow page stays where it is scrolled to while the moments go by",
  { args: [AFTER], at: "event=1118", viewport: { width: 800, height: 900 } },
  async (t, shown) => {
    await shown.isRead();
    for (let event = 1119; event < 1130; event++) {
      await shown.page.keyboard.press("ArrowRight");
      await shown.isAt(event);
    }
    await shown.page.locator(".calls li[aria-current]").first().waitFor({ state: "attached" });
    t.is(await shown.page.evaluate<number>("scrollY"), 0);
  },
);

onPage(
  "a narrow page has room for the call tree",
  { args: [AFTER], at: "event=1063", viewport: { width: 800, height: 900 } },
  async (t, shown) => {
    await shown.isRead();
    await shown.page.locator(".calls li[aria-current]").first().waitFor({ state: "attached" });
    t.true((await shown.page.evaluate<number>("document.querySelector('.calls ol').clientHeight")) > 100);
  },
);

onPage("light turns to dark while the page is open", { args: [AFTER] }, async (t, shown) => {
  await shown.isRead();
  const ground = (): Promise<string> => shown.page.evaluate<string>("getComputedStyle(document.body).backgroundColor");
  const corner = (): Promise<number> =>
    shown.page.evaluate<number>(`(() => {
      const canvas = document.querySelector(".canvas canvas");
      const copy = new OffscreenCanvas(canvas.width, canvas.height).getContext("2d", { willReadFrequently: true });
      copy.drawImage(canvas, 0, 0);
      return copy.getImageData(1, 1, 1, 1).data[0];
    })()`);
  t.is(await ground(), "rgb(255, 255, 255)");
  await shown.until(async () => (await corner()) === 255, "a light picture");
  await shown.page.emulateMedia({ colorScheme: "dark" });
  await shown.until(async () => (await corner()) < 60, "a dark picture");
  t.not(await ground(), "rgb(255, 255, 255)");
});

onPage(
  "nothing moves by itself for those who want no motion",
  { args: [AFTER], reducedMotion: "reduce" },
  async (t, shown) => {
    await shown.isRead();
    for (const key of ["w", "ArrowRight", "d", "End"]) {
      await shown.page.keyboard.press(key);
      t.is(await shown.page.evaluate<number>("document.getAnimations().length"), 0);
    }
  },
);

/** Collects every stop of the Tab key from the beginning, and whether each shows that it has the focus. */
async function tabbed(
  { page }: Shown,
  most: number,
): Promise<readonly { readonly what: string; readonly seen: boolean }[]> {
  const stops: { what: string; seen: boolean }[] = [];
  await page.evaluate("(document.activeElement?.blur(), window.stops = new Set())");
  for (let k = 0; k < most; k++) {
    await page.keyboard.press("Tab");
    const stop = await page.evaluate<{ what: string; seen: boolean } | null>(`(() => {
      const one = document.activeElement;
      if (!one || one === document.body || window.stops.has(one)) return null;
      window.stops.add(one);
      const { outlineStyle, outlineWidth } = getComputedStyle(one);
      return { what: one.tagName.toLowerCase() + "." + one.getAttribute("class") + " " + (one.getAttribute("aria-label") ?? one.textContent).trim().slice(0, 60), seen: outlineStyle !== "none" && parseFloat(outlineWidth) >= 1 };
    })()`);
    if (!stop) break;
    stops.push(stop);
  }
  return stops;
}

for (const { name, ready, ...opening } of VIEWS.slice(0, 5)) {
  onPage(`${name}: Tab reaches all that a pointer does, and shows where it is`, opening, async (t, shown) => {
    await ready(shown);
    const { page } = shown;
    const wanted = await page.evaluate<number>(
      `[...document.querySelectorAll("button, input, select, summary, a[href], [tabindex='0']")].filter((one) => !one.disabled && one.getClientRects().length > 0 && getComputedStyle(one).visibility !== "hidden" && one.closest("dialog:not([open])") === null).length`,
    );
    const stops = await tabbed(shown, wanted + 50);
    t.deepEqual(
      stops.filter(({ seen }) => !seen),
      [],
    );
    t.true(stops.length >= wanted, `${stops.length} of ${wanted}`);
  });
}

onPage(
  "the keyboard alone: find an object, see why it is as it is, go to where it was taken, and to the differences",
  { args: [BEFORE, AFTER], at: "event=900" },
  async (t, shown) => {
    const { page } = shown;
    await shown.isRead();
    await page.keyboard.press("/");
    await page.keyboard.type("kvm_amd");
    await page.keyboard.press("Enter");
    await page.locator(".why h2", { hasText: "module kvm_amd" }).waitFor();
    await page.locator(".why").focus();
    await page.keyboard.press("Tab");
    const before = await shown.event();
    await page.keyboard.press("Enter");
    t.true((await shown.leaves(before)) > 0);
    await page.getByRole("button", { name: "differences" }).focus();
    await page.keyboard.press(" ");
    await page.locator(".pair.choice").first().waitFor();
    await page.keyboard.press("n");
    await page.locator(".moments .states").waitFor();
  },
);

inBrowser("each kind of object has its colour in the legend", { args: [AFTER] }, async (t, shown) => {
  await isRead(shown);
  const shownColours = await shown.page.evaluate<string[][]>(
    '[...document.querySelectorAll(".legend .kind")].map((e) => [e.className, getComputedStyle(e).borderBottomColor])',
  );
  const rgb = (hex: string): string =>
    `rgb(${[1, 3, 5].map((at) => Number.parseInt(hex.slice(at, at + 2), 16)).join(", ")})`;
  for (const kind of COUNTED_KINDS) {
    const [, colour] = shownColours.find(([names]) => names!.split(" ").includes(kind)) ?? [];
    t.is(colour, rgb(kinds[kind].drawn.colour![0]), kind);
  }
});
