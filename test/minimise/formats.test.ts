/** An excerpt is in the lines of its recording, whatever text that is, and in ftrace text if it is none. */
import test from "ava";
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { importRecording } from "../../src/read/import.js";
import type { Minimised } from "../../src/minimise/index.js";
import { recordingOf, written } from "../../src/minimise/written.js";
import { replay, replayRecording } from "../../src/replay/replay.js";
import { RECORDINGS } from "../support/recordings.js";
import { inMemory, minimised, saying, unpacked } from "./results.js";

const BROKEN = `${RECORDINGS}/broken/leak-module-on-error/s09-enfile.trace.gz`;

/** Lines kept after the forgotten call: before a later event shows that it happened (a count, the module's exit). */
const LINES_AFTER = 60;

/**
 * The recording of a kernel that forgot one of its last calls of an operation, cut off soon after it: the last one
 * whose absence is a finding.
 */
async function forgetting(operation: string, path: string): Promise<string> {
  const lines = unpacked(path).split("\n");
  for (let k = lines.length - 1; k >= 0; k--) {
    if (!lines[k]!.includes(`${operation}:`)) continue;
    const text = `${lines
      .toSpliced(k, 1)
      .slice(0, k + LINES_AFTER)
      .join("\n")}\n`;
    if ((await replay("-", { input: inMemory(text) })).findings.length > 0) return text;
  }
  throw new Error(`${path}: nothing is found without any one ${operation}`);
}

for (const [name, operation, format] of [
  ["trace-cmd-report/linux-6.18-s09-enfile.report", "module_put", "trace-cmd-report"],
  ["trace-cmd-report/linux-6.18-s09-enfile.report-lt", "module_put", "trace-cmd-report"],
  ["trace-cmd-report/linux-7.2-s04-bind-unbind.report-R", "module_put", "trace-cmd-report"],
  ["perf-script/linux-7.2-s04-bind-unbind.script", "module_put", "perf-script"],
  ["perf-script/linux-7.2-s04-bind-unbind.script-ns", "fput", "perf-script"],
] as const) {
  test(`${name}: its own lines`, async (t) => {
    const input = inMemory(await forgetting(operation, `${RECORDINGS}/${name}.gz`));
    const result = await minimised(input);
    t.is(result.origin.format, format);
    const { own, text } = await written(result, undefined, "-", { input });
    t.true(own);
    const left = await replay("-", { input: inMemory(text.toString("latin1")) });
    t.is(left.trace.format, format);
    t.is(left.trace.events, result.excerpt.batch.length);
    t.true(left.findings.some((f) => saying(f) === saying(result.finding)));
  });
}

test("whoever looks at it sees a line an event, also of its own lines where a name has several", async (t) => {
  const input = inMemory(unpacked(BROKEN).replaceAll('"kvm_amd"', '"kvm_amd\nFORGED"'));
  const result = await minimised(input);
  for (const form of [undefined, "ftrace"] as const) {
    const [exact, shown] = [
      await written(result, form, "-", { input }),
      await written(result, form, "-", { input, oneLine: true }),
    ];
    t.deepEqual([exact.own, shown.own], [form === undefined, form === undefined]);
    t.regex(exact.text.toString(), /^FORGED/m);
    t.false(/^FORGED/m.test(shown.text.toString()));
    t.is(shown.text.toString().replaceAll("\\x0aFORGED", "\nFORGED"), exact.text.toString());
  }
});

test("a log, which has no lines, becomes ftrace text: the recording's own, but for the padding", async (t) => {
  const log = join(mkdtempSync(join(tmpdir(), "kreel-")), "recording.klog");
  await importRecording(BROKEN, log);
  const [fromLog, fromText] = [await minimised(log), await minimised(BROKEN)];
  const [made, own] = [await written(fromLog, undefined, log), await written(fromText, undefined, BROKEN)];
  t.deepEqual([made.own, made.format, own.own], [false, "ftrace", true]);
  t.deepEqual(fromLog.excerpt.numbers, fromText.excerpt.numbers);
  const plain = (text: Buffer): string[] =>
    text
      .toString()
      .split("\n")
      .filter((line) => !line.startsWith("#"))
      .map((line) => line.replace(/\S{5} +(?=\d+\.)/, " ").replaceAll(/ +/g, " "));
  t.deepEqual(plain(made.text), plain(own.text));
});

test("NDJSON stays NDJSON", async (t) => {
  const text = (await written(await minimised(BROKEN), "ndjson", BROKEN)).text;
  const input = inMemory(text.toString("utf8"));
  const again = await minimised(input);
  const { own, format, text: left } = await written(again, undefined, "-", { input });
  t.deepEqual([own, format], [false, "ndjson"]);
  t.is(left.toString().split("\n").length, text.toString().split("\n").length);
});

test("the calls of what is left can be replayed without writing them", async (t) => {
  const result: Minimised = await minimised(BROKEN);
  const { findings } = await replayRecording(recordingOf(result));
  t.is(findings[0]?.message, result.shown.message);
});

test("events that were lost between those that are left stay lost; before them and behind they are nothing to them", async (t) => {
  const whole = unpacked(BROKEN).split("\n");
  const [first, last] = [
    whole.findIndex((line) => line.includes("kvm_init:")),
    whole.findIndex((line) => line.includes("kvm_gmem_create_ret:") && line.includes("fd=-23")),
  ];
  const vm = whole.findIndex((line) => line.includes("kvm_arch_init_vm_ret:"));
  const input = inMemory(
    whole
      .toSpliced(last + 1, 0, "CPU:0 [LOST 9 EVENTS]")
      .toSpliced(vm + 1, 0, "CPU:0 [LOST 7 EVENTS]", "CPU:1 [LOST 2 EVENTS]", "CPU:0 [LOST 3 EVENTS]")
      .toSpliced(first, 0, "CPU:0 [LOST 5 EVENTS]")
      .join("\n"),
  );
  const result = await minimised(input);
  t.is(result.shown.rule, "leaked-module-reference");
  const { own, text } = await written(result, undefined, "-", { input });
  t.true(own);
  t.deepEqual(text.toString().match(/CPU:\d \[LOST \d EVENTS\]/g), ["CPU:1 [LOST 2 EVENTS]", "CPU:0 [LOST 3 EVENTS]"]);
  t.true(
    (await replay("-", { input: inMemory(text.toString("latin1")) })).findings.some(
      (f) => saying(f) === saying(result.finding),
    ),
  );
});
