import test from "ava";
import { replay } from "../../src/replay/replay.js";
import { recordings } from "./helpers.js";
import { bpftraceLines, perfScript, traceCmdReport } from "./printed.js";
import { ftrace, partsOf, readAs, unzipped } from "./text.js";

const PATHS = ["broken", "race", "mistakes/double-iput-on-error", "mistakes/no-kvm-get"].flatMap((folder) =>
  recordings(`fixtures/recordings/${folder}`),
);

for (const path of PATHS) {
  test(`${path}: what is wrong is found at the same events, whoever printed them`, async (t) => {
    const bytes = unzipped(path);
    const parts = partsOf(bytes);
    const forms: Readonly<Record<string, Buffer>> = {
      "perf-script": Buffer.from(
        parts.map((p) => `${perfScript("comm,tid,cpu,time,event,trace", p)}\n`).join(""),
        "latin1",
      ),
      "trace-cmd-report": Buffer.from(parts.map((p) => `${traceCmdReport("f", p)}\n`).join(""), "latin1"),
      bpftrace: Buffer.from(bpftraceLines(readAs(ftrace, bytes).events)),
    };
    const expected = await replay(path);
    for (const [format, text] of Object.entries(forms)) {
      const input = (async function* () {
        yield text;
      })();
      const got = await replay("-", { input });
      t.is(got.trace.format, format);
      t.is(got.trace.skipped, 0, format);
      t.deepEqual(
        got.findings.map((f) => `${f.rule} ${f.event}`),
        expected.findings.map((f) => `${f.rule} ${f.event}`),
        format,
      );
      t.deepEqual(
        got.operations.map((o) => `${o.name} ${o.result ?? ""}`),
        expected.operations.map((o) => `${o.name} ${o.result ?? ""}`),
        format,
      );
    }
  });
}
