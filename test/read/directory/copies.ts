/** Directories as users copy them: a recording split by CPU. */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { gunzipSync } from "node:zlib";
import { readContents } from "../../../src/read/trace-dat/open.js";
import { memoryAccess } from "../../../src/read/trace-dat/access.js";

const folders: string[] = [];
export const removeCopies = (): void => folders.forEach((folder) => rmSync(folder, { recursive: true, force: true }));

export type Files = Readonly<Record<string, Buffer | string>>;

/** Makes a directory with these files. */
export function directoryOf(files: Files): string {
  const folder = mkdtempSync(join(tmpdir(), "kreel-directory-"));
  folders.push(folder);
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), content);
  }
  return folder;
}

const EVENT = /^.{16}-\S+ +(?:\([^)]*\) )?\[(\d+)\] /;

/** Splits the text of ftrace's `trace` into `per_cpu/cpuN/trace`; only for texts whose events are a line each. */
export function byCpu(text: string): Record<string, string> {
  const lines = text.split("\n").slice(0, -1);
  const from = lines.findIndex((line) => EVENT.test(line) || line.startsWith("CPU:"));
  const head = lines.slice(0, from);
  const cpus = new Map<number, string[]>();
  let cpu = 0;
  for (const line of lines.slice(from)) {
    cpu = Number((EVENT.exec(line) ?? /^CPU:(\d+) \[LOST/.exec(line))?.[1] ?? cpu);
    if (/^#+ CPU \d+ buffer started/.test(line)) continue;
    if (!cpus.has(cpu)) cpus.set(cpu, []);
    cpus.get(cpu)!.push(line);
  }
  return Object.fromEntries(
    [...cpus].map(([number, own]) => [`per_cpu/cpu${number}/trace`, [...head, ...own, ""].join("\n")]),
  );
}

/** Splits a trace.dat into a copy of tracefs: the pages of each CPU, and the formats that they are read by. */
export function asTracefs(path: string): Record<string, Buffer | string> {
  const bytes = gunzipSync(readFileSync(path));
  const { contents } = readContents(memoryAccess(bytes), path);
  const files: Record<string, Buffer | string> = {
    "events/header_page": contents.headerPage,
    "events/header_event": contents.headerEvent,
    saved_cmdlines: contents.cmdlines,
    kallsyms: contents.kallsyms(),
  };
  for (const { system, text } of contents.formats)
    files[`events/${system}/${/^name: (\S+)/.exec(text)![1]}/format`] = text;
  for (const { cpu, offset, size } of contents.buffers[0]!.cpus)
    files[`per_cpu/cpu${cpu}/trace_pipe_raw`] = bytes.subarray(offset, offset + size);
  return files;
}
