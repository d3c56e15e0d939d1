/**
 * `npm run test:kernel -- [--keep DIRECTORY] [--bpftrace DIRECTORY] [KERNEL…]`: the generated scripts on real kernels,
 * under emulation. Each KERNEL is a directory with a vmlinuz and KVM's modules somewhere in it, as `dpkg -x` leaves
 * them; without one, the newest that Debian serves is fetched. bpftrace, likewise unpacked with all that it needs, is
 * that of Debian's stable release if none is named. With `--keep`, what was recorded stays there. Exit status: 0 all is
 * well, 1 not, 2 could not be tried.
 */
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { gunzipSync } from "node:zlib";
import { points } from "../../events/index.js";
import type { Difference } from "../../src/compare/types.js";
import { diff, replay } from "../../src/index.js";
import { recordScript } from "../../src/record/script.js";
import { boot, checkTools, MachineTrouble, type Said } from "./machine.js";

const SCENARIOS = ["s01-create-close", "s04-bind-unbind", "s09-enfile"];
/** Files that end without close(2): recorded by the script alone, some of them end the program. */
const CLOSES = readdirSync("fixtures/recordings/odd-closes/scenarios")
  .map((file) => file.slice(0, -".scn".length))
  .sort();
/** Further means by which the machine records the scenarios; all are compared with the first. */
const MEANS = ["registers.trace.gz", "by-number.trace.gz", "fprobes.trace.gz", "bpftrace.json.gz"] as const;
/** A machine that traps under emulation gets so many tries in all. */
const TRIES = 2;

const say = (line: string): void => void process.stdout.write(`${line}\n`);

