import test from "ava";
import fc from "fast-check";
import { points } from "../../events/index.js";
import { readReference, type ReferenceReading } from "./ftrace-reference.js";
import { isAccounted, line, PLAIN, read, readChunks, recording, type Reading } from "./helpers.js";
import { CHARACTER } from "../support/texts.js";

fc.configureGlobal({ includeErrorInReport: true });

const real = recording("linux-6.18/s09-enfile.trace.gz");
const realLines = real.toString("latin1").split("\n");

/** Checks the fast reader against the reference on one input, and its own promises. */
function agree(bytes: Buffer, reading: Reading = read(bytes)): Reading {
  const reference = readReference(bytes, points);
  const { report } = reading;
  const got = summary(reading.events, reading, bytes);
  const expected = summary(reference.events, reference, bytes);
  if (JSON.stringify(got) !== JSON.stringify(expected)) {
    throw new Error(
      `the readers differ on ${JSON.stringify(bytes.toString("latin1").slice(0, 2000))}\nfast      ${JSON.stringify(got).slice(0, 3000)}\nreference ${JSON.stringify(expected).slice(0, 3000)}`,
    );
  }
  if (!isAccounted(report)) throw new Error("a line was lost silently");
  if (report.lines !== linesOf(bytes)) throw new Error(`${report.lines} lines of ${linesOf(bytes)}`);
  return reading;
}

function linesOf(bytes: Buffer): number {
  let lines = 0;
  for (const byte of bytes) if (byte === 10) lines++;
  return bytes.length > 0 && bytes.at(-1) !== 10 ? lines + 1 : lines;
}

function summary(events: readonly object[], from: Reading | ReferenceReading, bytes: Buffer): object {
  const counts =
    "report" in from
      ? {
          ...pick(from.report),
          skipped: from.report.skipped,
          truncated: from.report.truncated,
          firstSkipped: from.report.firstSkipped.map((skipped) => skipped.line),
        }
      : {
          ...pick(from),
          skipped: from.skipped.length,
          truncated: bytes.length > 0 && bytes.at(-1) !== 10,
          firstSkipped: from.skipped.slice(0, 5),
        };
  const losses =
    "report" in from
      ? from.batches.flatMap((b) =>
          b.losses.map(({ index, cpu, count, line: at }) => ({ before: b.firstSeq + index, cpu, count, line: at })),
        )
      : from.losses;
  return {
    events: events.map((event) => Object.entries(event).map(([key, value]) => `${key}=${show(value)}`)),
    counts,
    losses,
  };
}

function pick({
  continuations,
  comments,
  control,
  blank,
  malformed,
  overrun,
}: ReferenceReading | Reading["report"]): object {
  return { continuations, comments, control, blank, malformed, overrun };
}

function show(value: unknown): string {
  return Array.isArray(value)
    ? `[${value.map(show).join("|")}]`
    : typeof value === "string"
      ? JSON.stringify(value)
      : String(value);
}

/** Text that may be taken for something else. */
const nasty = fc.oneof(
  { weight: 3, arbitrary: fc.string({ unit: fc.constantFrom(...' -19[](){}:.,"\\\t\r=x#<>ab'), maxLength: 15 }) },
  { weight: 1, arbitrary: fc.string({ unit: CHARACTER, maxLength: 15 }) },
  fc.constantFrom(
    "<idle>",
    "<...>",
    "__proto__",
    "constructor",
    "-9",
    "a-9 [1]",
    "x-1 [000] 1: e:",
    "kworker/0:1",
    "\u001b[31mred",
    "<b>",
    "naïve",
    "任务",
    "#",
    "=> x",
    '"',
    '" refcnt=1',
    "(fault)",
    "a\nb",
    "\n",
    "CPU:1 [LOST 5 EV",
  ),
);
const comm = nasty.map((name) => Buffer.from(name).subarray(0, 15).toString("latin1"));
const string = fc
  .array(fc.oneof(nasty, fc.constantFrom(line(PLAIN), `" refcnt=7`, `" refcnt=7 state=1`, ` refcnt=`, "\n")), {
    maxLength: 3,
  })
  .map((parts) => Buffer.from(parts.join("")).toString("latin1"));
