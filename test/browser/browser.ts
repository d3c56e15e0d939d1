/** Tests on a page of the viewer. Complaints of the browser fail them; each saves a picture of the page at its end. */
import test, { type ExecutionContext } from "ava";
import { closeAll, type Opening, Shown } from "./shown.js";

test.after.always(closeAll);

/** Runs a test on a page whose recording has been read. */
export function inBrowser(
  title: string,
  opening: Opening,
  body: (t: ExecutionContext, shown: Shown) => Promise<void>,
): void {
  onPage(title, opening, async (t, shown) => body(t, await shown.isRead()));
}

/** Runs a test on a page that need not have anything to read. */
export function onPage(
  title: string,
  opening: Opening,
  body: (t: ExecutionContext, shown: Shown) => Promise<void>,
): void {
  test.serial(title, async (t) => {
    const shown = await Shown.open(opening);
    try {
      await body(t, shown);
      t.deepEqual(shown.troubles, []);
    } finally {
      await shown.picture(title).catch(() => {});
      await shown.context.close();
    }
  });
}