async function main(args: readonly string[]): Promise<number> {
  checkTools();
  const { values, positionals: kernels } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: { keep: { type: "string" }, bpftrace: { type: "string" } },
  });
  const work = mkdtempSync(join(tmpdir(), "kreel-recorded-"));
  try {
    if (kernels.length === 0)
      kernels.push(fetched("kernel", work, "name a directory that has one: npm run test:kernel -- DIRECTORY"));
    const bpftrace =
      values.bpftrace ??
      fetched("bpftrace", work, "name a directory that has it: npm run test:kernel -- --bpftrace DIRECTORY");
    let wrong = 0;
    for (const kernel of kernels) wrong += await tryKernel(kernel, bpftrace, work, values.keep);
    say(wrong === 0 ? "all is well" : `${wrong} wrong`);
    return wrong === 0 ? 0 : 1;
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

/** The directory that Debian's packages were unpacked into. */
function fetched(what: "kernel" | "bpftrace", work: string, otherwise: string): string {
  const directory = join(work, what);
  try {
    execFileSync("/bin/sh", ["test/kernel/fetch.sh", what, directory], { stdio: ["ignore", "inherit", "inherit"] });
  } catch {
    throw new MachineTrouble(`no ${what} could be fetched; ${otherwise}`);
  }
  return directory;
}

/** Returns the count of things that were wrong. */
async function tryKernel(kernel: string, bpftrace: string, work: string, keep: string | undefined): Promise<number> {
  const scripts = { "record.sh": recordScript(), "bpftrace.sh": recordScript("bpftrace") };
  const scenarios = SCENARIOS.map((name) => `fixtures/scenarios/${name}.scn`);
  const more = CLOSES.map((name) => `fixtures/recordings/odd-closes/scenarios/${name}.scn`);
  const load = { scripts, scenarios, more, bpftrace };
  let said = await boot(kernel, load);
  for (let tries = 1; !said.done && tries < TRIES; tries++) said = await boot(kernel, load);
  say(`${said.release} (${kernel})`);
  if (!said.done) say(`  the machine stopped before its end\n${said.notes.map((note) => `  ${note}`).join("\n")}`);
  const results = [...said.checks, ...(await judge(said, work)), ...(await judgeMeans(said, work))];
  for (const { ok, what } of results) say(`  ${ok ? "ok  " : "NOT "} ${what}`);
  const wrong = results.filter(({ ok }) => !ok).length + (said.done ? 0 : 1);
  if (wrong > 0)
    for (const line of [
      ...said.notes,
      ...[...said.files].filter(([name]) => name.endsWith(".err")).map(([name, text]) => `${name}: ${text.toString()}`),
    ])
      say(`  ${line.trimEnd()}`);
  if (keep !== undefined) keepFiles(said, join(keep, folderOf(said.release)));
  return wrong;
}

/** `linux-6.18`. */
function folderOf(release: string): string {
  return `linux-${/^\d+\.\d+/.exec(release)?.[0] ?? release}`;
}

/**
 * Checks that the recordings show nothing wrong, and agree with those of that kernel in fixtures, if there are any.
 */
async function judge(
  { release, files }: Said,
  work: string,
): Promise<{ readonly ok: boolean; readonly what: string }[]> {
  const results: { ok: boolean; what: string }[] = [];
  for (const name of [...SCENARIOS, ...CLOSES]) {
    const recorded = join(work, `${name}.trace.gz`);
    const content = files.get(`${name}.trace.gz`);
    if (content === undefined) {
      results.push({ ok: false, what: `${name} was recorded` });
      continue;
    }
    writeFileSync(recorded, content);
    const { findings, trace } = await replay(recorded);
    results.push(
      { ok: findings.length === 0, what: `${name} replays without a finding` },
      { ok: trace.skipped === 0 && trace.lost === 0, what: `${name} is whole` },
    );
    // Recordings by the script have all that it probes; those by hand, of more kernels, the standard probes.
    const known = ["recorded/", "odd-closes/", ""]
      .map((folder) => `fixtures/recordings/${folder}${folderOf(release)}/${name}.trace.gz`)
      .find((path) => existsSync(path));
    if (known === undefined) continue;
    const all = (await diff(known, recorded)).differences;
    // The script probes more as the catalogue grows: what an older recording never shows is nothing that this one lost.
    const { world } = await replay(known);
    const isNew = ({ kind, operation }: Difference): boolean => {
      const point = operation === undefined ? undefined : points.byEvent(operation);
      return kind === "operation-added" && point !== undefined && world.sight.seen[point.id] === 0;
    };
    const differences = all.filter((difference) => !isNew(difference));
    const more = new Set(all.filter(isNew).map(({ operation }) => operation));
    if (more.size > 0) say(`  note ${name} also has ${[...more].join(", ")}, which ${known} does not show`);
    const told = differences.map((d) => `\n        ${d.kind} ${d.where}: ${d.message}`).join("");
    // Another kernel of that series may do other things, and that is worth knowing, but nothing wrong with the script.
    if (differences.length === 0 || isOf(release, known))
      results.push({ ok: differences.length === 0, what: `${name} is the same as ${known}${told}` });
    else say(`  note ${name} differs from ${known}, which is of another release${told}`);
  }
  return results;
}

/** However the same scenarios are recorded, KVM being loaded, the recordings say the same. */
async function judgeMeans({ files }: Said, work: string): Promise<{ readonly ok: boolean; readonly what: string }[]> {
  const results: { ok: boolean; what: string }[] = [];
  const recorded = new Map<string, string>();
  for (const name of MEANS) {
    const content = files.get(name);
    results.push({ ok: content !== undefined, what: `${name} was recorded` });
    if (content === undefined) continue;
    recorded.set(name, join(work, name));
    writeFileSync(join(work, name), content);
  }
  const first = recorded.get(MEANS[0]);
  for (const [name, path] of recorded) {
    const { findings, operations, trace } = await replay(path);
    results.push({
      ok: trace.skipped + trace.lost === 0,
      what: `${name} is whole: ${trace.events} events, ${operations.length} operations`,
    });
    results.push({ ok: findings.length === 0 && operations.length > 0, what: `${name} replays without a finding` });
    if (first === undefined || path === first) continue;
    const { differences } = await diff(first, path);
    results.push({
      ok: differences.length === 0,
      what: `${name} is the same as ${MEANS[0]}${differences.map((d) => `\n        ${d.kind} ${d.where}: ${d.message}`).join("")}`,
    });
  }
  return results;
}

/** True if a recording in fixtures names this very release as its kernel. */
function isOf(release: string, path: string): boolean {
  const number = (text: string): string | undefined => /^\d+(?:\.\d+)*/.exec(text)?.[0];
  const named = /^# kreel release: (.*)$/m.exec(gunzipSync(readFileSync(path)).toString("latin1"))?.[1];
  return named !== undefined && number(named) === number(release);
}

function keepFiles({ files }: Said, directory: string): void {
  mkdirSync(directory, { recursive: true });
  for (const [name, content] of files) if (/\.(?:out|gz)$/.test(name)) writeFileSync(join(directory, name), content);
}

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  if (!(error instanceof MachineTrouble)) throw error;
  process.stderr.write(`test:kernel: ${error.message}\n`);
  process.exitCode = 2;
}