const hex = fc.bigInt(0n, (1n << 64n) - 1n).map((value) => `0x${value.toString(16)}`);
const decimal = fc.oneof(fc.integer(), fc.bigInt(-(1n << 63n), (1n << 64n) - 1n)).map(String);
const number = fc.oneof(
  { weight: 5, arbitrary: decimal },
  { weight: 5, arbitrary: hex },
  fc.constantFrom("(fault)", "0x", "-", "", "0x1ffffffffffffffff", "99999999999999999999", "1x", '"1"'),
);
const place = fc.constantFrom(
  "(module_put+0x4/0x80) ",
  "(0xffffffffa0014054) ",
  "([unknown/kretprobe'd] <- module_put) ",
  "(a+0x1/0x2 [kvm] <- b) ",
  "(",
  "",
  "() ",
  "(a)",
  " ",
);
const quoted = fc.oneof(
  { weight: 6, arbitrary: string.map((s) => `"${s}"`) },
  fc.constantFrom("(fault)", '"', "x", "(null)"),
);
/** Places and names of a kernel, and others. */
const usual = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.constantFrom(
      "0xffffffffa0163640",
      "0xffff888100b08000",
      "0x0",
      "0",
      "3",
      "-12",
      "0xfffffffffffffff4",
      "0xfffffff4",
      "(fault)",
      '"kvm_amd"',
      '"a" b=1"',
    ),
  },
  { weight: 1, arbitrary: number },
);
const numbered = fc
  .array(usual, { maxLength: 5 })
  .map((values) => values.map((value, k) => `arg${k + 1}=${value}`).join(" "));
const argument = fc.oneof(
  fc
    .tuple(
      fc.constantFrom("mod", "module", "m", "ret", "arg1", "arg2", "arg3", "filp", "i_sb", "i_count", "inode", "nm"),
      usual,
    )
    .map(([name, value]) => `${name}=${value}`),
  fc
    .tuple(fc.constantFrom("module", "refcnt", "state", "extra", "name"), number)
    .map(([name, value]) => `${name}=${value}`),
  quoted.map((value) => `name=${value}`),
  nasty,
);
const event = fc.oneof(
  fc
    .tuple(place, hex, quoted, number)
    .map(([at, module, name, refcnt]) => `module_put: ${at}module=${module} name=${name} refcnt=${refcnt}`),
  fc
    .tuple(place, hex, quoted, number, number)
    .map(
      ([at, module, name, refcnt, state]) =>
        `try_module_get: ${at}module=${module} name=${name} refcnt=${refcnt} state=${state}`,
    ),
  fc.tuple(place, fc.array(argument, { maxLength: 5 })).map(([at, args]) => `module_put: ${at}${args.join(" ")}`),
  fc.tuple(place, number).map(([at, value]) => `dput: ${at}dentry=${value}`),
  fc
    .tuple(place, usual, usual, usual)
    .map(([at, module, name, refcnt]) => `module_put: ${at}mod=${module} name=${name} refcnt=${refcnt}`),
  fc
    .tuple(
      fc.constantFrom(
        "module_put",
        "iput",
        "try_module_get_ret",
        "alloc_anon_inode_ret",
        "fd_install",
        "filp_close",
        "kvm_gmem_bind",
        "kvm_init",
      ),
      place,
      fc.oneof(
        numbered,
        fc.array(argument, { maxLength: 4 }).map((args) => args.join(" ")),
      ),
    )
    .map(([name, at, args]) => `${name}: ${at}${args}`),
  string.map((words) => `tracing_mark_write: ${words}`),
  string.map((words) => `sched_switch: ${words}`),
  string,
  fc.constantFrom(
    "<stack trace>",
    "sys_openat(dfd: 3)",
    "sys_openat -> 0x3",
    "vfs_read <-ksys_read",
    "kvm_exit: (kvm_exit+0x0/0x10)",
    "iput:",
    "iput: ",
  ),
);
const time = fc.oneof(
  fc.constantFrom("5.374322", "0.000000", "99999999.999999", "5.374322123"),
  fc.bigInt(0n, (1n << 64n) - 1n).map(String),
  fc.constantFrom("1.", ".5", "5.1234567890", "1234567890123456.5", "x"),
);
const header = fc.record({
  comm,
  pid: fc.oneof(fc.integer({ min: 0, max: 4194304 }), fc.constant(12345678901)),
  flags: fc.constantFrom(
    ".....",
    "....",
    "d..2.",
    "dNh3.",
    "..s1.",
    ".......",
    "d..h1..",
    "",
    "...",
    "D.H..",
    "bBZ..",
    "..z..",
    "..x..",
    "........",
  ),
  time,
  cpu: fc.integer({ min: 0, max: 70000 }),
});
const group = fc.option(fc.constantFrom("138", "------", "x"), { nil: undefined });
/** A line as the kernel prints it, or trimmed, or with a carriage return. */
const eventLine = fc
  .tuple(event, header, group, fc.constantFrom("", "", "", "", "trim", "cr"))
  .map(([what, parts, tgid, edit]) => {
    const { comm: name, ...rest } = parts;
    // `line` counts bytes as UTF-8: the name is put in as Latin-1 afterwards.
    const printed = line(what, { ...rest, ...(tgid === undefined ? {} : { tgid }), comm: "" }).slice(16);
    const whole = `${" ".repeat(16 - name.length)}${name}${printed}`;
    return edit === "trim" ? whole.trimStart() : edit === "cr" ? `${whole}\r` : whole;
  });
