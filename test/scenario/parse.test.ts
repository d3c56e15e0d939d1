import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import test from "ava";
import fc from "fast-check";
import { TroubleError } from "../../src/base/trouble.js";
import { parseNumber } from "../../src/scenario/number.js";
import { parseScenario, printScenario, readScenario } from "../../src/scenario/parse.js";
import type { Line, Operation } from "../../src/scenario/types.js";
import { CHARACTER } from "../support/texts.js";

fc.configureGlobal({ includeErrorInReport: true });

const scratch = mkdtempSync(join(tmpdir(), "kreel-scenario-"));
test.after.always(() => rmSync(scratch, { recursive: true, force: true }));

const one = (text: string): Line => parseScenario(text, "FILE").lines[0]!;
const operation = (text: string): Operation => one(text).operation;

function troubleOf(text: string): TroubleError {
  try {
    parseScenario(text, "FILE");
  } catch (error) {
    if (error instanceof TroubleError) return error;
    throw error;
  }
  throw new Error(`no trouble with ${JSON.stringify(text)}`);
}

for (const [text, expected] of [
  ["load kvm", { type: "load", module: "kvm", parameters: "" }],
  ["load kvm-amd nested=0 npt=1", { type: "load", module: "kvm-amd", parameters: "nested=0 npt=1" }],
  ["unload kvm_amd", { type: "unload", module: "kvm_amd" }],
  ["vm v", { type: "vm", name: "v", vmType: 0 }],
  ["vm v 1", { type: "vm", name: "v", vmType: 1 }],
  ["gmem g v 2M", { type: "gmem", name: "g", vm: "v", size: 2 ** 21, flags: 0 }],
  ["gmem g v 0xfffffffffffff000 010", { type: "gmem", name: "g", vm: "v", size: -4096, flags: 8 }],
  ["bind v 1 0x100000 64K g", { type: "bind", vm: "v", slot: 1, gpa: 2 ** 20, size: 65536, gmem: "g", offset: 0 }],
  ["bind v 1 4G 64K g 4096", { type: "bind", vm: "v", slot: 1, gpa: 2 ** 32, size: 65536, gmem: "g", offset: 4096 }],
  ["unbind v 1", { type: "unbind", vm: "v", slot: 1 }],
  ["dup new old", { type: "dup", name: "new", of: "old" }],
  ["dup2 over old", { type: "dup2", name: "over", of: "old" }],
  ["dupto new 9 old", { type: "dupto", name: "new", fd: 9, of: "old" }],
  ["dupto new 4G old", { type: "dupto", name: "new", fd: 0, of: "old" }],
  ["dupfd new old 0xffffffff", { type: "dupfd", name: "new", of: "old", from: -1 }],
  ["dupmany old 3", { type: "dupmany", of: "old", times: 3 }],
  ["closerange 5 7", { type: "closerange", first: 5, last: 7, flags: 0 }],
  ["closerange 5 -1 4", { type: "closerange", first: 5, last: 0xffffffff, flags: 4 }],
  ["cloexec g", { type: "cloexec", of: "g" }],
  ["socket s", { type: "socket", name: "s" }],
  ["send s.0 g", { type: "send", socket: "s.0", of: "g" }],
  ["recv s.1 h", { type: "recv", socket: "s.1", name: "h" }],
  ["map m g 4K 8K", { type: "map", name: "m", of: "g", offset: 4096, length: 8192 }],
  ["mapprivate g 0 4K", { type: "mapprivate", of: "g", offset: 0, length: 4096 }],
  ["mapexec g 0 4K", { type: "mapexec", of: "g", offset: 0, length: 4096 }],
  ["protectexec m", { type: "protectexec", name: "m" }],
  ["poke m", { type: "poke", name: "m" }],
  ["unmap m", { type: "unmap", name: "m" }],
  ["unsharefiles", { type: "unsharefiles" }],
  ["exec", { type: "exec", ms: 1 }],
  ["vfork 20", { type: "vfork", ms: 20 }],
  ["execself g", { type: "execself", of: "g" }],
  ["execveat g", { type: "execveat", of: "g" }],
  ["child wait", { type: "child", line: { line: 1, text: "wait", marker: "wait", operation: { type: "wait" } } }],
  ["close g", { type: "close", of: "g" }],
  ["allocate g 0 4K", { type: "allocate", of: "g", offset: 0, length: 4096 }],
  ["punch g 4K 4K", { type: "punch", of: "g", offset: 4096, length: 4096 }],
  ["touch g 0 4K", { type: "touch", of: "g", offset: 0, length: 4096 }],
  ["truncate g -1", { type: "truncate", of: "g", size: -1 }],
  ["write g", { type: "write", of: "g" }],
  ["stat g", { type: "stat", of: "g" }],
  ["statfs g", { type: "statfs", of: "g" }],
  ["getfl g", { type: "getfl", of: "g" }],
  ["refcnt kvm", { type: "refcnt", module: "kvm" }],
  ["nofile 6", { type: "nofile", limit: 6 }],
  ["filemax 0x10", { type: "filemax", limit: 16, text: "0x10" }],
  ["dropcaps", { type: "dropcaps" }],
  ["raisecaps", { type: "raisecaps" }],
  ["fork", { type: "fork", ms: 1 }],
  ["fork 200", { type: "fork", ms: 200 }],
  ["wait", { type: "wait" }],
  ["sleep 0", { type: "sleep", ms: 0 }],
  ["rcu", { type: "rcu" }],
  ["go", { type: "go" }],
  ["repeat 3 times", { type: "repeat" }],
  ["close __proto__", { type: "close", of: "__proto__" }],
] as const) {
  test(`operation: ${text}`, (t) => {
    t.deepEqual(operation(text), expected);
    t.is(one(text).text, text);
    t.is(one(text).marker, text);
  });
}

