/** Hostile names of tasks, modules, markers and files: only text on the page, wherever they stand. */
import { mkdtempSync, renameSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { ExecutionContext } from "ava";
import { hostileLeak, MODULE } from "../report/hostile.js";
import { textOf } from "../support/recordings.js";
import { fileOf } from "../cli/run.js";
import { inBrowser, onPage } from "./browser.js";
import { BROKEN } from "./fixtures.js";
import type { Shown } from "./shown.js";

/** At most 15 bytes each, as the kernel has them. */
const TASKS = [
  "<img src=x>",
  "<b>@me</b>",
  "\u001b[2J\u001b]0;x\u0007",
  "__proto__",
  "constructor",
  "\u202etxt.exe",
  "\u2066a\u2069b",
  "a\u200f\u200bb",
  "&lt;script&gt;",
] as const;
/** Characters that reorder text or drive a terminal: nowhere on a page. */
const CONTROLS =
  "[\\u0000-\\u0008\\u000b-\\u001f\\u007f-\\u009f\\u061c\\u200b-\\u200f\\u202a-\\u202e\\u2060-\\u206f\\ufeff]";

/** Asserts that no name became an element, and that no control character is left in text or accessible names. */
async function isOnlyText(t: ExecutionContext, { page }: Shown): Promise<void> {
  t.is(await page.locator("img, b b, script:not([src])").count(), 0);
  const bad = await page.evaluate<readonly string[]>(
    `[document.title, document.body.innerText, ...[...document.querySelectorAll("*")].flatMap((one) => one.getAttributeNames().map((name) => one.getAttribute(name)))].filter((words) => /${CONTROLS}/.test(words))`,
  );
  t.deepEqual(bad, []);
}

async function everywhere(t: ExecutionContext, shown: Shown): Promise<void> {
  const { page } = shown;
  await isOnlyText(t, shown);
  for (const label of await page.locator(".labels .label").all()) {
    const box = await label.boundingBox();
    const picture = (await shown.canvas.boundingBox())!;
    if (!box || box.y < picture.y + 40 || box.y + 5 > picture.y + picture.height) continue;
    await page.mouse.move(picture.x + picture.width / 2, box.y + 5);
    await isOnlyText(t, shown);
  }
  const module = page.locator(".labels .label.kind.module").first();
  if ((await module.count()) > 0) await module.click();
  await page.locator(".why h2").waitFor();
  await page.locator("#search").fill("m");
  await isOnlyText(t, shown);
  await page.locator("#search").fill("");
}

for (const task of TASKS) {
  inBrowser(`a task that is called ${JSON.stringify(task)}`, { args: [hostileLeak(task)] }, async (t, shown) => {
    await everywhere(t, shown);
    const printed = Buffer.from(task).toString("latin1");
    t.true(
      (await shown.page.locator(".labels, .calls").allInnerTexts()).some(
        (text) => text.includes(printed.slice(0, 3)) || text.includes("\\x") || text.includes("\\u"),
      ),
      "its name is there, as text",
    );
  });
}

inBrowser(
  "a module that is called like markup, in its label, in why, in the address and in the page that opens it",
  { args: [hostileLeak("__proto__")] },
  async (t, shown) => {
    const { page } = shown;
    await page.locator(".findings .jump[title='select it']").first().click();
    await page.locator(".why h2 .kind", { hasText: "<img src=x onerror=alert(1)>" }).waitFor();
    const object = (await shown.link("object")).get("object")!;
    t.true(object.includes(MODULE.slice(0, 28)));
    await page.reload();
    await shown.isRead();
    await page.locator(".why h2 .kind", { hasText: "<img src=x onerror=alert(1)>" }).waitFor();
    await everywhere(t, shown);
  },
);

inBrowser(
  "markers with markup",
  {
    args: [
      fileOf(
        Buffer.from(
          textOf(BROKEN).replaceAll(
            /tracing_mark_write: .*/g,
            "tracing_mark_write: <script>alert(1)</script>\u001b[31m__proto__",
          ),
          "latin1",
        ),
        "marked.trace",
      ),
    ],
  },
  async (t, shown) => {
    const picture = (await shown.canvas.boundingBox())!;
    for (let x = 5; x < picture.width; x += 40) {
      await shown.page.mouse.move(picture.x + x, picture.y + 28);
      await isOnlyText(t, shown);
    }
  },
);

function called(name: string): string {
  const path = fileOf(textOf(BROKEN), "a.trace");
  const other = join(mkdtempSync(join(tmpdir(), "kreel-")), name);
  renameSync(path, other);
  return other;
}

onPage(
  "files with markup in their names, and what differs between them",
  { args: [called("<img src=x onerror=alert(1)>\u202e.trace"), hostileLeak(TASKS[0])] },
  async (t, shown) => {
    const { page } = shown;
    await page.getByRole("button", { name: "before: " }).click();
    await shown.isRead();
    t.true((await page.title()).startsWith("<img src=x onerror=alert(1)>\\u202e.trace"));
    t.true(
      (await page.locator("nav button").first().textContent())!.startsWith(
        "before: <img src=x onerror=alert(1)>\\u202e",
      ),
    );
    await everywhere(t, shown);
    await page.getByRole("button", { name: "differences" }).click();
    await page.locator(".pair.choice").first().click();
    await page.locator(".moments .states").waitFor();
    await isOnlyText(t, shown);
  },
);
