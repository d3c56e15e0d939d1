/** Recordings in a file for each CPU: text, and pages with the formats that they are read by. */
import { readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";
import { memoryAccess } from "../../../src/read/trace-dat/access.js";
import { readContents } from "../../../src/read/trace-dat/open.js";
import { byCpu } from "../../read/directory/copies.js";
import { kept } from "./kept.js";
import { surroundings } from "./trace-dat.js";
import { textSeeds } from "./text.js";

/** Paths and contents. */
export type Files = ReadonlyMap<string, Buffer>;

const DAT = "fixtures/recordings/trace-dat/linux-7.2-s04-bind-unbind.v6.dat.gz";
const LINES = 250;
const PAGES = 2;
const COMMS = 20;

/** The beginning of recordings of several CPUs, and of other formats, as `per_cpu/cpuN/trace` and `trace_pipe`. */
export const textDirectories = kept(async (): Promise<readonly Files[]> => {
  const directories: Files[] = [];
  for (const { head, lines } of (await textSeeds("ftrace")).filter((_, k) => k % 3 === 0 || k >= 8)) {
    const files = byCpu([...head, ...lines.slice(0, LINES), ""].join("\n"));
    directories.push(new Map(Object.entries(files).map(([name, text]) => [name, Buffer.from(text, "latin1")])));
  }
  for (const format of ["perf-script", "bpftrace", "trace-cmd-report"] as const) {
    const { head, lines } = (await textSeeds(format))[0]!;
    const of = (cpu: number): Buffer =>
      Buffer.from([...head, ...lines.slice(0, LINES).filter((_, k) => k % 2 === cpu), ""].join("\n"), "latin1");
    directories.push(
      new Map([
        ["cpu0/trace_pipe", of(0)],
        ["cpu1/trace_pipe", of(1)],
      ]),
    );
  }
  return directories;
});

/** A copy of tracefs; and the files that a killed trace-cmd leaves. */
export const pageDirectories = kept((): readonly Files[] => {
  const bytes = gunzipSync(readFileSync(DAT));
  const { contents } = readContents(memoryAccess(bytes), DAT);
  const { ftrace, systems, kallsyms } = surroundings(contents);
  const around = new Map<string, Buffer>([
    ["events/header_page", Buffer.from(contents.headerPage)],
    ["events/header_event", Buffer.from(contents.headerEvent)],
    [
      "saved_cmdlines",
      Buffer.from(contents.cmdlines.toString("latin1").split("\n").slice(0, COMMS).join("\n"), "latin1"),
    ],
    ["kallsyms", Buffer.from(kallsyms, "latin1")],
    ["trace_clock", Buffer.from("local global [mono] boot\n")],
  ]);
  for (const [system, texts] of new Map([...systems, ["ftrace", ftrace]]))
    for (const text of texts)
      around.set(`events/${system}/${/^name: (\S+)/.exec(text)![1]!}/format`, Buffer.from(text));
  const { cpus } = contents.buffers[0]!;
  const { pageSize } = contents.buffers[0]!;
  const pages = cpus.map(({ offset, size }) => bytes.subarray(offset, offset + Math.min(size, PAGES * pageSize)));
  const stats = Buffer.from("entries: 5\noverrun: 0\ncommit overrun: 0\nbytes: 500\ndropped events: 0\n");
  return [
    new Map([
      ...around,
      ...pages.flatMap(
        (page, cpu) =>
          [
            [`per_cpu/cpu${cpu}/trace_pipe_raw`, page],
            [`per_cpu/cpu${cpu}/stats`, stats],
          ] as const,
      ),
    ]),
    new Map([...around, ...pages.map((page, cpu) => [`trace.dat.cpu${cpu}`, page] as const)]),
  ];
});
