/** `npm run docs:pictures`: renders the README's pictures of the viewer. */
import { mkdirSync, statSync } from "node:fs";
import { AFTER, BEFORE } from "./fixtures.js";
import { closeAll, Shown } from "./shown.js";

const SIZE = { viewport: { width: 1280, height: 720 } };

mkdirSync("docs", { recursive: true });
try {
  const viewer = await Shown.open({ args: [AFTER], at: "event=1080&range=1000-1180", ...SIZE });
  await viewer.isRead();
  await viewer.page.locator(".graph .node.inode", { hasText: "370f88" }).click();
  await viewer.page.locator(".life li").first().waitFor();
  await keep(viewer, "docs/viewer.png");
  const differences = await Shown.open({ args: [BEFORE, AFTER], at: "view=diff", ...SIZE });
  await differences.page.locator(".pair.choice", { hasText: "alloc_anon" }).first().click();
  await differences.page.locator(".moments .states").waitFor();
  await keep(differences, "docs/differences.png");
} finally {
  await closeAll();
}

async function keep({ page }: Shown, path: string): Promise<void> {
  await page.mouse.move(0, 0);
  await page.waitForTimeout(500);
  await page.screenshot({ path });
  process.stdout.write(`${path}: ${Math.round(statSync(path).size / 1000)} kB\n`);
}
