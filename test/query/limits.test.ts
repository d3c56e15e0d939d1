/** What a statement may not take: values and rows of any size, all memory, for ever. */
import test from "ava";
import { TroubleError } from "../../src/base/trouble.js";
import { query } from "../../src/query/query.js";
import { tableLines } from "../../src/show/answer.js";
import { styleOf } from "../../src/show/style.js";
import { spawned } from "../cli/run.js";
import { ask } from "./answers.js";

const PATH = "fixtures/recordings/linux-6.12/s01-create-close.trace.gz";
/** A value may have 16 MiB then. */
const MEMORY = 2 ** 20;
const TOO_BIG = "kreel: SQL: a value or a row of more than 16 MiB; that is the limit (it grows with --memory)";
const endless = (what: string, last = ""): string =>
  `WITH RECURSIVE t (x, s) AS (SELECT 1, 'x' UNION ALL SELECT x + 1, s${last} FROM t) SELECT ${what} FROM t`;

async function trouble(sql: string, time?: number): Promise<string> {
  try {
    const answer = await query(PATH, sql, { memory: MEMORY, ...(time === undefined ? {} : { time }) });
    try {
      for (const _ of answer.rows);
    } finally {
      answer.close();
    }
  } catch (error) {
    if (error instanceof TroubleError) return error.toString();
    throw error;
  }
  return "";
}

test("a value, or a row, that is too long is trouble, whichever way it is made", async (t) => {
  for (const sql of [
    "SELECT zeroblob(1e9)",
    "SELECT length(randomblob(17000000))",
    "SELECT printf('%.*c', 1e9, 'x')",
    "SELECT format('%*d', 17000000, 5)",
    "SELECT length(replace(hex(zeroblob(1000)), '0', hex(zeroblob(5000))))",
    "SELECT group_concat(hex(zeroblob(5000))) FROM events",
    "SELECT json_group_array(hex(zeroblob(5000))) FROM events",
    endless("length(s)", " || s"),
    "SELECT zeroblob(9000000), hex(zeroblob(4000000))",
    // Put aside to be sorted, and back.
    "SELECT zeroblob(9000000) AS z, zeroblob(9000000 + seq) AS y FROM events ORDER BY z, seq LIMIT 1",
  ])
    t.is(await trouble(sql), TOO_BIG, sql);
});

test("what is within the limit is exact", async (t) => {
  t.deepEqual(
    await ask(PATH, "SELECT length(zeroblob(16000000)) AS a, length(printf('%.*c', 8000000, 'é')) AS b", MEMORY),
    [{ a: 16000000, b: 8000000 }],
  );
});

test("printf and format are SQLite's own", async (t) => {
  const sql = (name: string): string =>
    `SELECT ${name}() AS none, ${name}(NULL, 1) AS nil, ${name}('') AS empty, ${name}('%s', '') AS void, ${name}('%d %s %.3f %s %x', 9007199254740993, 'é', 3, 4.0, 255) AS mixed, ${name}('%s|%s', x'4142', NULL) AS bytes`;
  const expected = {
    none: null,
    nil: null,
    empty: null,
    void: "",
    mixed: "9007199254740993 é 3.000 4.0 ff",
    bytes: "AB|",
  };
  for (const name of ["printf", "format"]) t.deepEqual(await ask(PATH, sql(name), MEMORY), [expected]);
  t.deepEqual(
    await ask(PATH, "SELECT count(*) AS n FROM events WHERE printf('%05d', seq) = substr('0000' || seq, -5)", MEMORY),
    [{ n: 2935 }],
  );
});

test("a statement without an end is given up", async (t) => {
  const GIVEN_UP = "kreel: SQL: not done after 0.2 s of computing; --time allows more";
  t.is(await trouble(endless("count(*)"), 200), GIVEN_UP);
  t.is(await trouble(endless("x"), 200), GIVEN_UP);
  t.is(
    await trouble("SELECT count(*) FROM events a, events b, events c WHERE a.args = b.args || c.args", 200),
    GIVEN_UP,
  );
});

test("each is one line of the command, and status 2", (t) => {
  const many = `SELECT ${Array.from({ length: 300 }, (_, k) => `zeroblob(15000000) || ${k}`).join(", ")}`;
  for (const [sql, said] of [
    ["SELECT zeroblob(1e9)", /a value or a row of more than 16 MiB/],
    // Each value is within the limit, and all of them together are gigabytes.
    [many, /out of memory/],
  ] as const) {
    const { code, out, err } = spawned(["query", "--memory", "1M", PATH, sql]);
    t.is(code, 2, err);
    t.is(out, "");
    t.regex(err, /^kreel: SQL: [^\n]+\n$/);
    t.regex(err, said);
  }
  t.regex(spawned(["query", "--time", "0", PATH, "SELECT 1"]).err, /^kreel: --time 0: a number of seconds, from 1\n$/);
  t.regex(
    spawned(["query", PATH, "-f", "/dev/zero"]).err,
    /^kreel: \/dev\/zero: cannot be read: too long to be a statement\n$/,
  );
});

test("a table holds only so much to be measured, and no column is wider than people look", (t) => {
  let asked = 0;
  const long = "x".repeat(2 ** 20);
  const rows = (function* (): Generator<readonly string[]> {
    for (; ; asked++) yield [long, "y"];
  })();
  const lines = tableLines(["a", "b"], rows, styleOf(false), false);
  t.is((lines.next().value as string).length, long.length + 3);
  t.true(asked < 10);
  t.is(
    (
      tableLines(
        ["a", "b"],
        [
          [long, "y"],
          ["z", "y"],
        ],
        styleOf(false),
        true,
      ).next().value as string
    ).length,
    4096 + 3,
  );
});
