import { readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";
import test from "ava";
import { points } from "../../events/index.js";
import { readReference } from "./ftrace-reference.js";
import { isAccounted, read, recordings, RECORDINGS } from "./helpers.js";

const paths = recordings();

test("there are recordings of every kernel to read", (t) => {
  for (const kernel of ["linux-6.12", "linux-6.12-patched", "linux-6.18", "linux-7.2"]) {
    t.true(
      paths.some((path) => path.startsWith(`${RECORDINGS}${kernel}/`)),
      kernel,
    );
  }
});

for (const path of paths) {
  test(`${path.slice(RECORDINGS.length)}: both readers see the same events, and understand every line`, (t) => {
    const bytes = gunzipSync(readFileSync(path));
    const { events, report } = read(bytes, 64 * 1024);
    const reference = readReference(bytes, points);
    t.is(events.length, reference.events.length);
    const different = events.findIndex((event, k) => !sameEvent(event, reference.events[k]!));
    t.deepEqual(events[different], reference.events[different], "the first event that differs");
    t.is(report.skipped, 0);
    t.is(report.malformed, 0);
    t.is(report.unknown, 0);
    t.is(
      report.lost,
      Math.max(
        reference.overrun,
        reference.losses.reduce((sum, loss) => sum + loss.count, 0),
      ),
    );
    if (!path.startsWith(`${RECORDINGS}partial/`)) t.is(report.lost, 0);
    t.false(report.truncated);
    t.true(isAccounted(report));
    t.is(report.comments, reference.comments);
    t.is(events.length, inBuffer(bytes) ?? reference.events.length, "as many as the recording's own header says");
  });
}

function sameEvent(a: object, b: object): boolean {
  const plain = (_: string, value: unknown): unknown => (typeof value === "bigint" ? `${value}n` : value);
  return JSON.stringify(a, plain) === JSON.stringify(b, plain);
}

/** Returns the number of entries in the header; a pipe has no header. */
function inBuffer(bytes: Buffer): number | undefined {
  const entries = /entries-in-buffer\/entries-written: (\d+)\//.exec(bytes.subarray(0, 500).toString());
  return entries ? Number(entries[1]) : undefined;
}
