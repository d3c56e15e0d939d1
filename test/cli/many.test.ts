/** Several recordings in one call: each has the output that it has alone, in the order in which they were named. */
import { mkdtempSync, readdirSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test from "ava";
import { ManyProgress } from "../../src/cli/many/progress.js";
import { capturing } from "../support/captured.js";
import { fileOf, kreel, RECORDINGS } from "./run.js";

const BROKEN = `${RECORDINGS}/broken/leak-module-on-error/s09-enfile.trace.gz`;
const HEALTHY = ["s01-create-close", "s02-dup", "s04-bind-unbind"].map(
  (name) => `${RECORDINGS}/linux-7.2/${name}.trace.gz`,
);
const NOTHING = fileOf("nothing of ours");

test("what each says alone, one after the other; the gravest exit status", async (t) => {
  const alone = await Promise.all([...HEALTHY, BROKEN].map((path) => kreel(["replay", "--summary", path])));
  const together = await kreel(["replay", "--summary", ...HEALTHY, BROKEN]);
  t.is(together.out, alone.map(({ out }) => out).join("\n"));
  t.is(together.err, alone.map(({ err }) => err).join(""));
  t.is(together.code, 1);
  t.is((await kreel(["replay", "--summary", ...HEALTHY])).code, 0);
});

test("one that cannot be read does not keep the others from being read", async (t) => {
  const { code, out, err } = await kreel(["replay", "--summary", HEALTHY[0]!, NOTHING, HEALTHY[1]!]);
  t.is(code, 2);
  t.regex(err, /^kreel: \S+recording:1: not a recording that kreel knows/);
  t.regex(out, /s01-create-close[\s\S]*s02-dup/);
});

test("one document with the documents of all", async (t) => {
  const { code, out } = await kreel(["replay", "--json", HEALTHY[0]!, NOTHING, BROKEN]);
  t.is(code, 2);
  const { recordings } = JSON.parse(out) as {
    readonly recordings: readonly { readonly trace: { readonly path: string }; readonly error?: string }[];
  };
  t.deepEqual(
    recordings.map(({ trace }) => trace.path),
    [HEALTHY[0]!, NOTHING, BROKEN],
  );
  t.deepEqual(recordings[2], JSON.parse((await kreel(["replay", "--json", BROKEN])).out));
  t.regex(recordings[1]!.error!, /not a recording/);
});

test("several are imported into a folder", async (t) => {
  const folder = mkdtempSync(join(tmpdir(), "kreel-"));
  const { code, out } = await kreel(["import", ...HEALTHY, folder]);
  t.is(code, 0);
  t.is(out.trim().split("\n").length, 3);
  t.deepEqual(readdirSync(folder).sort(), ["s01-create-close.klog", "s02-dup.klog", "s04-bind-unbind.klog"]);
  t.regex((await kreel(["import", ...HEALTHY, folder])).err, /exists already/);
  for (const log of readdirSync(folder)) t.is((await kreel(["log", join(folder, log)])).code, 0);
});

test("what is for one recording is refused for several", async (t) => {
  const folder = mkdtempSync(join(tmpdir(), "kreel-"));
  for (const [args, pattern] of [
    [["replay", "--at", "5", ...HEALTHY], /--at is for one recording/],
    [["replay", "--object", "kvm", ...HEALTHY], /--object is for one recording/],
    [["replay", HEALTHY[0]!, "-"], /standard input cannot be one of several/],
    [["import", ...HEALTHY, join(folder, "none")], /is no folder/],
    [["import", HEALTHY[0]!, `${RECORDINGS}/linux-6.18/s01-create-close.trace.gz`, folder], /would be made of/],
  ] as const) {
    const { code, err } = await kreel(args);
    t.is(code, 2);
    t.regex(err, pattern);
  }
});

test("a line for each that is being read, taken away before anything else is printed", (t) => {
  const { out, taken } = capturing({ terminal: true });
  let now = 0;
  const progress = new ManyProgress(out, 3, () => now);
  now = 200;
  progress.update("a\u001b[2J.trace", 12_000, 3_000_000);
  t.is(taken(), "kreel: a\\x1b[2J.trace: 12k events, 3000kB read\nkreel: 0 of 3 recordings done\n");
  progress.update("b.trace", 1, 1);
  t.is(taken(), "");
  now = 400;
  progress.update("b.trace", 5, 100);
  t.is(
    taken(),
    "\u001b[2F\u001b[Jkreel: a\\x1b[2J.trace: 12k events, 3000kB read\nkreel: b.trace: 5 events, 100B read\nkreel: 0 of 3 recordings done\n",
  );
  progress.clear();
  progress.clear();
  t.is(taken(), "\u001b[3F\u001b[J");
});