const otherLine = fc.oneof(
  fc.array(argument, { minLength: 1, maxLength: 3 }).map((args) => args.join(" ")),
  fc.tuple(place, fc.array(argument, { maxLength: 3 })).map(([at, args]) => `${at}${args.join(" ")}`),
  fc.constantFrom(
    "refcnt=3",
    "[kvm]) module=0x0 name=(fault) refcnt=1",
    "   arg2=0",
    "state=0",
    "dentry=0xffff888100b08000",
  ),
  fc.constantFrom(
    "",
    " ",
    "   ab",
    "cd",
    "                  ",
    "CPU:1 [LOST 35 EVENTS]",
    "CPU:0 [LOST EVENTS]",
    "##### CPU 1 buffer started ####",
    " => vfs_read",
    "# tracer: nop",
    "# entries-in-buffer/entries-written: 5/9   #P:2",
    "#                              | / _---=> hardirq/softirq",
    "#",
    '" refcnt=1',
    'b" refcnt=1',
    "\r",
  ),
  string,
);
const anyRecording = fc
  .tuple(
    fc.array(fc.oneof({ weight: 4, arbitrary: eventLine }, { weight: 1, arbitrary: otherLine }), { maxLength: 12 }),
    fc.boolean(),
  )
  .map(([lines, ends]) => Buffer.from(lines.join("\n") + (ends && lines.length > 0 ? "\n" : ""), "latin1"));

const RUNS = Number(process.env["KREEL_TEST_RUNS"] ?? 2000);

test("the fast reader reads what the reference reads, whatever tasks and strings are called", (t) => {
  fc.assert(
    fc.property(anyRecording, (bytes) => void agree(bytes)),
    { numRuns: RUNS },
  );
  t.pass();
});

/**
 * One probe each of some points, with names of its own for all its events: mostly valid for the argument, and sometimes
 * not.
 */
const probed = fc
  .constantFrom(
    ["module_put", "mod", "name", "refcnt"],
    ["module_put", "arg1", "arg2", "arg3"],
    ["module_put", "arg1"],
    ["iput", "inode", "i_count", "i_nlink", "i_sb"],
    ["iput", "arg1", "arg2", "arg3", "arg4"],
    ["alloc_anon_inode_ret", "arg1"],
    ["kvm_gmem_create_ret", "ret"],
    ["try_module_get_ret", "arg1"],
    ["fd_install", "arg1", "arg2"],
    ["file_close_fd", "x"],
  )
  .chain(([name = "", ...args]) => {
    const usualOf = (k: number): fc.Arbitrary<string> => {
      const type = points.byEvent(name)!.args[k]?.type ?? "x64";
      const own =
        type === "string"
          ? fc.constantFrom('"kvm"', '"kvm_amd"', "(fault)", '"a" b=1', '"a" refcnt=2')
          : type === "ptr"
            ? fc.constantFrom("0xffff888100b08000", "0xffffffffa0163640", "0x0", "0xfffffffffffffff4")
            : fc.constantFrom("0", "1", "3", "-12", "0xfffffff4", "-70000");
      return fc.oneof({ weight: 40, arbitrary: own }, { weight: 1, arbitrary: usual });
    };
    const one = fc
      .tuple(...args.map((_, k) => usualOf(k)))
      .map((values) => line(`${name}: (${name}+0x4/0x20) ${args.map((arg, k) => `${arg}=${values[k]!}`).join(" ")}`));
    return fc.array(one, { minLength: 1, maxLength: 12 });
  });

