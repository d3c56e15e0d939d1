/** Tests the text of a statement: how it is rewritten, and where its errors point. */
import test from "ava";
import { TroubleError } from "../../src/base/trouble.js";
import { positionOf, readable } from "../../src/query/sql.js";
import { ask } from "./answers.js";

const PATH = "fixtures/recordings/linux-6.12/s01-create-close.trace.gz";

test("references is a table like any other, wherever it stands as a word", (t) => {
  t.is(readable("SELECT References.id FROM references").text, 'SELECT "References".id FROM "references"');
  for (const text of [
    "SELECT 'references'",
    'SELECT "references"',
    "SELECT `references`",
    "SELECT [references]",
    "-- references\nSELECT 1",
    "/* references */ SELECT 1",
    "SELECT references_1, xreferences",
  ])
    t.is(readable(text).text, text);
});

test("places in what SQLite was given are places in what was written", (t) => {
  const written = "SELECT 'é', references.x FROM references WHERE y";
  const { text, origin } = readable(written);
  for (const word of [".x", "FROM", "WHERE", "y"])
    t.is(origin(Buffer.byteLength(text.slice(0, text.lastIndexOf(word)))), written.lastIndexOf(word), word);
  t.deepEqual(positionOf("a\nbc\n  d", 7), { line: 3, column: 3 });
});

async function trouble(sql: string): Promise<string> {
  try {
    await ask(PATH, sql);
  } catch (error) {
    if (error instanceof TroubleError) return error.toString();
    throw error;
  }
  return "";
}

test("what is wrong with a statement is said at its line and column", async (t) => {
  t.is(
    await trouble("SELECT nme FROM calls"),
    "kreel: SQL:1:8: no such column: nme; kreel query --schema lists tables and columns",
  );
  t.is(
    await trouble("SELECT *\nFROM call"),
    "kreel: SQL:2:6: no such table: call; kreel query --schema lists tables and columns",
  );
  t.is(await trouble("SELECT owner\n  FROM references\n  WHERE WHERE"), 'kreel: SQL:3:9: near "WHERE": syntax error');
  t.is(await trouble("SELECT 'é"), 'kreel: SQL:1:8: unrecognized token: "\'é"');
  t.is(await trouble("SELECT 1; SELECT 2"), "kreel: SQL:1:10: one statement at a time");
  t.is(await trouble("SELECT 1\0"), "kreel: SQL:1:9: holds a character that no statement has (NUL)");
  t.is(await trouble(" -- nothing"), "kreel: SQL:1:1: has no statement");
  t.is(await trouble("SELECT abs(-9223372036854775808)"), "kreel: SQL: integer overflow");
});

test("a statement may end in a semicolon and a comment", async (t) => {
  t.deepEqual(await ask(PATH, "SELECT 1 AS one; -- done\n"), [{ one: 1 }]);
});

test("statements that would write are refused", async (t) => {
  for (const sql of [
    "DELETE FROM events",
    "INSERT INTO events (seq) VALUES (1) RETURNING seq",
    "CREATE TEMP TABLE x (y)",
    "CREATE VIEW x AS SELECT 1",
    "DROP TABLE calls",
    "ATTACH 'other' AS x",
    "VACUUM INTO 'copy'",
    "BEGIN",
    "COMMIT",
    "ANALYZE",
    "EXPLAIN DELETE FROM events",
  ]) {
    t.is(await trouble(sql), "kreel: SQL:1:1: only statements that read are run, and this one would write", sql);
  }
  t.is(
    await trouble("PRAGMA temp_store_directory = '/'"),
    "kreel: SQL:1:1: only statements that read are run, and PRAGMA temp_store_directory is none",
  );
});

test("what only tells is answered", async (t) => {
  t.deepEqual(await ask(PATH, "SELECT name FROM pragma_table_info('losses')"), [
    { name: "event" },
    { name: "cpu" },
    { name: "count" },
    { name: "line" },
  ]);
  t.is((await ask(PATH, "EXPLAIN QUERY PLAN SELECT * FROM references"))[0]!["detail"], "SCAN references");
  t.deepEqual(
    await ask(PATH, "WITH RECURSIVE c (x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c LIMIT 3) SELECT x FROM c"),
    [{ x: 1 }, { x: 2 }, { x: 3 }],
  );
});
