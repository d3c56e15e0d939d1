/** Recordings of the repository as lines, in the format of each text reader. Text has a character a byte. */
import { readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";
import { ndjsonText } from "../../../src/export/ndjson.js";
import type { TextFormat } from "../../../src/read/formats.js";
import { bpftraceLines, perfScript, traceCmdReport } from "../../read/printed.js";
import { ftrace, type Parts, partsOf, readAs } from "../../read/text.js";
import { collected, MadeRecording } from "../../export/logs.js";
import { line, type LineParts, read } from "../../read/helpers.js";
import { kept } from "./kept.js";

export interface TextSeed {
  readonly head: readonly string[];
  readonly lines: readonly string[];
  /** True for a recording from its beginning, of a kernel without a mistake. */
  readonly healthy: boolean;
}

const RECORDINGS = "fixtures/recordings/";
const HEALTHY = [
  "linux-7.2/s04-bind-unbind",
  "linux-6.18/s09-enfile",
  "linux-6.12/s02-dup",
  "recorded/linux-7.3/s01-create-close",
  "linux-7.2/s12-rmmod-busy",
  "linux-6.12-patched/s16-race-close-unbind",
].map((name) => `${name}.trace.gz`);
const OTHERS = [
  "broken/leak-module-on-error/s09-enfile",
  "mistakes/unbind-no-fput/s04-bind-unbind",
  "partial/linux-6.12-overrun-two-cpus",
  "partial/linux-7.2-pipe-lost",
  "partial/linux-7.2-midlife",
].map((name) => `${name}.trace.gz`);
const PERF_FIELDS = [
  "comm,tid,cpu,time,event,trace",
  "comm,pid,tid,cpu,time,event,trace",
  "comm!,pid,time,event,trace",
  "comm,cpu,time,trace",
  "tid,time,trace",
  "comm,pid,cpu,misc,time,period,trace,ip",
  "comm,time",
  "pid,cpu,tod,trace",
];
/** Columns that other options of ftrace print. */
const COLUMNS: readonly ((parts: Parts) => LineParts)[] = [
  ({ pid }) => ({ tgid: pid }),
  ({ pid }) => ({ tgid: Number(pid) % 3 === 0 ? "-------" : pid, flags: "d..2." }),
  ({ time }) => ({ time: time.replace(".", "") }),
  ({ time }) => ({ time: `${time}123`, flags: ".......", cpu: 3 }),
  () => ({ flags: "" }),
];
const REPORT_DIALECTS = ["", "f", "l", "R", "fR", "lR"];
/** Lines of a long recording that are kept: inputs are windows of them. */
const MOST = 4000;

const unzipped = (path: string): Buffer => gunzipSync(readFileSync(path));

const linesOf = (text: string): string[] => text.replace(/\n$/, "").split("\n").slice(0, MOST);

function seedOf(
  lines: readonly string[],
  healthy: boolean,
  isHead: (line: string) => boolean = (line) => line.startsWith("#"),
): TextSeed {
  const from = lines.findIndex((line) => !isHead(line));
  return { head: lines.slice(0, Math.max(0, from)), lines: lines.slice(Math.max(0, from)), healthy };
}

const latin1 = (path: string): string => unzipped(path).toString("latin1");
const ftraceOf = (path: string, healthy: boolean): TextSeed => seedOf(linesOf(latin1(RECORDINGS + path)), healthy);
const printed = (path: string, print: (parts: Parts) => string): string[] =>
  partsOf(unzipped(RECORDINGS + path))
    .slice(0, MOST)
    .map(print);

function withColumns({ comm, pid, cpu, flags, time, name, place, args }: Parts, columns: LineParts): string {
  const where = place === "" ? "" : `(${place}) `;
  return line(`${name}: ${where}${args}`, { comm, pid: Number(pid), cpu: Number(cpu), flags, time, ...columns });
}

async function ndjsonOf(path: string, healthy: boolean): Promise<TextSeed> {
  const { batches, tables, report } = read(unzipped(RECORDINGS + path));
  const text = await collected(ndjsonText(Object.assign(new MadeRecording(batches, tables), { report })));
  return seedOf(linesOf(Buffer.from(text).toString("latin1")), healthy, (line) => line.startsWith('{"kreel"'));
}

type Maker = () => readonly TextSeed[] | Promise<readonly TextSeed[]>;

const makers: Readonly<Record<TextFormat, Maker>> = {
  ftrace: () => [
    ...HEALTHY.map((path) => ftraceOf(path, true)),
    ...OTHERS.map((path) => ftraceOf(path, false)),
    ...COLUMNS.map((columns, k) =>
      seedOf(
        printed(HEALTHY[k % HEALTHY.length]!, (parts) => withColumns(parts, columns(parts))),
        false,
      ),
    ),
  ],
  "perf-script": () => [
    seedOf(linesOf(latin1(`${RECORDINGS}perf-script/linux-7.2-s04-bind-unbind.script.gz`)), true),
    seedOf(linesOf(latin1(`${RECORDINGS}perf-script/linux-7.2-s04-bind-unbind.script-ns.gz`)), true),
    ...PERF_FIELDS.map((fields, k) =>
      seedOf(
        printed(HEALTHY[k % HEALTHY.length]!, (parts) => perfScript(fields, parts)),
        false,
      ),
    ),
  ],
  "trace-cmd-report": () => [
    ...["report", "report-l", "report-t", "report-R", "again-R"].map((what) =>
      seedOf(linesOf(latin1(`${RECORDINGS}trace-cmd-report/linux-7.2-s04-bind-unbind.${what}.gz`)), true, (line) =>
        /^cpus=|^CPU|^#/.test(line),
      ),
    ),
    ...REPORT_DIALECTS.map((dialect, k) =>
      seedOf(
        printed(HEALTHY[k % HEALTHY.length]!, (parts) => traceCmdReport(dialect, parts)),
        false,
      ),
    ),
  ],
  bpftrace: () => [
    ...["0.17", "0.23", "0.27"].map((release) =>
      seedOf(
        linesOf(latin1(`fixtures/bpftrace/recorded/linux-7.2-s04-bind-unbind.${release}.json.gz`)),
        true,
        (line) => !line.includes('"value"'),
      ),
    ),
    ...[HEALTHY[1]!, OTHERS[0]!].map((path) =>
      seedOf(
        linesOf(Buffer.from(bpftraceLines(readAs(ftrace, unzipped(RECORDINGS + path)).events)).toString("latin1")),
        false,
      ),
    ),
  ],
  ndjson: () => Promise.all([...HEALTHY.slice(0, 3), ...OTHERS].map((path, k) => ndjsonOf(path, k < 3))),
  "function-graph": () => {
    const all = latin1(`${RECORDINGS}function-graph/linux-7.2-s04-bind-unbind.gz`).split("\n");
    const head = all.slice(0, 4);
    const gmem = all.findIndex((line) => line.includes("kvm_gmem_create"));
    const lines = all.slice(gmem - 50, gmem - 50 + MOST);
    // Variants without the columns of time, or of the task, as other options of the tracer print them.
    const untimed = lines.map((line) => line.replace(/^ *[\d.]+ \|/, ""));
    return [lines, untimed, untimed.map((line) => line.replace(/^( *\d+\)) +\S+ +\|/, "$1"))].map((each) => ({
      head,
      lines: each,
      healthy: true,
    }));
  },
};

const all = Object.fromEntries(Object.entries(makers).map(([format, make]) => [format, kept(make)])) as Record<
  TextFormat,
  Maker
>;

export const TEXT_FORMATS = Object.keys(makers) as readonly TextFormat[];

export async function textSeeds(format: TextFormat): Promise<readonly TextSeed[]> {
  return all[format]();
}
