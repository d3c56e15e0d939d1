/** The state and the findings do not depend on where the reader ends a batch. */
import test from "ava";
import fc from "fast-check";
import { gunzipSync } from "node:zlib";
import { readFileSync } from "node:fs";
import { replayRecording } from "../../src/replay/replay.js";
import { Replaying } from "../../src/replay/replaying.js";
import { stateHash } from "../../src/snapshot/index.js";
import { isReading } from "../fuzz/check/reading.js";
import { recordedOf } from "../fuzz/check/made.js";
import { readText } from "../fuzz/check/text.js";
import { nameOf, recordingsOf } from "../support/recordings.js";

async function stateIn(text: Buffer, batch: number): Promise<string> {
  const reading = readText("a recording", "ftrace", text, { batch });
  if (!isReading(reading)) throw new Error(reading.message);
  const recorded = recordedOf(reading);
  const from = new Replaying(recorded);
  await replayRecording(recorded, { from });
  return stateHash(from);
}

for (const path of recordingsOf("linux-7.2", "mistakes/double-unmount", "race").filter((_, k) => k % 4 === 0)) {
  test(`in batches of any size: ${nameOf(path)}`, async (t) => {
    const text = gunzipSync(readFileSync(path));
    const whole = await stateIn(text, 1 << 14);
    for (const batch of [1, 2, 3, 7, 100]) t.is(await stateIn(text, batch), whole, `of ${batch}`);
  });
}

test("each event twice, in batches of any size", async (t) => {
  const lines = readFileSync("fixtures/strangers/inode-kept.trace.txt", "utf8").split("\n");
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.constantFrom(1, 1, 2, 3), { minLength: lines.length, maxLength: lines.length }),
      fc.integer({ min: 1, max: 5 }),
      async (times, batch) => {
        const text = Buffer.from(
          lines
            .flatMap((line, k) =>
              Array.from({ length: line.startsWith("#") || line === "" ? 1 : times[k]! }, () => line),
            )
            .join("\n"),
        );
        t.is(await stateIn(text, batch), await stateIn(text, 1 << 14));
      },
    ),
    { numRuns: 60 },
  );
});
