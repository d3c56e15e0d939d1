/** Tests that recordings of the script from real kernels are the same as those made there by hand. */
import { existsSync, readFileSync } from "node:fs";
import test from "ava";
import { recordedProbes, standardProbes } from "../../events/probe-file.js";
import { diff } from "../../src/index.js";
import { nameOf, RECORDINGS, recordingsOf, replayed, textOf } from "../support/recordings.js";

const recorded = recordingsOf("recorded");
const BESIDES: ReadonlySet<string | undefined> = new Set(
  recordedProbes.filter((o) => !standardProbes.includes(o)).map((o) => o.name),
);

test("there are recordings of three kernels", (t) => {
  t.deepEqual(
    [...new Set(recorded.map((path) => nameOf(path).split("/")[1]))],
    ["linux-6.18", "linux-7.2", "linux-7.3"],
  );
});

for (const path of recorded) {
  const byHand = path.replace(`${RECORDINGS}/recorded/`, `${RECORDINGS}/`);

  test(`no finding, nothing skipped: ${nameOf(path)}`, async (t) => {
    const { findings, trace, counts } = await replayed(path);
    t.deepEqual(findings, []);
    t.deepEqual(trace.warnings, []);
    t.is(trace.skipped + trace.lost + counts.unexplained, 0);
  });

  test(`the same as recorded by hand, in what happened and in what user space saw: ${nameOf(path)}`, async (t) => {
    const { differences, summary } = await diff(byHand, path);
    // The script sets probes that were not set by hand, for functions that only newer kernels have, or that were not
    // needed then; they show that slots are bound.
    t.deepEqual(
      differences.filter((d) => !BESIDES.has(d.operation) && !d.message.startsWith("memslots that came to life")),
      [],
    );
    t.is(differences.length > 0, path.endsWith("linux-7.3/s04-bind-unbind.trace.gz"));
    t.true(summary.operations.same > 40);
    const seen = (out: string): string =>
      readFileSync(out.replace(/\.trace\.gz$/, ".out"), "utf8").replaceAll(/ dev=\S+ ino=\S+|^exit=0\n/gm, "");
    if (existsSync(byHand)) t.is(seen(path), seen(byHand));
  });

  test(`its environment is in it: ${nameOf(path)}`, (t) => {
    const said = new Map([...textOf(path).matchAll(/^# kreel (\S+): (.*)$/gm)].map(([, what, text]) => [what, text]));
    t.true(said.get("release")!.startsWith(nameOf(path).split("/")[1]!.slice("linux-".length)));
    t.is(said.get("machine"), "x86_64");
    t.is(said.get("cpus"), "0");
    t.is(said.get("clock"), "mono");
    t.regex(said.get("command")!, /^\/bin\/scenario \/scenarios\/s\d\d-[\w-]+\.scn$/);
    t.is(said.get("status"), "0");
    t.regex(said.get("probes")!, /^1\d\d set$/);
    t.is(said.get("refused"), "do_init_module");
  });
}
