/** `kreel report` as users run it. */
import test from "ava";
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { kreel, RECORDINGS, spawned } from "./run.js";

const SOUND = `${RECORDINGS}/linux-6.12-patched/s09-enfile.trace.gz`;
const LEAK = `${RECORDINGS}/broken/leak-module-on-error/s09-enfile.trace.gz`;
const HAZARD = `${RECORDINGS}/race/linux-7.2-close-rmmod.trace.gz`;
const folder = (): string => mkdtempSync(join(tmpdir(), "kreel-"));

test("a mail on standard output; the exit status says whether there was an error", async (t) => {
  const { code, out, err } = await kreel(["report", LEAK]);
  t.deepEqual([code, err], [1, ""]);
  t.true(out.startsWith("[BUG] guest_memfd: leaked module reference: module kvm_amd (+1)\n"));
  t.is((await kreel(["report", SOUND])).code, 0);
});

test("--fail-on: hazards too, or a difference", async (t) => {
  const hazardous = `${RECORDINGS}/linux-7.2/s01-create-close.trace.gz`;
  const hazards = (
    JSON.parse((await kreel(["replay", "--json", hazardous])).out) as { readonly hazards: readonly unknown[] }
  ).hazards.length;
  t.is((await kreel(["report", hazardous])).code, 0);
  t.is((await kreel(["report", "--fail-on", "hazard", hazardous])).code, hazards > 0 ? 1 : 0);
  t.is((await kreel(["report", "--fail-on", "hazard", HAZARD])).code, 1);
  t.is((await kreel(["report", "--fail-on", "difference", LEAK, LEAK])).code, 0);
  t.is((await kreel(["report", "--fail-on", "difference", SOUND, LEAK])).code, 1);
});

test("of two recordings, what the first had is not held against the second", async (t) => {
  t.is((await kreel(["report", SOUND, LEAK])).code, 1);
  const { code, out } = await kreel(["report", LEAK, SOUND]);
  t.is(code, 0);
  t.regex(out, /^1\. gone: leaked-module-reference: module kvm_amd/m);
  t.is((await kreel(["report", "--no-diff", LEAK, SOUND])).code, 1);
});

test("-o writes a file, and never one of the recordings", async (t) => {
  const file = join(folder(), "report.txt");
  t.deepEqual(await kreel(["report", LEAK, "-o", file]), { code: 1, out: "", err: "" });
  t.is(readFileSync(file, "utf8"), (await kreel(["report", LEAK])).out);
  const copy = join(folder(), "copy.trace.gz");
  cpSync(SOUND, copy);
  const { code, err } = await kreel(["report", SOUND, copy, "-o", copy]);
  t.is(code, 2);
  t.regex(err, /is the recording itself/);
  t.deepEqual(readFileSync(copy), readFileSync(SOUND));
});

test("a directory stands for the recordings in it; what is none is passed over", async (t) => {
  const directory = folder();
  mkdirSync(join(directory, "more"));
  cpSync(SOUND, join(directory, "b.trace.gz"));
  cpSync(LEAK, join(directory, "more", "a.trace.gz"));
  writeFileSync(join(directory, "notes.txt"), "what I did\n");
  const { code, out } = await kreel(["report", directory]);
  t.is(code, 1);
  t.regex(out, /^guest_memfd: 2 recordings\n\nsound: .*b\.trace\.gz/);
  t.regex(out, /\nIn all: 2 recordings read, 1 of them with errors/);
});

test("a recording that cannot be read: the others are reported, and the status is 2", async (t) => {
  const file = join(folder(), "none");
  const { code, out, err } = await kreel(["report", SOUND, file, LEAK]);
  t.is(code, 2);
  t.is(err, `kreel: ${file}: no such file; give the path of a recording, or - for standard input\n`);
  t.regex(out, /2 recordings read, 1 of them with errors \(2 errors, 0 hazards\)/);
});

test("standard input is read once: its lines are not quoted, and that is said", (t) => {
  const { code, out } = spawned(["report", "-"], { input: readFileSync(LEAK) });
  t.is(code, 1);
  t.regex(out, /^The recording could be read only once: its lines are not quoted\.$/m);
  t.regex(out, /^ {2}get {6}event 1095 \(line 1107\): try_module_get returns 1/m);
});

test("every format that help names is one", async (t) => {
  const formats = /--to <format> +([a-z, ]+) \(/
    .exec((await kreel(["report", "--help"])).out.replaceAll(/\s+/g, " "))![1]!
    .split(", ");
  t.deepEqual(formats, ["text", "markdown", "sarif", "junit", "html", "svg"]);
  const begins: { readonly [format: string]: string } = {
    text: "[BUG] ",
    markdown: "# kreel",
    sarif: "{\n",
    junit: "<?xml ",
    html: "<!doctype html>",
    svg: "<svg ",
  };
  for (const format of formats) {
    const { code, out, err } = await kreel(["report", "--to", format, LEAK]);
    t.deepEqual([code, err], [1, ""]);
    t.true(out.startsWith(begins[format]!), format);
  }
});

test("trouble is one line and status 2", async (t) => {
  const trouble = async (...args: readonly string[]): Promise<string> => {
    const { code, out, err } = await kreel(["report", ...args]);
    t.deepEqual([code, out], [2, ""]);
    t.regex(err, /^kreel: [^\n]+\n$/);
    return err;
  };
  t.regex(await trouble("--to", "pdf", LEAK), /--to pdf: one of text/);
  t.regex(await trouble("--fail-on", "all", LEAK), /--fail-on all: one of error, hazard, difference/);
  t.regex(await trouble("--fail-on", "difference", LEAK), /give two recordings/);
  t.regex(await trouble("--to", "svg", LEAK, LEAK, LEAK), /room for one recording, or for two; here are 3/);
  t.regex(await trouble(folder()), /no recording in/);
  t.regex(await trouble("-", "-"), /only one of the recordings can be standard input/);
  const file = join(folder(), "report");
  await trouble("no-such-file", SOUND, "-o", file);
  t.false(existsSync(file));
});
