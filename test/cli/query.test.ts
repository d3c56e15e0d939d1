/** `kreel query` as users run it. */
import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, readlinkSync } from "node:fs";
import { once } from "node:events";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { stripVTControlCharacters } from "node:util";
import test from "ava";
import { catalogue } from "../../events/index.js";
import { failedCreation, fileOf, kreel, MAIN, onTerminal, recording, RECORDINGS, spawned } from "./run.js";

const ENFILE = `${RECORDINGS}/linux-6.12-patched/s09-enfile.trace.gz`;
const ERRORS = "SELECT name, error, count(*) AS n FROM calls WHERE error IS NOT NULL GROUP BY name, error";

test("lines with tabs, under the names of the columns", async (t) => {
  t.deepEqual(await kreel(["query", ENFILE, ERRORS]), {
    code: 0,
    out: "name\terror\tn\nalloc_empty_file\tENFILE\t2\nalloc_file_pseudo\tENFILE\t2\nkvm_gmem_create\tENFILE\t2\n",
    err: "",
  });
  t.is(
    (await kreel(["query", ENFILE, "--no-header", "SELECT NULL, 3, 3.0, x'00ff', 'a' || char(9) || 'b'"])).out,
    "\t3\t3.0\tx'00ff'\ta\\x09b\n",
  );
});

test("a table on a terminal, numbers to the right", (t) => {
  const printed = onTerminal(["query", ENFILE, `"${ERRORS}"`]);
  if (!printed) return t.pass("no script(1) here to make a terminal");
  t.is(printed.code, 0);
  // Progress is drawn over.
  const lines = printed.out.split(/\r?\n/).map((line) => stripVTControlCharacters(line.split("\u001b[K").at(-1)!));
  t.deepEqual(lines, [
    "name               error   n",
    "alloc_empty_file   ENFILE  2",
    "alloc_file_pseudo  ENFILE  2",
    "kvm_gmem_create    ENFILE  2",
    "",
  ]);
});

test("a table through a pipe, if asked for; what is behind a thousand rows may be wider", async (t) => {
  t.is(
    (
      await kreel([
        "query",
        "--table",
        ENFILE,
        "SELECT 'x' AS text, 1 AS n, NULL AS nil UNION ALL SELECT 'longer', 22.5, NULL",
      ])
    ).out,
    "text       n  nil\nx          1\nlonger  22.5\n",
  );
  const lines = (
    await kreel([
      "query",
      "--table",
      ENFILE,
      "SELECT seq, CASE WHEN seq > 1000 THEN 'a long word' ELSE 'b' END AS w, 1 AS n FROM events",
    ])
  ).out.split("\n");
  t.deepEqual([lines[0], lines[1000], lines[1001]], [" seq  w  n", "1000  b  1", "1001  a long word  1"]);
});

test("JSON is one document, exact", async (t) => {
  const { code, out } = await kreel([
    "query",
    "--json",
    ENFILE,
    "SELECT seq, seq, 9007199254740993 AS big, NULL AS empty, 1e999 AS inf, 2.0 AS whole FROM events LIMIT 2",
  ]);
  t.is(code, 0);
  t.regex(out, /"whole":2\.0/);
  t.deepEqual(JSON.parse(out), {
    kreel: "query",
    version: 1,
    trace: { path: ENFILE, format: "ftrace", events: 3078, lost: 0, skipped: 0 },
    columns: ["seq", "seq:1", "big", "empty", "inf", "whole"],
    rows: [1, 2].map((seq) => ({ seq, "seq:1": seq, big: "9007199254740993", empty: null, inf: Infinity, whole: 2 })),
  });
  t.deepEqual(
    (
      JSON.parse((await kreel(["query", "--json", ENFILE, "SELECT 1 AS one WHERE 0"])).out) as {
        readonly rows: unknown;
      }
    ).rows,
    [],
  );
});

test("NDJSON is an object a row, CSV quotes what needs it", async (t) => {
  t.is(
    (await kreel(["query", "--ndjson", ENFILE, "SELECT 1 AS a, 'x' AS b UNION ALL SELECT 2, NULL"])).out,
    '{"a":1,"b":"x"}\n{"a":2,"b":null}\n',
  );
  t.is(
    (
      await kreel([
        "query",
        "--csv",
        ENFILE,
        `SELECT 'a,b' AS "x y", 'say "no"' AS q, 'two' || char(10) || 'lines' AS l, NULL AS n`,
      ])
    ).out,
    'x y,q,l,n\n"a,b","say ""no""","two\nlines",\n',
  );
  t.is((await kreel(["query", "--csv", "--json", ENFILE, "SELECT 1"])).err, "kreel: --json and --csv: one of them\n");
});

test("the statement from a file, or from standard input", async (t) => {
  const file = fileOf("SELECT count(*) AS n\nFROM iput", "question.sql");
  t.is(
    (await kreel(["query", ENFILE, "-f", file])).out,
    spawned(["query", ENFILE], { input: "SELECT count(*) AS n FROM iput;\n" }).out,
  );
  t.is(
    spawned(["query", "-", "SELECT value FROM recording WHERE key = 'events'", "--no-header"], {
      input: readFileSync(ENFILE),
    }).out,
    "3078\n",
  );
  const wrong = fileOf("SELECT *\n  FORM iput", "question.sql");
  t.deepEqual(await kreel(["query", ENFILE, "-f", wrong]), {
    code: 2,
    out: "",
    err: `kreel: ${wrong}:2:3: near "FORM": syntax error\n`,
  });
  t.regex(
    (await kreel(["query", ENFILE, "-f", "missing.sql"])).err,
    /^kreel: missing\.sql: cannot be read: ENOENT.*\n$/,
  );
  t.regex(spawned(["query", "-"], { input: "SELECT 1" }).err, /^kreel: standard input is the recording/);
  t.regex((await kreel(["query"])).err, /^kreel: no recording: kreel query TRACE SQL/);
});

