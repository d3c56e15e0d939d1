/**
 * Tests on a page of the viewer. What its browser complains of fails them; each leaves a picture of how the page looked
 * at the end.
 */
import test, { type ExecutionContext } from "ava";
import { closeAll, type Opening, Shown } from "./shown.js";

test.after.always(closeAll);

/** A test on a page that `body` is given as soon as its recording is read. */
export function inBrowser(
  title: string,
  opening: Opening,
  body: (t: ExecutionContext, shown: Shown) => Promise<void>,
): void {
  onPage(title, opening, async (t, shown) => body(t, await shown.isRead()));
}

/** A test on a page that need not have anything to read. */
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
