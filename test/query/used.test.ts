/** Tests that only the tables and columns that a statement reads are filled, without a visible effect. */
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test from "ava";
import fc from "fast-check";
import { importRecording } from "../../src/read/import.js";
import { Database } from "../../src/query/sqlite/database.js";
import { loadSqlite } from "../../src/query/sqlite/library.js";
import { createTable } from "../../src/query/table.js";
import { tables } from "../../src/query/tables.js";
import { usedBy } from "../../src/query/used.js";
import { openRecording } from "../../src/read/recording.js";
import { showing } from "../../src/read/showing.js";
import { schemaLines } from "../../src/show/schema.js";
import { PLAIN } from "../../src/show/style.js";
import { keptRecording, madeRecordings } from "../export/logs.js";
import { ask } from "./answers.js";
import { same } from "../support/same.js";

const PATH = "fixtures/recordings/broken/leak-module-on-error/s09-enfile.trace.gz";
const RUNS = Number(process.env["KREEL_TEST_RUNS"] ?? 30);

async function used(sql: string): Promise<{ readonly [table: string]: readonly string[] }> {
  const database = await Database.open({ memory: 2 ** 20, value: 2 ** 24, time: 60_000 });
  database.run(tables.map(createTable).join(";"));
  const found = usedBy(database, sql, tables);
  database.close();
  return Object.fromEntries([...found].map(([table, columns]) => [table, [...columns].sort()]));
}

test("what a statement reads is known by table and column", async (t) => {
  t.deepEqual(await used("SELECT count(*) FROM events"), { events: ["seq"] });
  t.deepEqual(await used("SELECT name FROM calls WHERE error IS NOT NULL ORDER BY duration"), {
    calls: ["duration", "error", "name", "seq"],
  });
  t.deepEqual(await used("WITH x AS (SELECT pid AS p FROM iput) SELECT p FROM x JOIN losses ON losses.cpu = x.p"), {
    iput: ["pid", "seq"],
    losses: ["cpu", "event"],
  });
  t.deepEqual(await used("SELECT 1"), {});
});

test("names are written as --schema prints them", async (t) => {
  const printed = [...schemaLines(PLAIN)].join("\n").split("\n\n").slice(1);
  t.is(printed.length, tables.length);
  for (const [k, text] of printed.entries()) {
    const [head, ...columns] = text.split("\n");
    const table = head!.split(":")[0]!;
    t.deepEqual(
      await used(
        `SELECT ${columns.map((line) => line.trim().split(" ")[0]!).join(", ")} FROM ${table === "references" ? '"references"' : table}`,
      ),
      { [table]: tables[k]!.columns.map((c) => c.name).sort() },
    );
  }
});

test("columns that USING and NATURAL compare are read too", async (t) => {
  t.deepEqual(await used("SELECT count(*) FROM calls JOIN events USING (task)"), {
    calls: ["seq", "task"],
    events: ["seq", "task"],
  });
  t.deepEqual((await used("SELECT count(*) FROM operations NATURAL JOIN losses NATURAL JOIN hazards"))["hazards"], [
    "event",
    "line",
    "rule",
    "task",
  ]);
});

test("a column is the same alone as with all others", async (t) => {
  const recording = await keptRecording(PATH);
  const whole = new Map(
    await Promise.all(
      ["events", "calls", "objects", "references", "findings", "iput", "kvm_gmem_create"].map(
        async (name) => [name, await ask(recording, `SELECT * FROM ${name}`)] as const,
      ),
    ),
  );
  const subset = fc.constantFrom(...whole.keys()).chain((name) =>
    fc.tuple(
      fc.constant(name),
      fc.subarray(
        tables.find((table) => table.name === name)!.columns.map((c) => c.name),
        { minLength: 1 },
      ),
    ),
  );
  await fc.assert(
    fc.asyncProperty(subset, async ([name, columns]) => {
      const rows = await ask(recording, `SELECT ${columns.map((c) => `"${c}"`).join(", ")} FROM ${name}`);
      same(
        t,
        rows,
        whole.get(name)!.map((row) => Object.fromEntries(columns.map((c) => [c, row[c]!]))),
      );
    }),
    { numRuns: RUNS },
  );
});

test("logs that nobody would record fill every table", async (t) => {
  await fc.assert(
    fc.asyncProperty(madeRecordings, async (recording) => {
      for (const { name } of tables.slice(0, 9)) await ask(recording, `SELECT * FROM ${name}`);
      await ask(recording, "SELECT * FROM kvm_gmem_create, iput");
    }),
    { numRuns: RUNS },
  );
  t.pass();
});

test("what does not fit in memory goes to a file, and comes out the same", async (t) => {
  const path = "fixtures/recordings/churn/linux-7.2.trace.gz";
  const sql =
    "SELECT task, name, count(*) AS n, max(place) AS place, max(args) AS args, sum(time % 1000003) AS times FROM events GROUP BY task, name ORDER BY args, place, n";
  same(t, await ask(path, sql, 2 ** 20), await ask(path, sql));
});

// Alone: others would take memory meanwhile.
test.serial("what a query took is given back when it is closed", async (t) => {
  const heap = async (): Promise<number> => {
    await ask("fixtures/recordings/churn/linux-7.2.trace.gz", "SELECT max(args), max(place), max(task) FROM events");
    return (await loadSqlite()).wasm.heap8u().length;
  };
  const once = await heap();
  for (let k = 0; k < 3; k++) t.is(await heap(), once);
});

test("of a log, only what has the operations that a statement reads", async (t) => {
  const path = "fixtures/recordings/churn/linux-7.2.trace.gz";
  const log = join(mkdtempSync(join(tmpdir(), "kreel-")), "churn.klog");
  await importRecording(path, log);
  for (const sql of [
    "SELECT * FROM kvm_exit",
    "SELECT * FROM kern_mount",
    "SELECT seq, kvm, task FROM kvm_gmem_create",
    "SELECT count(*) AS n FROM kvm_exit, iput",
    "SELECT count(*) AS n FROM events, kvm_exit",
  ]) {
    same(t, await ask(log, sql), await ask(path, sql), sql);
  }
  let read = 0;
  const recording = showing(await openRecording(log), ({ length }) => (read += length));
  await ask(recording, "SELECT seq FROM kvm_exit");
  t.true(read > 0 && read < recording.report.events / 2);
});