test("events whose arguments have other names read the same, fast and slowly, until something contradicts", (t) => {
  const lines = fc
    .array(probed, { minLength: 1, maxLength: 3 })
    .chain((probes) => fc.shuffledSubarray(probes.flat(), { minLength: 1 }));
  fc.assert(
    fc.property(lines, fc.integer({ min: 1, max: 300 }), (of, chunk) => {
      const bytes = Buffer.from(of.map((text) => `${text}\n`).join(""), "latin1");
      agree(bytes);
      agree(bytes, read(bytes, chunk, 4));
    }),
    { numRuns: RUNS / 2 },
  );
  t.pass();
});

test("a recording reads the same wherever its chunks and batches end", (t) => {
  fc.assert(
    fc.property(
      anyRecording,
      fc.array(fc.nat(400), { maxLength: 20 }),
      fc.integer({ min: 1, max: 5 }),
      (bytes, sizes, batch) => {
        const chunks: Buffer[] = [];
        let p = 0;
        for (const size of sizes) chunks.push(bytes.subarray(p, (p += size)));
        chunks.push(bytes.subarray(p));
        agree(bytes, readChunks(chunks, batch));
      },
    ),
    { numRuns: RUNS / 4 },
  );
  const start = Buffer.from(realLines.slice(0, 40).join("\n") + "\n", "latin1");
  for (let cut = 0; cut <= start.length; cut++) agree(start, readChunks([start.subarray(0, cut), start.subarray(cut)]));
  agree(start, read(start, 1));
  t.pass();
});

test("events are numbered from 1 in the order of the recording, across batches", (t) => {
  const { batches } = readChunks([real], 100);
  let next = 1;
  for (const batch of batches) {
    t.is(batch.firstSeq, next);
    next += batch.length;
  }
});

test("a recording cut anywhere gives the events in front of the cut", (t) => {
  const whole = read(real).events;
  fc.assert(
    fc.property(fc.nat(real.length), (cut) => {
      const { events } = agree(real.subarray(0, cut));
      const before = events.slice(0, -1);
      if (
        show(before.map((e) => Object.values(e) as unknown[])) !==
        show(whole.slice(0, before.length).map((e) => Object.values(e) as unknown[]))
      )
        throw new Error("the events before the cut differ");
    }),
    { numRuns: 30 },
  );
  t.pass();
});

test("a mutated or spliced recording is read to its end, and every line is accounted for", (t) => {
  const piece = fc
    .tuple(fc.nat(realLines.length - 10), fc.integer({ min: 1, max: 60 }))
    .map(([from, count]) => realLines.slice(from, from + count).join("\n"));
  const mutation = fc.record({
    at: fc.nat(20000),
    drop: fc.nat(40),
    insert: fc.oneof(nasty, fc.constantFrom("\n", '"', "\r\n", "\0", "-", "[000]", line(PLAIN))),
  });
  const spliced = fc
    .tuple(fc.array(piece, { minLength: 1, maxLength: 3 }), fc.array(mutation, { maxLength: 12 }))
    .map(([pieces, mutations]) => {
      let bytes = Buffer.from(pieces.join("\n"), "latin1");
      for (const { at, drop, insert } of mutations) {
        const p = bytes.length === 0 ? 0 : at % bytes.length;
        bytes = Buffer.concat([bytes.subarray(0, p), Buffer.from(insert), bytes.subarray(p + drop)]);
      }
      return bytes;
    });
  fc.assert(
    fc.property(spliced, (bytes) => void agree(bytes)),
    { numRuns: RUNS / 4 },
  );
  t.pass();
});

test("bytes that are no text at all are read to their end", (t) => {
  // White space by its number, which is no character of UTF-8.
  agree(Buffer.of(0xa0));
  // A line that waited with another: a carriage return of its text is not the line's end.
  agree(
    Buffer.from(
      "          <idle>-0       [000] .....            0: sched_switch: \n refcnt=\n                -0       [000] .....     5.374322: tracing_mark_write: \r\r",
    ),
  );
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 2000 }), (bytes) => void agree(Buffer.from(bytes))),
    { numRuns: 200 },
  );
  t.pass();
});