test("trouble is one line, and status 2", async (t) => {
  t.deepEqual(await kreel(["query", ENFILE, "SELECT nme FROM calls"]), {
    code: 2,
    out: "",
    err: "kreel: SQL:1:8: no such column: nme; kreel query --schema lists tables and columns\n",
  });
  t.deepEqual((await kreel(["query", "missing", "SELECT seq FROM events"])).code, 2);
  t.deepEqual(await kreel(["query", "--json", ENFILE, "SELECT abs(-9223372036854775808)"]), {
    code: 2,
    out: "",
    err: "kreel: SQL: integer overflow\n",
  });
  t.regex(
    (await kreel(["query", "--memory", "3", ENFILE, "SELECT 1"])).err,
    /^kreel: --memory 3: a size from 1M to 1G, as 64M\n$/,
  );
  t.regex(
    spawned(
      ["query", "--memory", "1M", `${RECORDINGS}/churn/linux-7.2.trace.gz`, "SELECT max(args), max(place) FROM events"],
      { env: { TMPDIR: "/missing" } },
    ).err,
    /^kreel: SQL: what exceeds --memory could not be kept in a temporary file \(TMPDIR says where\): ENOENT.*\n$/,
  );
});

test("what a recording holds cannot speak to the terminal, nor break a line", async (t) => {
  const evil = "\u001b[2J\tx\u202e";
  const file = fileOf(recording(...failedCreation(`${evil}-77`)));
  t.is(
    (await kreel(["query", "--no-header", file, "SELECT DISTINCT comm, pid FROM events"])).out,
    "\\x1b[2J\\x09x\\u202e\t77\n",
  );
  t.is(
    (await kreel(["query", "--ndjson", file, "SELECT DISTINCT comm FROM events"])).out,
    '{"comm":"\\u001b[2J\\tx\\u202e"}\n',
  );
  t.is((await kreel(["query", "--csv", "--no-header", file, "SELECT DISTINCT comm FROM events"])).out, `${evil}\n`);
  const named = fileOf(recording(...failedCreation("__proto__-1")));
  t.is(
    (await kreel(["query", "--json", named, `SELECT task AS "__proto__" FROM calls LIMIT 1`])).out.includes(
      '{"__proto__":"__proto__-1"}',
    ),
    true,
  );
});

test("64 bits are exact", async (t) => {
  const file = fileOf(
    recording(
      ["a-1", "evict: (evict+0x0/0x10) inode=0xffff888100b08000 nrpages=18446744073709551615"],
      ["a-1", "evict: (evict+0x0/0x10) inode=0xffffffffffffffff nrpages=9223372036854775807"],
    ),
  );
  t.is(
    (await kreel(["query", "--no-header", file, "SELECT inode, nrpages, typeof(nrpages) FROM evict"])).out,
    "0xffff888100b08000\t18446744073709551615\ttext\n0xffffffffffffffff\t9223372036854775807\tinteger\n",
  );
});

test("a recording without an event answers nothing", async (t) => {
  const { code, out, err } = await kreel([
    "query",
    fileOf("# tracer: nop\n#\n"),
    "SELECT count(*) FROM events",
    "--no-header",
  ]);
  t.deepEqual([code, out], [2, ""]);
  t.regex(err, /no event in it/);
});

test("a statement that reads nothing of the recording leaves it closed", async (t) => {
  t.deepEqual(await kreel(["query", "missing", "SELECT 1", "--no-header"]), { code: 0, out: "1\n", err: "" });
});

test("--schema lists every table and column, with what they mean", async (t) => {
  const { code, out } = await kreel(["query", "--schema"]);
  t.is(code, 0);
  for (const { name, summary, args } of catalogue) {
    t.true(out.includes(`\n${name}: ${summary}\n`), name);
    for (const { meaning } of args) t.true(out.includes(meaning));
  }
  t.regex(out, /\n {2}"index" +integer /);
  const document = JSON.parse((await kreel(["query", "--schema", "--json"])).out) as {
    readonly tables: readonly { readonly name: string; readonly columns: readonly object[] }[];
  };
  t.deepEqual(document.tables.find(({ name }) => name === "losses")?.columns.length, 4);
});

/** Returns the target of a descriptor's link, or an empty string if it has been closed. */
function linkOf(path: string): string {
  try {
    return readlinkSync(path);
  } catch {
    return "";
  }
}

test("an interrupt ends a statement that never would, and nothing is left of it", async (t) => {
  const folder = mkdtempSync(join(tmpdir(), "kreel-"));
  const endless =
    "WITH RECURSIVE c (x, y) AS (SELECT 1, args FROM events UNION SELECT x + 1, y FROM c) SELECT count(*) FROM c";
  const child = spawn(process.execPath, [MAIN, "query", "--memory", "1M", ENFILE, endless], {
    stdio: "ignore",
    env: { ...process.env, TMPDIR: folder },
  });
  t.teardown(() => child.kill("SIGKILL"));
  const fds = `/proc/${child.pid}/fd`;
  // SQLite has spilled to an unlinked file.
  const isUnderWay = (): boolean =>
    readdirSync(fds).some((fd) => linkOf(join(fds, fd)).startsWith(folder)) && readdirSync(folder).length === 0;
  if (existsSync("/proc/self/fd"))
    while (child.exitCode === null && !isUnderWay()) await new Promise((resolve) => setTimeout(resolve, 50));
  child.kill("SIGINT");
  t.deepEqual(await once(child, "exit"), [null, "SIGINT"]);
  t.deepEqual(readdirSync(folder), []);
});
