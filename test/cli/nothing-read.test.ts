/** Nothing read is trouble: every command that judges says so in one line, with status 2, and claims nothing. */
import test from "ava";
import { existsSync, mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { failedCreation, fileOf, kreel, recording, RECORDINGS, type Run, spawned } from "./run.js";

const SOUND = `${RECORDINGS}/linux-7.2/s01-create-close.trace.gz`;
const SCENARIO = "fixtures/scenarios/s01-create-close.scn";
const EMPTY = fileOf("# tracer: nop\n#\n", "empty.trace");
const garbage = (lines: number): string[] => Array.from({ length: lines }, (_, k) => `what is this ${k}`);
const text = recording(...failedCreation("one-1"));
/** Five events and more unknown lines. */
const SKIPPED = fileOf([text.trimEnd(), ...garbage(6), ""].join("\n"), "skipped.trace");
/** Has as many unknown lines as events: poorly understood, but still a recording. */
const HALF = fileOf([text.trimEnd(), ...garbage(5), ""].join("\n"), "half.trace");

const log = (): string => join(mkdtempSync(join(tmpdir(), "kreel-")), "made.klog");
const COMMANDS: readonly (readonly [name: string, of: (trace: string) => readonly string[]])[] = [
  ["replay", (trace) => ["replay", trace]],
  ["replay --json", (trace) => ["replay", "--json", trace]],
  ["replay --at", (trace) => ["replay", "--at", "1", trace]],
  ["replay --object", (trace) => ["replay", "--object", "file", trace]],
  ["replay --follow", (trace) => ["replay", "--follow", "-", trace]],
  ["diff", (trace) => ["diff", trace, trace]],
  ["diff --json", (trace) => ["diff", "--json", trace, SOUND]],
  ["diff, the second", (trace) => ["diff", SOUND, trace]],
  ["conform", (trace) => ["conform", trace, SCENARIO, "--kernel", "linux-7.2"]],
  ["minimise", (trace) => ["minimise", trace]],
  ["why", (trace) => ["why", trace, "kvm_amd"]],
  ["when", (trace) => ["when", trace, "findings > 0"]],
  ["query", (trace) => ["query", trace, "SELECT * FROM findings"]],
  ["export of a graph", (trace) => ["export", "--to", "dot", trace]],
  ["export of probes", (trace) => ["export", "--to", "kprobe-events", trace]],
  ["import", (trace) => ["import", trace, log()]],
  ["ui", (trace) => ["ui", trace]],
];

/** `--follow` follows a file forever: it gets a pipe. */
async function run(args: readonly string[]): Promise<Run> {
  const at = args.indexOf("-");
  return at < 0
    ? await kreel(args)
    : spawned(args.slice(0, at + 1), {
        input: args[at + 1] === EMPTY ? "# tracer: nop\n#\n" : [text.trimEnd(), ...garbage(6), ""].join("\n"),
      });
}

for (const [name, of] of COMMANDS) {
  test(`${name}: no event is trouble`, async (t) => {
    const { code, out, err } = await run(of(EMPTY));
    t.is(code, 2);
    t.is(out, "");
    t.regex(err, /^kreel: \S+: no event in it: [^\n]+\n$/);
  });
  test(`${name}: more lines skipped than events read is trouble`, async (t) => {
    const { code, err } = await run(of(SKIPPED));
    t.is(code, 2);
    const lines = err.split("\n").filter((line) => line !== "" && !line.includes(": warning: "));
    t.is(lines.length, 1, err);
    t.regex(lines[0]!, /^kreel: \S+:8: more lines skipped \(6\) than events read \(5\)[^\n]+: what is this 0$/);
  });
}

test("as many lines skipped as events read is no trouble", async (t) => {
  t.is((await kreel(["replay", HALF])).code, 0);
});

test("an answer without a row, and a question that is never true, are not nothing read", async (t) => {
  t.is((await kreel(["query", SOUND, "SELECT * FROM findings"])).code, 0);
  t.is((await kreel(["when", SOUND, "findings > 0"])).code, 1);
});

test("several recordings: the document of one without an event has an error, the others are judged", async (t) => {
  const { code, out } = await kreel(["replay", "--json", EMPTY, SOUND]);
  t.is(code, 2);
  const { recordings } = JSON.parse(out) as {
    readonly recordings: readonly { readonly error?: string; readonly findings?: readonly unknown[] }[];
  };
  t.regex(recordings[0]!.error!, /no event in it/);
  t.deepEqual(recordings[1]!.findings, []);
});

test("an export to a file leaves none, an import no log", async (t) => {
  const file = join(mkdtempSync(join(tmpdir(), "kreel-")), "out");
  for (const to of ["ndjson", "ftrace", "perfetto", "arrow"]) {
    const { code, err } = await kreel(["export", "--to", to, "-o", file, EMPTY]);
    t.is(code, 2, to);
    t.regex(err, /^kreel: \S+: no event in it: [^\n]+\n$/);
    t.false(existsSync(file), to);
  }
  t.is((await kreel(["import", EMPTY, file])).code, 2);
  t.false(existsSync(file));
  // Events that were read are kept: they may exist nowhere else.
  t.is((await kreel(["import", SKIPPED, file])).code, 2);
  t.true(existsSync(file));
  t.regex((await kreel(["replay", file])).err, /more lines skipped \(6\) than events read \(5\)/);
});

interface Sarif {
  readonly runs: readonly [
    {
      readonly results: readonly unknown[];
      readonly invocations: readonly [
        {
          readonly executionSuccessful: boolean;
          readonly toolExecutionNotifications: readonly {
            readonly level: string;
            readonly message: { readonly text: string };
          }[];
        },
      ];
    },
  ];
}

for (const [name, trace, said] of [
  ["no event", EMPTY, /no event in it/],
  ["more skipped than read", SKIPPED, /more lines skipped \(6\) than events read \(5\)/],
] as const) {
  test(`report of ${name}: every format says so and claims nothing`, async (t) => {
    for (const format of ["text", "markdown", "html", "svg"]) {
      const { code, out, err } = await kreel(["report", "--no-viewer", "--to", format, trace]);
      t.is(code, 2, format);
      t.regex(err, said, format);
      const text = out
        .slice(out.indexOf("</style>") + 1)
        .replaceAll("\\", "")
        .replaceAll(/\s+/g, " ");
      t.regex(text, said, format);
      t.notRegex(text, /nothing wrong|no findings|sound/i, format);
    }
  });
  test(`report of ${name} as JUnit: every rule is skipped`, async (t) => {
    const { code, out } = await kreel(["report", "--to", "junit", trace]);
    t.is(code, 2);
    const [, tests, skipped] = /tests="(\d+)" failures="0" errors="1" skipped="(\d+)"/.exec(out) ?? [];
    t.true(Number(skipped) > 10);
    t.is(Number(tests), Number(skipped) + 1);
  });
  for (const traces of [[trace], [trace, trace], [SOUND, trace]]) {
    test(`report of ${name} as SARIF, ${traces.length === 1 ? "alone" : traces[0] === SOUND ? "beside a sound one" : "twice"}: a notification, and no success`, async (t) => {
      const { code, out } = await kreel(["report", "--to", "sarif", ...traces]);
      t.is(code, 2);
      const [{ results, invocations }] = (JSON.parse(out) as Sarif).runs;
      t.deepEqual(results, []);
      t.false(invocations[0].executionSuccessful);
      for (const { level, message } of invocations[0].toolExecutionNotifications) {
        t.is(level, "error");
        t.regex(message.text, said);
      }
      t.true(invocations[0].toolExecutionNotifications.length > 0);
    });
  }
}
