/** Runs axe-core on a page. */
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import type { ExecutionContext } from "ava";
import type { Shown } from "./shown.js";

const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

interface Violation {
  readonly id: string;
  readonly help: string;
  readonly nodes: readonly { readonly html: string; readonly failureSummary: string }[];
}

/** Asserts that axe finds no violation on the page in its present state. */
export async function isAccessible(t: ExecutionContext, { page }: Shown): Promise<void> {
  await page.evaluate(AXE);
  const violations = await page.evaluate<readonly Violation[]>(
    "axe.run(document, { resultTypes: ['violations'] }).then(({ violations }) => violations)",
  );
  t.deepEqual(
    violations.map(
      ({ id, help, nodes }) =>
        `${id}: ${help}: ${nodes
          .slice(0, 3)
          .map(({ html, failureSummary }) => `${html.slice(0, 200)} ${failureSummary}`)
          .join("; ")}`,
    ),
    [],
  );
}
