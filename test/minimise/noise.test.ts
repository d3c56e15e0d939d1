/**
 * A busy machine's recording minimises to the same operations, or to fewer: only the evidence that a probe is set may
 * come from elsewhere, and where a quiet recording shows that by a life of guest_memfd's own, a busy one need not.
 */
import test from "ava";
import fc from "fast-check";
import { nameOf, recordingsOf } from "../support/recordings.js";
import { findingsOf, inMemory, minimised, operationsOf, saying, unpacked } from "./results.js";
import { KINDS, withNoise } from "./noise.js";

for (const [path, rule] of await findingsOf(
  recordingsOf(
    "broken",
    "race",
    "mistakes/double-iput-on-error",
    "mistakes/unbind-skipped",
    "mistakes/unbind-no-fput",
    "mistakes/no-put-unused-fd",
    "mistakes/no-kvm-put-in-release",
    "mistakes/double-unmount",
    "mistakes/fops-owner-null",
  ),
  2,
)) {
  test(`${nameOf(path)}: ${rule}`, async (t) => {
    const finding = { rule, nth: 1 };
    const quiet = await minimised(path, finding);
    const text = unpacked(path);
    const behind = fc.array(fc.tuple(fc.integer({ min: 1, max: quiet.events }), fc.nat(KINDS - 1)), { maxLength: 300 });
    await fc.assert(
      fc.asyncProperty(behind, async (noise) => {
        const noisy = await minimised(inMemory(withNoise(text, noise)), finding);
        t.is(saying(noisy.finding), saying(quiet.finding));
        const [left, of] = [operationsOf(noisy, false), operationsOf(quiet, false)];
        let k = 0;
        for (const operation of of) if (operation === left[k]) k++;
        t.is(k, left.length, `${left.join(" ")} in ${of.join(" ")}`);
      }),
      { numRuns: 3 },
    );
  });
}
