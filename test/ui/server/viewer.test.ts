/** The documents of the viewer's server: the session, the bytes of its logs, and their diff. */
import { existsSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { gzipSync } from "node:zlib";
import test, { type ExecutionContext } from "ava";
import type { Diff } from "../../../src/compare/types.js";
import { diff } from "../../../src/compare/diff.js";
import { importRecording } from "../../../src/read/import.js";
import { LogFile } from "../../../src/log/file/log-file.js";
import { diffJson, jsonText } from "../../../src/show/json.js";
import { readAssets } from "../../../src/ui/server/assets.js";
import { openLog, type OpenLog } from "../../../src/ui/server/session.js";
import { serveViewer } from "../../../src/ui/server/viewer.js";
import { fileOf, RECORDINGS } from "../../cli/run.js";
import { hostileLeak, TASKS } from "../../report/hostile.js";
import { pageFolder, PLACES } from "./page.js";
import { get } from "./raw.js";

const BEFORE = `${RECORDINGS}/linux-6.12/s01-create-close.trace.gz`;
const AFTER = `${RECORDINGS}/linux-6.12-patched/s01-create-close.trace.gz`;

interface Shown {
  readonly address: string;
  readonly session: {
    readonly logs: readonly {
      readonly name: string;
      readonly path: string;
      readonly format: string;
      readonly events: number;
      readonly bytes: number;
    }[];
    readonly diff: boolean;
  };
  /** Addresses of the logs. */
  readonly logs: readonly string[];
}

async function shown(t: ExecutionContext, ...paths: readonly string[]): Promise<Shown> {
  const logs: OpenLog[] = [];
  for (const path of paths) logs.push(await openLog(path, {}));
  const serving = await serveViewer(readAssets(pageFolder()), logs);
  t.teardown(async () => {
    await serving.close();
    for (const log of logs) await log.close();
  });
  const { body } = await get(serving.address, "session.json");
  return {
    address: serving.address,
    session: JSON.parse(body.toString()) as Shown["session"],
    logs: logs.map(({ log }) => log),
  };
}

async function logOf(trace: string): Promise<string> {
  const path = join(mkdtempSync(join(tmpdir(), "kreel-")), "a.klog");
  await importRecording(trace, path);
  return path;
}

test("a log is served as it is, byte for byte, and stays as it was", async (t) => {
  const log = await logOf(BEFORE);
  const bytes = readFileSync(log);
  const { address, session, logs } = await shown(t, log);
  t.deepEqual(session, {
    kreel: "session",
    version: 1,
    logs: [{ name: "a.klog", path: log, format: "ftrace", events: 2935, bytes: bytes.length }],
    diff: false,
  } as typeof session);
  t.deepEqual(logs, [log]);
  t.deepEqual((await get(address, "log/0")).body, bytes);
  t.deepEqual((await get(address, "log/0", [`Range: bytes=64-${bytes.length - 2}`])).body, bytes.subarray(64, -1));
  t.deepEqual(readFileSync(log), bytes);
});

test("of a log that is appended to meanwhile, what was there when it was opened is served", async (t) => {
  const log = await logOf(BEFORE);
  const bytes = readFileSync(log);
  const { address } = await shown(t, log);
  writeFileSync(log, "more", { flag: "a" });
  t.deepEqual((await get(address, "log/0")).body, bytes);
  t.is((await get(address, "log/0", [`Range: bytes=${bytes.length}-`])).status, 416);
});

test("everything else is served as a log that is made of it, and removed when it is closed", async (t) => {
  const log = await logOf(BEFORE);
  for (const path of [BEFORE, fileOf(gzipSync(readFileSync(log)), "a.klog.gz")]) {
    const opened = await openLog(path, {});
    t.not(opened.log, path);
    const serving = await serveViewer(readAssets(pageFolder()), [opened]);
    const made = fileOf((await get(serving.address, "log/0")).body, "made.klog");
    const file = LogFile.open(made);
    t.deepEqual(
      [file.events, file.verify().length, opened.events, opened.format, opened.bytes],
      [2935, 0, 2935, "ftrace", file.size],
    );
    file.close();
    await serving.close();
    await opened.close();
    t.false(existsSync(opened.log));
    t.true(existsSync(path));
  }
});

test("the page, and the second log, are there only if they are", async (t) => {
  const one = await shown(t, BEFORE);
  for (const place of [...PLACES, "session.json", "log/0"]) t.is((await get(one.address, place)).status, 200, place);
  for (const place of ["log/1", "diff.json"]) t.is((await get(one.address, place)).status, 404, place);
  const two = await shown(t, BEFORE, AFTER);
  t.deepEqual(
    two.session.logs.map(({ name, events }) => [name, events]),
    [
      ["linux-6.12/s01-create-close.trace.gz", 2935],
      ["linux-6.12-patched/s01-create-close.trace.gz", 2988],
    ],
  );
  t.true(two.session.diff);
  for (const place of [...PLACES, "session.json", "log/0", "log/1", "diff.json"])
    t.is((await get(two.address, place)).status, 200, place);
});

test("how they differ is the document of kreel diff, with the hunks that its text prints, and what is the same", async (t) => {
  const expected = await diff(BEFORE, AFTER);
  const { address } = await shown(t, BEFORE, await logOf(AFTER));
  const [first, second] = await Promise.all([get(address, "diff.json"), get(address, "diff.json")]);
  t.deepEqual(first.body, second.body);
  const { hunks, same, ...document } = JSON.parse(first.body.toString()) as Pick<Diff, "hunks" | "same"> & {
    after: { path: string };
  };
  t.regex(document.after.path, /a\.klog$/);
  document.after.path = AFTER;
  t.deepEqual(document as unknown, JSON.parse([...jsonText(diffJson(expected))].join("")));
  t.deepEqual(hunks, expected.hunks);
  t.deepEqual(same, expected.same);
});

test("while two are compared, everything else is answered", async (t) => {
  const long = `${RECORDINGS}/churn/linux-7.2.trace.gz`;
  const { address } = await shown(t, long, long);
  const order: string[] = [];
  const comparing = get(address, "diff.json").then(({ body }) => {
    order.push("diff");
    return JSON.parse(body.toString()) as { differences: readonly unknown[] };
  });
  await get(address, "session.json");
  order.push("session");
  t.deepEqual((await comparing).differences, []);
  t.deepEqual(order, ["session", "diff"]);
});

test("closing ends a comparison that is under way, and whoever waits for it", async (t) => {
  const long = `${RECORDINGS}/churn/linux-7.2.trace.gz`;
  const log = await openLog(long, {});
  const serving = await serveViewer(readAssets(pageFolder()), [log, log]);
  const waiting = get(serving.address, "diff.json");
  await get(serving.address, "session.json");
  const began = performance.now();
  await serving.close();
  t.is((await waiting).body.length, 0);
  await log.close();
  t.true(performance.now() - began < 3000);
});

test("two that cannot be compared are said to be so, by the names that they were given", async (t) => {
  const log = await logOf(BEFORE);
  const gone = await openLog(BEFORE, {});
  const other = await openLog(log, {});
  const serving = await serveViewer(readAssets(pageFolder()), [gone, other]);
  t.teardown(async () => {
    await serving.close();
    await gone.close();
    await other.close();
  });
  writeFileSync(gone.log, "");
  const { status, body } = await get(serving.address, "diff.json");
  t.is(status, 200);
  const { error } = JSON.parse(body.toString()) as { error: string };
  t.true(error.startsWith(`kreel: ${BEFORE}: `), error);
  t.false(error.includes(gone.log));
});

test("names are data, whatever they are", async (t) => {
  const path = hostileLeak(TASKS[0]!);
  const { address, session } = await shown(t, path);
  t.deepEqual([session.logs[0]!.name, session.logs[0]!.path], [basename(path), path]);
  const text = (await get(address, "session.json")).body.toString();
  t.false(text.includes("\u202e"));
});

test("a page that is not there is said to be missing", (t) => {
  t.throws(() => readAssets(join(tmpdir(), "kreel-none")), {
    message: /kreel-none\/index\.html: is missing: the viewer's page is not built; npm run build makes it$/,
  });
});

test("the page is served as it was when the server was started", async (t) => {
  const folder = pageFolder();
  const page = readFileSync(join(folder, "index.html"));
  const log = await openLog(BEFORE, {});
  const serving = await serveViewer(readAssets(folder), [log]);
  t.teardown(async () => {
    await serving.close();
    await log.close();
  });
  writeFileSync(join(folder, "index.html"), "another");
  t.deepEqual((await get(serving.address, "")).body, page);
});
