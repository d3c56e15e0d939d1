/**
 * Tests that pages of the ring buffer beside copies of the kernel's own files are read like the trace.dat that has
 * both.
 */
import { printed } from "../../support/recordings.js";
import { mkdirSync, renameSync } from "node:fs";
import { join } from "node:path";
import test from "ava";
import fc from "fast-check";
import { TroubleError } from "../../../src/base/trouble.js";
import { replay } from "../../../src/replay/replay.js";
import { asTracefs, directoryOf, type Files, removeCopies } from "./copies.js";

test.after.always(removeCopies);

const DAT = "fixtures/recordings/trace-dat/linux-7.2-s04-bind-unbind.v6.dat.gz";
const copy = asTracefs(DAT);

const documentOf = (document: object): unknown =>
  JSON.parse(
    JSON.stringify(document, (key, value: unknown) =>
      ["path", "format", "warnings"].includes(key) ? undefined : value,
    ),
  );

function without(files: Files, name: RegExp): Files {
  return Object.fromEntries(Object.entries(files).filter(([file]) => !name.test(file)));
}

function spooled(files: Files): Files {
  return Object.fromEntries(
    Object.entries(files).map(([name, content]) => [
      name.replace(/^per_cpu\/(cpu\d+)\/trace_pipe_raw$/, "trace.dat.$1"),
      content,
    ]),
  );
}

test("trace_pipe_raw, and what trace-cmd leaves when it is killed, come to what the trace.dat comes to", async (t) => {
  const expected = documentOf(printed(await replay(DAT)));
  for (const files of [copy, spooled(copy), without(copy, /header_event/)]) {
    const { trace, ...rest } = await replay(directoryOf(files));
    t.is(trace.format, "trace-pipe-raw");
    t.deepEqual(trace.warnings, []);
    t.deepEqual(documentOf(printed({ trace, ...rest } as never)), expected);
  }
});

test("the kernel's files may lie above the pages", async (t) => {
  const directory = directoryOf(copy);
  t.is((await replay(join(directory, "per_cpu"))).trace.skipped, 0);
  mkdirSync(join(directory, "pages"));
  renameSync(join(directory, "per_cpu"), join(directory, "pages", "per_cpu"));
  t.is((await replay(join(directory, "pages", "per_cpu"))).trace.events, (await replay(DAT)).trace.events);
});

test("without names of tasks and symbols there are events all the same", async (t) => {
  const { trace, findings } = await replay(directoryOf(without(copy, /saved_cmdlines|kallsyms/)));
  t.is(trace.events, (await replay(DAT)).trace.events);
  t.deepEqual(findings, []);
  t.regex(trace.warnings.join(), /saved_cmdlines is missing/);
});

test("what is not there is named", async (t) => {
  for (const [files, what] of [
    [without(copy, /header_page/), /events\/header_page is missing/],
    [without(copy, /format$/), /events\/SYSTEM\/EVENT\/format is missing/],
    [without(copy, /cpu0\/trace_pipe_raw/), /per_cpu\/cpu0\/trace_pipe_raw is missing/],
    [{ ...copy, "events/header_page": "nonsense" }, /header_page/],
    [{ "a.dat.cpu0": "", "b.dat.cpu0": "" }, /several recordings are there: a\.dat, b\.dat/],
  ] as const) {
    const { message } = await t.throwsAsync(replay(directoryOf(files)), { name: "TroubleError" });
    t.regex(message, what);
    t.false(message.includes("\n"));
  }
});

test("pages that are no pages are counted, and nothing is made of them", async (t) => {
  const { trace } = await replay(directoryOf({ ...copy, "per_cpu/cpu0/trace_pipe_raw": Buffer.alloc(10_000, 0xa5) }));
  t.regex(trace.warnings.join(), /damaged|cut/);
});

test("whatever is damaged in pages or formats, it is read or said in one line", async (t) => {
  const small = Object.fromEntries(
    Object.entries(without(copy, /kallsyms/)).filter(
      ([name]) => !name.startsWith("events/") || /header|gmem|kvm|ftrace/.test(name),
    ),
  ) as Record<string, Buffer | string>;
  for (const [name, content] of Object.entries(small))
    if (name.includes("trace_pipe_raw")) small[name] = Buffer.from(content).subarray(0, 3 * 4096);
  const names = Object.keys(small);
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.record({ file: fc.nat(), at: fc.nat(), byte: fc.integer({ min: 0, max: 255 }), cut: fc.boolean() }), {
        minLength: 1,
        maxLength: 8,
      }),
      async (damages) => {
        const files = { ...small };
        for (const { file, at, byte, cut } of damages) {
          const name = names[file % names.length]!;
          const bytes = Buffer.from(files[name]!);
          if (bytes.length === 0) continue;
          bytes[at % bytes.length] = byte;
          files[name] = cut ? bytes.subarray(0, at % bytes.length) : bytes;
        }
        try {
          await replay(directoryOf(files));
        } catch (error) {
          if (!(error instanceof TroubleError)) throw error;
          t.false(error.message.includes("\n"));
        }
      },
    ),
    { numRuns: 60 },
  );
  t.pass();
});