test("blanks, tabs, comments, CRLF, a byte order mark and a missing last line feed mean nothing", (t) => {
  const { lines, warnings } = parseScenario(
    "\ufeff# what it is\r\n\r\n  \tclose\t g   # the first\r\n#close h\n@ta \t stat  g#now\n go\t\nvm v",
    "FILE",
  );
  t.deepEqual(lines, [
    { line: 3, text: "close g", marker: "close g", operation: { type: "close", of: "g" } },
    { line: 5, text: "stat g", marker: "stat g", operation: { type: "stat", of: "g" }, thread: "ta" },
    { line: 6, text: "go", marker: "go", operation: { type: "go" } },
    { line: 7, text: "vm v", marker: "vm v", operation: { type: "vm", name: "v", vmType: 0 } },
  ]);
  t.deepEqual(warnings, []);
});

test("fail=N is in the marker and not in the text", (t) => {
  t.deepEqual(one("@ta gmem  g v 64K fail=3"), {
    line: 1,
    text: "gmem g v 64K",
    marker: "gmem g v 64K fail=3",
    operation: { type: "gmem", name: "g", vm: "v", size: 65536, flags: 0 },
    thread: "ta",
    fail: 3,
  });
  t.is(one("bind v 1 0 4K g fail=0x10").fail, 16);
  t.is(one("unbind v 1 fail=1").fail, 1);
});

