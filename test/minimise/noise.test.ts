/** A busy machine's recording minimises to the same operations: only what shows that a probe is set may come from elsewhere. */
import test from "ava";
import fc from "fast-check";
import { nameOf, recordingsOf } from "../support/recordings.js";
import { findingsOf, inMemory, minimised, operationsOf, saying, unpacked } from "./results.js";
import { KINDS, withNoise } from "./noise.js";

for (const [path, rule] of await findingsOf(recordingsOf("broken", "race", "mistakes/double-iput-on-error", "mistakes/unbind-skipped", "mistakes/unbind-no-fput", "mistakes/no-put-unused-fd", "mistakes/no-kvm-put-in-release", "mistakes/double-unmount", "mistakes/fops-owner-null"), 2)) {
  test(`${nameOf(path)}: ${rule}`, async (t) => {
    const finding = { rule, nth: 1 };
    const quiet = await minimised(path, finding);
    const text = unpacked(path);
    const behind = fc.array(fc.tuple(fc.integer({ min: 1, max: quiet.events }), fc.nat(KINDS - 1)), { maxLength: 300 });
    await fc.assert(
      fc.asyncProperty(behind, async (noise) => {
        const noisy = await minimised(inMemory(withNoise(text, noise)), finding);
        t.is(saying(noisy.finding), saying(quiet.finding));
        t.deepEqual(operationsOf(noisy, false), operationsOf(quiet, false));
      }),
      { numRuns: 3 },
    );
  });
}
