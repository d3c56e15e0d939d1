import { readFileSync } from "node:fs";
import test from "ava";
import { detectFormat } from "../../src/read/detect.js";
import { TroubleError, printable } from "../../src/base/trouble.js";
import { line, PLAIN, recording, text } from "./helpers.js";

const detect = (head: string | Buffer): string =>
  detectFormat(typeof head === "string" ? Buffer.from(head, "latin1") : head, "FILE");

test("ftrace text, with its comments or without", (t) => {
  t.is(detect(recording("linux-7.2/s02-dup.trace.gz")), "ftrace");
  t.is(detect("# tracer: nop\n#\n"), "ftrace", "a recording without events");
  t.is(detect(text(line(PLAIN))), "ftrace", "trace_pipe");
  t.is(detect(text(line(PLAIN, { comm: "a b-9 [1]", flags: "", time: "42" }))), "ftrace");
  t.is(detect(text("CPU:1 [LOST 35 EVENTS]")), "ftrace");
  t.is(detect(text("##### CPU 1 buffer started ####")), "ftrace");
  t.is(detect(text("the end of a line that was cut", line(PLAIN))), "ftrace");
  t.is(detect(line(PLAIN).slice(0, -10)), "ftrace", "one line, cut");
});

test("trace.dat, of any version", (t) => {
  t.is(detect("\x17\x08\x44tracing6\0"), "trace-dat");
  t.is(detect("\x17\x08\x44tracing7\0\x01\x04"), "trace-dat");
});

for (const [what, magic] of [
  ["perf.data", "PERFILE2\x68\0"],
  ["SQLite", "SQLite format 3\0\x10"],
  ["ELF", "\x7fELF\x02\x01"],
  ["PNG", "\x89PNG\r\n\x1a\n"],
  ["xz", "\xfd7zXZ\0"],
  ["zip", "PK\x03\x04"],
  ["bzip2", "BZh91AY"],
  ["PDF", "%PDF-1.7"],
  ["UTF-16", "\xff\xfe#\0"],
  ["gzip within another", "\x1f\x8b\x08\0"],
  ["zstd within another", "\x28\xb5\x2f\xfd\x04"],
  ["tar", `${"x".repeat(257)}ustar\0`],
] as const) {
  test(`${what} is named, with what would help`, (t) => {
    const error = t.throws(() => detect(magic), { instanceOf: TroubleError });
    t.true(error?.message.includes(what), error?.message);
    t.regex(error!.message, /;/);
  });
}

test("a text that is no recording is refused with its file and line", (t) => {
  const error = t.throws(() => detect(readFileSync("package.json")), { instanceOf: TroubleError });
  t.is(error?.file, "FILE");
  t.is(error?.line, 1);
  t.regex(String(error), /^kreel: FILE:1: not a recording.*line 1 is "\{"/);
  t.throws(() => detect("\n\n\n"), { instanceOf: TroubleError });
  t.throws(() => detect(Buffer.alloc(5000)), { instanceOf: TroubleError });
});

test("trouble is one line, and nothing in it reaches the terminal as an escape", (t) => {
  const error = t.throws(() => detect("\u001b[2Jhello\u0007\r\nworld"), { instanceOf: TroubleError });
  t.true([...String(error)].every((character) => character >= " " && character !== "\u007f"));
  t.true(String(error).includes("\\x1b[2Jhello\\x07"));
  t.is(String(new TroubleError("wrong", "a\nb", 3)), "kreel: a\\x0ab:3: wrong");
  t.is(printable("naïve 任务 \u009b \u202e"), "naïve 任务 \\x9b \\u202e");
});
