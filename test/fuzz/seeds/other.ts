/** Other texts that users write: scenarios, and SQL. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { kept } from "./kept.js";

const FOLDERS = ["fixtures/scenarios", "fixtures/scenarios/odd"];
/** Longer ones are loops written out, which take long to run. */
const MOST_LINES = 80;

export const scenarioSeeds = kept((): readonly (readonly string[])[] =>
  FOLDERS.flatMap((folder) =>
    readdirSync(folder)
      .filter((name) => name.endsWith(".scn"))
      .sort()
      .map((name) => readFileSync(join(folder, name), "latin1").split("\n")),
  ).filter(({ length }) => length <= MOST_LINES),
);

/** Statements over tables of a few dozen rows. */
export const STATEMENTS: readonly string[] = [
  "SELECT name, error, count(*) AS calls, min(seq) AS first\nFROM calls GROUP BY name, error\nORDER BY calls DESC",
  "SELECT object, owner, get_by, get, put, duration / 1000000 AS ms\nFROM references WHERE put IS NULL",
  "SELECT e.seq, e.name, c.name\nFROM events e JOIN calls c ON c.seq = e.seq\nWHERE e.cpu = 0 LIMIT 5",
  "SELECT * FROM findings",
  "SELECT * FROM objects WHERE kind = 'inode' AND died IS NOT NULL",
  "SELECT name, sum(duration) FROM calls\nWHERE task LIKE 'gmem%' GROUP BY 1 HAVING count(*) > 1",
  "SELECT printf('%d %s', seq, name) FROM events ORDER BY time DESC LIMIT 3",
  "EXPLAIN SELECT * FROM losses",
  "SELECT json_object('a', name) FROM operations",
  "WITH a AS (SELECT seq FROM events) SELECT max(seq) FROM a",
  "PRAGMA table_info(events)",
  "SELECT iput.inode, iput.i_count FROM iput",
];
