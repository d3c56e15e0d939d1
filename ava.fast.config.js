/**
 * `npm run test:fast`: what gives most for least, in less than a minute of CPU time. It is chosen by a rule, so that a new
 * test file is in or out without being listed: a file is in if it is about how an event becomes a finding or a
 * difference (a folder below), and takes its input from a text or a single recording. What starts processes, goes
 * through whole folders of recordings or makes inputs by the hundred is left to `npm test`.
 */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

const FOLDERS = ["check", "compare", "events", "log", "read", "reduce", "scenario", "show", "simulate"];
/** What a slow test imports, or calls. */
const SLOW = /"node:child_process"|\/run\.js"|"fast-check"|recordingsOf|healthyRecordings|readdirSync/;

const files = FOLDERS.flatMap((folder) =>
  readdirSync(join("test", folder))
    .filter((name) => name.endsWith(".test.ts") && !name.includes("recordings"))
    .map((name) => join("test", folder, name)),
)
  .filter((path) => !SLOW.test(readFileSync(path, "utf8")))
  .map((path) => join("dist", path.replace(/\.ts$/, ".js")));

export default { files, require: ["./dist/test/support/scratch.js"], timeout: "1m" };
