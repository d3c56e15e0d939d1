/**
 * Recordings of healthy kernels that lack some events: verdicts may rest only on what was seen completely, so that none
 * has a finding.
 */
import { gunzipSync } from "node:zlib";
import { readFileSync } from "node:fs";
import test from "ava";
import { replay, replayRecording } from "../../src/replay/replay.js";
import { openRecording } from "../../src/read/recording.js";
import { nameOf, recordingsOf } from "../support/recordings.js";

const PARTIAL = recordingsOf("partial");

for (const path of PARTIAL) {
  test(`${nameOf(path)}: no finding, and no hazard`, async (t) => {
    const { findings, hazards, trace } = await replay(path);
    t.deepEqual(
      findings.concat(hazards).map((found) => `${found.event} ${found.rule} ${found.message}`),
      [],
    );
    t.is(trace.skipped, 0);
    if (/overrun|lost/.test(path)) t.true(trace.lost > 1000);
  });
}

// Recordings of each kind have a text of this pattern.
for (const [kind, seen] of [
  ["overrun", /^# entries-in-buffer\/entries-written: (?!(\d+)\/\1 )/m],
  ["two-cpus", /^(##### CPU \d+ buffer started ####|CPU:\d+ \[LOST)/m],
  ["pipe-lost", /^CPU:\d+ \[LOST \d+ EVENTS\]$/m],
] as const) {
  test(`of recordings "${kind}" there are some, and they are`, (t) => {
    const paths = PARTIAL.filter((path) => path.includes(kind));
    t.true(paths.length > 0);
    for (const path of paths) t.regex(gunzipSync(readFileSync(path)).toString("latin1"), seen);
  });
}

test("the events in front of a CPU's late start are no loss that is counted", async (t) => {
  const recording = await openRecording("fixtures/recordings/partial/linux-6.12-overrun-two-cpus.trace.gz");
  const losses: number[] = [];
  for await (const batch of recording.batches())
    for (const loss of batch.losses) losses.push(loss.cpu, loss.count, batch.firstSeq + loss.index, loss.line);
  t.deepEqual(losses, [0, 0, 2271, 2283]);
  t.is(recording.report.lost, 12_563 - 6709);
  t.false(recording.report.uncountedLoss);
});

/**
 * A healthy recording that begins or ends anywhere has no finding either: cut at random places, from a seed of its own.
 */
test("healthy recordings from anywhere to anywhere: no finding", async (t) => {
  const path = "fixtures/recordings/linux-7.2/s14-two-vms.trace.gz";
  const lines = gunzipSync(readFileSync(path)).toString("latin1").split("\n");
  for (let k = 0, seed = 7; k < 40; k++) {
    seed = (Math.imul(seed, 1103515245) + 12345) >>> 0;
    const from = seed % lines.length;
    seed = (Math.imul(seed, 1103515245) + 12345) >>> 0;
    const to = from + (seed % (lines.length - from));
    async function* input(): AsyncGenerator<Buffer> {
      yield Buffer.from(`# tracer: nop\n${lines.slice(from, to + 1).join("\n")}\n`, "latin1");
    }
    const { findings } = await replayRecording(await openRecording("-", { input: input() }));
    t.deepEqual(
      findings.map((finding) => finding.message),
      [],
      `lines ${from} to ${to}`,
    );
  }
});

test("a finding that may rest on what was lost is withdrawn when the loss shows", async (t) => {
  // CPU 1 lost events between its line 2 and its line 5, which may explain a seeming mistake on CPU 0 in between.
  const leak = (loss: string): string =>
    [
      "  a-1 [001] .....     1.000001: kvm_gmem_create: (x) kvm=0xffff888100b08000 size=4096 flags=0x0",
      "  a-1 [001] .....     1.000002: kvm_gmem_create_ret: (x <- y) fd=-12",
      '  b-2 [000] .....     1.000003: module_put: (x) module=0xffffffffc0200000 name="kvm_amd" refcnt=0',
      loss,
      "  a-1 [001] .....     1.000005: kvm_exit: (x)",
    ].join("\n");
  const rules = async (text: string): Promise<string[]> => {
    async function* input(): AsyncGenerator<Buffer> {
      yield Buffer.from(`${text}\n`);
    }
    return (await replay("-", { input: input() })).findings.map((f) => f.rule);
  };
  t.deepEqual(await rules(leak("")), ["refcount-underflow"]);
  t.deepEqual(await rules(leak("CPU:1 [LOST 3 EVENTS]")), []);
  t.deepEqual(await rules(leak("CPU:0 [LOST 3 EVENTS]")), ["refcount-underflow"], "CPU 0 lost nothing before it");
});