for (const [text, line, what] of [
  ["close g\nalocate g 0 4K", 2, /^unknown operation alocate; did you mean allocate\?$/],
  ["VM v", 1, /did you mean vm\?/],
  ["constructor v", 1, /^unknown operation constructor; there are load, unload, /],
  ["__proto__", 1, /^unknown operation __proto__; /],
  ["\u009b2Jvm", 1, /^unknown operation \\x9b2Jvm; /],
  [`${"x".repeat(150)} v`, 1, /^unknown operation x{40}…; /],
  ["@ta @tb close g", 1, /^unknown operation @tb; /],
  ["gmem g", 1, /^gmem without V and SIZE; write gmem G V SIZE \[FLAGS\]$/],
  ["\n\nsleep", 3, /^sleep without MS; write sleep MS$/],
  ["load", 1, /^load without M; write load M \[PARAMETERS…\]$/],
  ["gmem g v fail=1", 1, /^gmem without SIZE; /],
  ["close g h", 1, /^"h" is one word too many; write close G$/],
  ["wait for it", 1, /^"for" is one word too many; write wait$/],
  ["vm v = 5", 1, /^"5" is one word too many; /],
  ["gmem g v big", 1, /^SIZE of gmem: "big" is not a number; /],
  ["vm v =", 1, /^TYPE of vm: "=" is not a number; /],
  ["bind v 1 0 4KB g", 1, /^SIZE of bind: "4KB" is not a number; /],
  ["bind v 1 0 4K g 09", 1, /^OFFSET of bind: "09" begins with 0, which means octal/],
  [
    "unbind v 0x7fffffffffffffff",
    1,
    /^SLOT of unbind: "0x7fffffffffffffff" is larger than kreel keeps exactly; use a multiple of 4K$/,
  ],
  ["truncate g 0x10000000000000000", 1, /^SIZE of truncate: "0x10000000000000000" does not fit in 64 bits$/],
  ["fork -1", 1, /^MS of fork: -1 is no time to sleep; /],
  ["sleep 5M", 1, /^MS of sleep: 5242880 is no time to sleep; /],
  ["close g fail=1", 1, /^"fail=1" behind "close"; only gmem, bind, unbind can be made to fail$/],
  ["gmem g v 4K fail=0", 1, /^"fail=0" makes nothing fail; /],
  ["gmem g v 4K fail=", 1, /^"fail=" is not a number; /],
  ["@ close g", 1, /^@ without the name of a thread; /],
  ["@ta", 1, /^thread "ta" is given nothing to do; /],
  ["@ta # close g", 1, /^thread "ta" is given nothing to do; /],
  ["@ta go", 1, /^a thread cannot start the threads; /],
  ["@ta execself g", 1, /^a thread that becomes another program ends all others; /],
  ["child go", 1, /^go is not for a child; write it on a line of its own$/],
  ["child child close g", 1, /^child is not for a child; /],
  ["child", 1, /^child without OPERATION; write child OPERATION \[WORDS…\]$/],
  ["close g\nchild close", 2, /^close without G; write close G$/],
  ["child gmem g v 4K fail=1", 1, /^"fail=1" behind "child"; /],
  ["exec 0x10", 1, /^MS of exec: "0x10" is handed to the new program as it is; write decimal digits$/],
  ["vfork 4294968", 1, /^MS of vfork: 4294968 is no time to sleep; /],
  [`socket ${"s".repeat(30)}`, 1, /^the name "s{30}" is too long; use at most 29 bytes$/],
  ["closerange 5", 1, /^closerange without LAST; write closerange FIRST LAST \[FLAGS\]$/],
  [`@${"t".repeat(32)} close g`, 1, /^the thread's name "t{32}" is too long; /],
  [`close ${"g".repeat(32)}`, 1, /^the name "g{32}" is too long; use at most 31 bytes$/],
  [`dup new ${"ä".repeat(16)}`, 1, /^the name "ä{16}" is too long; /],
  [`vm v\n# ${"x".repeat(510)}\nclose v`, 2, /^the line is longer than 511 bytes; /],
  [`load kvm ${"p ".repeat(23)}`, 1, /^the operation is longer than 24 words or 200 bytes/],
  [`load kvm ${"p".repeat(200)}`, 1, /^the operation is longer than 24 words or 200 bytes/],
  ["close g\u001b[2J", 1, /^a control character \(\\x1b\) in the line; /],
  ["close\rg", 1, /^a control character \(\\x0d\) in the line; /],
  [
    Array.from({ length: 33 }, (_, k) => `@t${k} close g`).join("\n"),
    33,
    /^more than 32 threads; write go between them$/,
  ],
  ["@ta close g\n".repeat(257), 257, /^thread "ta" has more than 256 lines; /],
] as const) {
  test(`trouble: ${JSON.stringify(text.slice(0, 50))} → ${what.source}`, (t) => {
    const error = troubleOf(text);
    t.regex(error.what, what);
    t.is(error.line, line);
    t.is(error.file, "FILE");
  });
}

test("as much as the interpreter keeps is kept", (t) => {
  t.is(one(`close ${"g".repeat(31)}`).text.length, 37);
  t.is(one(`load kvm ${"p".repeat(191)}`).text.length, 200);
  t.is(one(`load kvm${" p".repeat(22)}`).text.split(" ").length, 24);
  t.is(one(`close g #${"x".repeat(502)}`).text, "close g");
  const threads = Array.from({ length: 32 }, (_, k) => `@t${k} close g`).join("\n");
  t.is(parseScenario(`${threads}\ngo\n${threads}\ngo`, "FILE").lines.length, 66);
});

test("a thread that no go starts, a go that starts no thread and a name that the kernel cuts are warned of", (t) => {
  t.deepEqual(parseScenario("go\n@ta close g\ngo\n@ta close g\n@tb close g\n@ta close h", "FILE").warnings, [
    "FILE:1: go has no thread to start; queue lines before it: @ta close g",
    'FILE:4: thread "ta" is never started; write go behind its lines',
    'FILE:5: thread "tb" is never started; write go behind its lines',
  ]);
  const long = "@sixteen-letters! close g\n";
  t.deepEqual(parseScenario(`${long}${long}go`, "FILE").warnings, [
    'FILE:1: thread "sixteen-letters!" will be known by its first 15 bytes: the kernel keeps no more of a task\'s name',
  ]);
  t.deepEqual(parseScenario("@fifteen-letters close g\ngo", "FILE").warnings, []);
  t.deepEqual(parseScenario("# nothing\n", "FILE"), {
    path: "FILE",
    lines: [],
    warnings: ["FILE: no operation in it"],
  });
});

// Numbers.

for (const [word, value] of [
  ["0", 0],
  ["-0", 0],
  ["00", 0],
  ["+7", 7],
  ["-1K", -1024],
  ["010K", 8192],
  ["0X1fG", 31 * 2 ** 30],
  ["0xffffffffffffffff", -1],
  ["18446744073709551615", -1],
  ["-18446744073709551615", 1],
  ["0x8000000000000000", -(2 ** 63)],
  ["0x7ffffffffffff000", 2 ** 63 - 4096],
  ["9007199254740992", 2 ** 53],
] as const) {
  test(`number: ${word} is ${value}`, (t) => t.is(parseNumber(word), value));
}

for (const word of [
  "",
  "-",
  "K",
  "0x",
  "0xK",
  "08",
  "1k",
  "1KB",
  "1T",
  "1.5",
  "1e3",
  "0b1",
  "--1",
  " 1",
  "1 ",
  "1\n",
  "١",
  "0x1p3",
  "9007199254740993",
  "18446744073709551616",
  "0x40000000000000K",
]) {
  test(`no number: ${JSON.stringify(word)}`, (t) => t.is(typeof parseNumber(word), "string"));
}

const spelling = fc.record({
  digits: fc.bigInt({ min: 0n, max: (1n << 66n) - 1n }).chain((max) => fc.bigInt({ min: 0n, max })),
  base: fc.constantFrom(8, 10, 16),
  unit: fc.constantFrom("", "K", "M", "G"),
  sign: fc.constantFrom("", "-"),
});

test("a number is what its digits say, modulo 2^64, where that is exact, and an error where it is not", (t) => {
  fc.assert(
    fc.property(spelling, ({ digits, base, unit, sign }) => {
      const got = parseNumber(`${sign}${base === 16 ? "0x" : base === 8 ? "0" : ""}${digits.toString(base)}${unit}`);
      const magnitude = digits << BigInt(10 * ["", "K", "M", "G"].indexOf(unit));
      const signed = BigInt.asIntN(64, sign === "" ? magnitude : -magnitude);
      const isKept = magnitude < 1n << 64n && BigInt(Number(signed)) === signed;
      t.true(isKept ? got === Number(signed) && !Object.is(got, -0) : typeof got === "string");
    }),
  );
});

// Properties.

const variable = fc.oneof(
  fc.constantFrom("v", "g", "__proto__", "constructor", "fail", "@x", "=", "0", "\ufeff", "任务"),
  fc
    .string({ unit: CHARACTER, minLength: 1, maxLength: 10 })
    .filter(
      (name) =>
        [...name].every((character) => character > " " && character !== "#" && character !== "\u007f") &&
        !name.startsWith("fail=") &&
        Buffer.byteLength(name) <= 31,
    ),
);
const integer = fc.oneof(
  fc.constantFrom("0", "64K", "2M", "1G", "0x1000", "010", "-1", "0xfffffffffffff000"),
  fc.nat().map(String),
);
const milliseconds = fc.nat({ max: 4_294_967 }).map(String);
const words = (...of: fc.Arbitrary<string>[]): fc.Arbitrary<string[]> => fc.tuple(...of);
const is = (type: string, ...of: fc.Arbitrary<string>[]): fc.Arbitrary<string[]> => words(fc.constant(type), ...of);

const fallible = fc.oneof(
  is("gmem", variable, variable, integer),
  is("gmem", variable, variable, integer, integer),
  is("bind", variable, integer, integer, integer, variable),
  is("unbind", variable, integer),
);
const anyOperation = fc.oneof(
  fallible,
  fc.tuple(fallible, fc.integer({ min: 1, max: 99 })).map(([line, fail]) => [...line, `fail=${fail}`]),
  is("load", variable, variable, variable),
  is("vm", variable, integer),
  ...["dup", "dup2", "send", "recv"].map((type) => is(type, variable, variable)),
  is("dupto", variable, integer, variable),
  is("dupfd", variable, variable, integer),
  is("dupmany", variable, integer),
  is("closerange", integer, integer),
  is("closerange", integer, integer, integer),
  is("map", variable, variable, integer, integer),
  is("child", fc.constant("dup"), variable, variable),
  ...["cloexec", "poke", "protectexec", "unmap", "execveat"].map((type) => is(type, variable)),
  is("socket", fc.constantFrom("s", "t")),
  ...["unload", "close", "write", "stat", "statfs", "getfl", "refcnt"].map((type) => is(type, variable)),
  ...["allocate", "punch", "touch", "mapprivate", "mapexec"].map((type) => is(type, variable, integer, integer)),
  is("truncate", variable, integer),
  is("nofile", integer),
  is("filemax", integer),
  is("fork", milliseconds),
  is("sleep", milliseconds),
  ...["exec", "vfork"].flatMap((type) => [is(type), is(type, milliseconds)]),
  ...["unsharefiles", "dropcaps", "raisecaps", "fork", "wait", "rcu", "repeat"].map((type) => is(type)),
);
const blanks = fc.constantFrom(" ", "\t", "  ", " \t ");
const row = fc.oneof(
  fc.constantFrom("", "  ", "# a comment", "go"),
  fc
    .record({
      thread: fc.option(fc.constantFrom("ta", "tb", "a-name-that-is-cut", "@"), { nil: undefined }),
      line: anyOperation,
      before: fc.constantFrom("", " ", "\t"),
      between: blanks,
      behind: fc.constantFrom("", " ", "# why", "\r", " #\r"),
    })
    .map(
      ({ thread, line, before, between, behind }) =>
        `${before}${(thread === undefined ? line : [`@${thread}`, ...line]).join(between)}${behind}`,
    ),
);
const document = fc.array(row, { maxLength: 20 }).map((rows) => rows.join("\n"));

test("a scenario that is printed parses to the same, line numbers and warnings among it", (t) => {
  fc.assert(
    fc.property(document, (text) => {
      const scenario = parseScenario(text, "FILE");
      const printed = printScenario(scenario);
      t.deepEqual(parseScenario(printed, "FILE"), scenario);
      t.is(printScenario(parseScenario(printed, "FILE")), printed);
    }),
  );
});

test("a line is its words with one blank between, and names its operation", (t) => {
  fc.assert(
    fc.property(anyOperation, blanks, (line, between) => {
      const {
        text,
        marker,
        operation: { type },
        fail,
      } = one(line.join(between));
      t.is(marker, line.join(" "));
      t.is(text, (fail === undefined ? line : line.slice(0, -1)).join(" "));
      t.is(type, line[0] as Operation["type"]);
    }),
  );
});

const almost = fc
  .array(
    fc.oneof(
      row,
      fc.string({ unit: CHARACTER, maxLength: 40 }),
      fc
        .array(
          fc.oneof(
            anyOperation.map((line) => line[0]!),
            variable,
            integer,
            fc.string({ maxLength: 5 }),
          ),
          { maxLength: 6 },
        )
        .map((of) => of.join(" ")),
    ),
    { maxLength: 8 },
  )
  .map((rows) => rows.join("\n"));

test("whatever the text, nothing is thrown but trouble, which is one line and names one that exists", (t) => {
  fc.assert(
    fc.property(fc.oneof(almost, fc.string({ unit: CHARACTER })), (text) => {
      try {
        const { lines } = parseScenario(text, "FILE");
        t.true(lines.every((line, k) => line.line > (lines[k - 1]?.line ?? 0) && line.line <= text.split("\n").length));
      } catch (error) {
        if (!(error instanceof TroubleError)) throw error;
        t.true(error.line !== undefined && error.line >= 1 && error.line <= text.split("\n").length);
        // eslint-disable-next-line no-control-regex
        t.notRegex(error.message, /[\u0000-\u001f\u007f-\u009f\u2028\u2029]/);
        t.true(error.message.length < 500, error.message);
      }
    }),
    { numRuns: 1000 },
  );
});

// Files.

const RECORDINGS = "fixtures/recordings";
const scenarioFiles = readdirSync("fixtures", { recursive: true, encoding: "utf8" })
  .filter((path) => path.endsWith(".scn"))
  .sort();

test("every scenario of the repository is understood", async (t) => {
  t.true(scenarioFiles.length > 40);
  for (const path of scenarioFiles) {
    const scenario = await readScenario(join("fixtures", path));
    t.true(scenario.lines.length > 0);
    t.deepEqual(scenario.warnings, [], path);
    t.deepEqual(parseScenario(printScenario(scenario), scenario.path), scenario);
  }
});

/** The scenario that a recording is of, and what the markers in it say that was done. */
const recorded = [
  "linux-6.12",
  "linux-6.12-patched",
  "linux-6.18",
  "linux-7.2",
  "random/linux-6.18",
  "random/linux-7.2",
].flatMap((folder) => {
  const scenarios = folder.startsWith("random") ? `${RECORDINGS}/random/scenarios` : "fixtures/scenarios";
  return readdirSync(join(RECORDINGS, folder))
    .filter((file) => file.endsWith(".trace.gz"))
    .map((file) => {
      const scenario = file.replace(".trace.gz", ".scn");
      const own = join(scenarios, "linux-6.12", scenario);
      return {
        recording: join(RECORDINGS, folder, file),
        scenario: folder.startsWith("linux-6.12") && existsSync(own) ? own : join(scenarios, scenario),
      };
    });
});

for (const { recording, scenario } of recorded) {
  test(`the lines of ${scenario} are those that ${recording} says were carried out`, async (t) => {
    const { lines } = await readScenario(scenario);
    const text = gunzipSync(readFileSync(recording)).toString();
    const began = [...text.matchAll(/tracing_mark_write: op: (.*)$/gm)].map((match) => match[1]!);
    const ended = [...text.matchAll(/tracing_mark_write: ret: (.*?) = -?\d+(?: |$)/gm)].map((match) => match[1]!);
    // Threads take turns as they like.
    t.deepEqual(began.sort(), lines.map((line) => line.marker).sort());
    t.deepEqual(ended.sort(), lines.map((line) => line.text).sort());
  });
}

async function readTrouble(content: string | Buffer): Promise<TroubleError> {
  const path = join(scratch, `${Math.random()}.scn`);
  writeFileSync(path, content);
  return readScenario(path).then(
    () => Promise.reject(new Error("no trouble")),
    (error: unknown) => (error instanceof TroubleError ? error : Promise.reject(error as Error)),
  );
}

test("a recording in place of a scenario is recognised", async (t) => {
  const recording = readFileSync(`${RECORDINGS}/linux-7.2/s02-dup.trace.gz`);
  t.regex((await readTrouble(recording)).what, /^compressed with gzip; a scenario is text/);
  t.regex((await readTrouble(gunzipSync(recording))).what, /^this is a recording \(ftrace\), not a scenario; /);
  t.regex((await readTrouble("# tracer: nop\n#\n")).what, /^this is a recording \(ftrace\)/, "one without events");
  t.regex(
    (await readTrouble(Buffer.from("\x17\x08\x44tracing7\0", "latin1"))).what,
    /^this is a recording \(trace-dat\)/,
  );
});

test("what is no text, too large or not there is refused in one sentence", async (t) => {
  t.regex((await readTrouble(Buffer.from("\x7fELF\x02\0", "latin1"))).what, /^binary, /);
  t.regex((await readTrouble(Buffer.from("close \xff", "latin1"))).what, /^binary, or text that is not UTF-8; /);
  t.regex((await readTrouble(Buffer.alloc(16 * 1024 * 1024 + 1, "\n"))).what, /^larger than 16 MiB, /);
  const missing = await t.throwsAsync(() => readScenario(join(scratch, "missing.scn")), { instanceOf: TroubleError });
  t.regex(missing!.what, /^no such file; /);
  const directory = await t.throwsAsync(() => readScenario(scratch), { instanceOf: TroubleError });
  t.regex(directory!.what, /^this is a directory; /);
  await t.throwsAsync(() => readScenario("a\0b"), { instanceOf: TroubleError });
});
