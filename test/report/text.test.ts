/** The mail: its content, and its form for any recording. */
import test, { type ExecutionContext } from "ava";
import fc from "fast-check";
import { comparisonEntry, entryOf, recordingEntry } from "../../src/report/collect.js";
import { textReport } from "../../src/report/text.js";
import { RECORDINGS } from "../support/recordings.js";
import { madeEntries, pairs, simulatedEntries, written } from "./entries.js";
import { hostileLeak, TASKS } from "./hostile.js";

const LEAK = `${RECORDINGS}/broken/leak-module-on-error/s09-enfile.trace.gz`;
const RACE = `${RECORDINGS}/race/linux-7.2-close-rmmod.trace.gz`;

test("a leak: a subject, what, where, the life of the reference with the put that is missing, the lines of the recording", async (t) => {
  const text = await written(textReport, [await recordingEntry(LEAK)]);
  const [first] = text.split("\n\n2. ");
  t.is(
    first,
    `[BUG] guest_memfd: leaked module reference: module kvm_amd (+1)

kreel 0.1.0 replayed this recording of a kernel and found 2 errors.

1. leaked-module-reference: module kvm_amd (2 times; this is the first)
-----------------------------------------------------------------------
kvm_gmem_create failed with ENFILE and still holds a reference on module
kvm_amd, taken by try_module_get at event 1095; the healthy path gives
it back with module_put before the call returns

where      fixtures/recordings/broken/leak-module-on-error/
           s09-enfile.trace.gz, line 1136
           event 1124, at 17.890947, task gmemrun-104

The reference:

  get      event 1095 (line 1107): try_module_get returns 1, gmemrun-104
           ~ refcnt 3 -> 4, held by kvm_gmem_create
  end      event 1124 (line 1136): kvm_gmem_create returns -ENFILE,
           gmemrun-104
  missing  module_put before the call returns

From the recording:

  line 1107:
    gmemrun-104 [000] 17.890780: try_module_get_ret:
      (kvm_gmem_inode_create_getfile.constprop.0+0x1d/0xa0 [kvm] <-
      try_module_get) ok=1
  line 1136:
    gmemrun-104 [000] 17.890947: kvm_gmem_create_ret:
      (kvm_vm_ioctl+0x1c4/0x1ba0 [kvm] <- kvm_gmem_create) fd=-23`,
  );
});

test("a reference that passed to another owner before it leaked: the hand-over is told", async (t) => {
  const text = await written(textReport, [
    await recordingEntry(`${RECORDINGS}/mistakes/no-kvm-put-in-release/s01-create-close.trace.gz`),
  ]);
  t.regex(text, /^ {2}get .*event \d+ \(line \d+\): kvm_get_kvm,/m);
  t.regex(text, /^ {2}passed .*event \d+ \(line \d+\): kvm_gmem_create returns \d+,/m);
  t.regex(text, /^ {2}missing {2}kvm_put_kvm in kvm_gmem_release/m);
});

test("a race: both tasks' steps, and which of them the finding rests on", async (t) => {
  const text = await written(textReport, [await recordingEntry(RACE)]);
  t.regex(text, /^\[BUG\] guest_memfd: module exit in use: module kvm_amd \(\+1\)\n/);
  t.regex(text, /^\* event 1738 \(line 1750\): module_put, ta-114$/m);
  t.regex(text, /^\* event 2323 \(line 2335\): free_module, tb-115$/m);
  t.regex(text, /^2\. hazard, module-unpinned-early: module kvm_amd$/m);
});

test("the environment, as the recording has it: release, configuration, clock", async (t) => {
  const text = await written(textReport, [
    await recordingEntry(`${RECORDINGS}/recorded/linux-6.18/s01-create-close.trace.gz`),
  ]);
  t.regex(text, /^guest_memfd: no findings\n/);
  t.regex(text, /^release {4}6\.18\.15\+deb13-cloud-amd64$/m);
  t.regex(text, /^clock {6}mono$/m);
  t.regex(text, /^config {5}CONFIG_/m);
});

test("two recordings: what is new, unchanged and gone, and what else differs", async (t) => {
  const before = `${RECORDINGS}/mistakes/healthy/s09-enfile.trace.gz`;
  const after = `${RECORDINGS}/mistakes/no-iput-on-error/s09-enfile.trace.gz`;
  const worse = await written(textReport, [await comparisonEntry(before, after)]);
  t.regex(worse, /^1\. new: leaked-inode: inode 0x/m);
  t.regex(worse, /^- +\d+ +iput\(inode=inode/m);
  const better = await written(textReport, [await comparisonEntry(after, before)]);
  t.regex(better, /^1\. gone: leaked-inode: inode 0x/m);
  t.regex(better, /mistakes\/no-iput-on-error\//);
  t.regex(await written(textReport, [await comparisonEntry(after, after)]), /^1\. unchanged: leaked-inode: /m);
});

test("many recordings: the sound ones a line each, one that cannot be read says why, and what it comes to", async (t) => {
  const paths = [`${RECORDINGS}/linux-7.2/s02-dup.trace.gz`, LEAK, "no-such-file"];
  const text = await written(textReport, await Promise.all(paths.map((path) => entryOf(path))));
  t.regex(text, /^guest_memfd: 3 recordings\n/);
  t.regex(text, /^sound: fixtures\/recordings\/linux-7\.2\/s02-dup\.trace\.gz: ftrace, 2861\n {2}events in /m);
  t.regex(text, /^no-such-file: not read: no such file/m);
  t.regex(text, /\nIn all: 2 recordings read, 1 of them with errors \(2 errors, 0 hazards\),\n1 not read\n$/);
});

function isMail(t: ExecutionContext, text: string): void {
  const lines = text.split("\n");
  t.deepEqual(
    lines.filter((line) => line.length > 72 || !/^[\x20-\x7e]*$/.test(line)),
    [],
  );
  t.true(lines[0]!.includes("guest_memfd: "));
  t.is(lines[1], "");
}

test("every mistake against the healthy kernel, and the other way round: ASCII, 72 columns, a subject", async (t) => {
  for (const [before, after] of pairs()) isMail(t, await written(textReport, [await comparisonEntry(before, after)]));
});

test("names that mean something to a terminal", async (t) => {
  for (const task of TASKS) {
    const text = await written(textReport, [await entryOf(hostileLeak(task))]);
    isMail(t, text);
    t.regex(text, /<img src=x/);
  }
});

test("whatever is in a recording, the same", async (t) => {
  await fc.assert(
    fc.asyncProperty(fc.oneof(madeEntries, simulatedEntries), async (make) =>
      isMail(t, await written(textReport, [await make()])),
    ),
    { numRuns: 60 },
  );
});
