/**
 * A part of a recording is missing: an argument, a return, probes, the events of a task, a gap that is remarked. The
 * rest has no finding if the kernel is healthy; if it is broken, no rule that was broken is fine.
 */
import test from "ava";
import { batchesOf, nameOf, recordingsOf } from "../support/recordings.js";
import { random } from "./random.js";
import { take, verdicts } from "./take.js";
import { BROKEN_FOLDERS, takings, type TakingKind } from "./takings.js";

/** One recording of each kernel, with a failed creation, shared descriptors, or a module in use. */
const HEALTHY = /(linux-6.12-patched\/s09|linux-6.18\/s13|linux-7.2\/s12|linux-7.3\/s04|mistakes\/healthy\/s18)/;
const healthy = recordingsOf("linux-6.12-patched", "linux-6.18", "linux-7.2", "linux-7.3", "mistakes/healthy").filter(
  (path) => HEALTHY.test(path),
);
/** The number of takings of a kind that are drawn. */
const DRAWN: readonly (readonly [kind: TakingKind, drawn: number])[] = [
  ["argument", 0],
  ["point", 0],
  ["operation", 0],
  ["return", 40],
  ["probes", 20],
  ["task", 0],
  ["slice-remarked", 40],
];

test("the recordings that parts are taken from are there", (t) => {
  t.true(healthy.length >= 5);
});

for (const path of healthy) {
  for (const [kind, drawn] of DRAWN) {
    test(`a healthy kernel's recording without any ${kind}: no finding: ${nameOf(path)}`, async (t) => {
      const read = await batchesOf(path);
      let tried = 0;
      for (const taking of takings(kind, read, random(nameOf(path)), drawn)) {
        const { findings } = verdicts(take(read, taking));
        if (findings.length > 0)
          t.fail(`without ${taking.what}: ${findings.map((f) => `${f.rule}: ${f.message}`).join("; ")}`);
        tried++;
      }
      t.true(tried > 5);
    });
  }
}

const broken = recordingsOf(...BROKEN_FOLDERS).filter(
  (path) =>
    /(leak-module-on-error|no-unmount-on-exit|double-module-put|no-kvm-put|fops-owner-null|no-put-unused-fd|bind-no-fput|release-leaves)/.test(
      path,
    ) && !/healthy/.test(path),
);

for (const path of broken) {
  test(`a broken kernel's recording without any probe or argument: what was wrong is never fine: ${nameOf(path)}`, async (t) => {
    const read = await batchesOf(path);
    const wrong = new Set(
      verdicts(read)
        .checker.judgements()
        .flatMap(({ rule, verdict }) => (verdict === "wrong" ? [rule] : [])),
    );
    for (const kind of ["point", "argument"] as const) {
      let k = 0;
      for (const taking of takings(kind, read, random(nameOf(path)), 0)) {
        // Every seventh is taken; the tool beside this test takes them all.
        if (k++ % 7 !== 0) continue;
        const fine = verdicts(take(read, taking))
          .checker.judgements()
          .filter(({ rule, verdict }) => wrong.has(rule) && verdict === "fine");
        if (fine.length > 0) t.fail(`without ${taking.what}: ${fine.map(({ rule }) => rule).join(", ")}`);
      }
      t.true(k > 20);
    }
  });
}
