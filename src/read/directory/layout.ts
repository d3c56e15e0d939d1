/**
 * A recording that is a directory with a file for each CPU: a copy of tracefs, or the files of trace-cmd before it is
 * done.
 */
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { readTrouble } from "../source.js";
import { TroubleError } from "../../base/trouble.js";

export interface CpuFile {
  readonly cpu: number;
  /** Path within the directory: `per_cpu/cpu1/trace`. */
  readonly name: string;
  readonly path: string;
}

export interface Layout {
  /** Text of any format, or pages of the ring buffer. */
  readonly kind: "text" | "pages";
  /** By CPU number, without gaps. */
  readonly files: readonly CpuFile[];
}

/** The format of a directory of pages. */
export const PAGES = "trace-pipe-raw";
/** Larger than the number of files that a process can open. */
const MAX_CPUS = 1024;
const TEXTS = ["trace", "trace_pipe"].flatMap((name) => [name, `${name}.gz`, `${name}.zst`]);
const RAW = ["trace_pipe_raw"];

/**
 * Returns the layout of a directory. `format`: the user's choice, if it has both.
 * @throws {TroubleError} that names the missing file
 */
export function layoutOf(directory: string, format: string | undefined): Layout {
  for (const folder of ["per_cpu", ""]) {
    const cpus = cpuFolders(join(directory, folder)).map((name) => join(folder, name));
    const texts = filesIn(directory, cpus, TEXTS);
    const raws = filesIn(directory, cpus, RAW);
    const kind = chosen(directory, format, texts, raws);
    if (kind !== undefined) return { kind, files: complete(directory, kind === "text" ? texts : raws, cpus) };
  }
  const spools = spooled(directory);
  if (spools.length > 0) return { kind: "pages", files: complete(directory, spools, []) };
  throw new TroubleError(
    "this is a directory, and per_cpu/cpu0/trace is missing in it (or trace_pipe_raw beside that, or trace.dat.cpu0); of any other recording give the file itself",
    directory,
  );
}

/** Returns the error for a missing file of a CPU. */
export function missing(directory: string, name: string, cpu: number): TroubleError {
  return new TroubleError(`${name} is missing: without it the events of CPU ${cpu} are unknown`, directory);
}

/** Returns the name of the file of another CPU. */
export function nameFor(cpu: number, like: CpuFile): string {
  return like.name.replace(/cpu\d+(?=[^\d]*$)/, `cpu${cpu}`);
}

function chosen(
  directory: string,
  format: string | undefined,
  texts: readonly CpuFile[],
  raws: readonly CpuFile[],
): Layout["kind"] | undefined {
  if (texts.length > 0 && raws.length > 0 && format === undefined)
    throw new TroubleError(
      `there are both ${texts[0]!.name} and ${raws[0]!.name}: say which with --from ftrace or --from ${PAGES}`,
      directory,
    );
  if (raws.length > 0 && (format === PAGES || texts.length === 0)) return "pages";
  return texts.length > 0 ? "text" : undefined;
}

function cpuFolders(folder: string): string[] {
  return entries(folder).filter((name) => /^cpu\d{1,5}$/.test(name));
}

function filesIn(directory: string, cpus: readonly string[], names: readonly string[]): CpuFile[] {
  return cpus.flatMap((folder) => {
    const there = new Set(entries(join(directory, folder)));
    const file = names.find((name) => there.has(name));
    return file === undefined ? [] : [fileOf(directory, join(folder, file), folder)];
  });
}

/** Finds the files that trace-cmd writes while it records, and leaves if it is killed. */
function spooled(directory: string): CpuFile[] {
  const names = entries(directory).filter((name) => /\.cpu\d{1,5}$/.test(name));
  const stems = [...new Set(names.map((name) => name.replace(/\.cpu\d+$/, "")))];
  if (stems.length > 1)
    throw new TroubleError(
      `the files of several recordings are there: ${stems.slice(0, 3).join(", ")}; give a directory that has one`,
      directory,
    );
  return names.map((name) => fileOf(directory, name, name));
}

function fileOf(directory: string, name: string, numbered: string): CpuFile {
  return { cpu: Number(/\d+$/.exec(numbered)![0]), name, path: join(directory, name) };
}

/** Sorts the files, and checks that none is missing: neither a folder without its file, nor a number. */
function complete(directory: string, files: readonly CpuFile[], folders: readonly string[]): CpuFile[] {
  const sorted = [...files].sort((a, b) => a.cpu - b.cpu);
  const first = sorted[0]!;
  const count = Math.max(sorted.at(-1)!.cpu, ...folders.map((name) => Number(/\d+$/.exec(name)![0]))) + 1;
  if (count > MAX_CPUS)
    throw new TroubleError(`files of ${count} CPUs; kreel reads ${MAX_CPUS} side by side`, directory);
  const there = new Set(sorted.map(({ cpu }) => cpu));
  for (let cpu = 0; cpu < count; cpu++) if (!there.has(cpu)) throw missing(directory, nameFor(cpu, first), cpu);
  return sorted;
}

function entries(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch (error) {
    if (error instanceof Error && "code" in error && (error.code === "ENOENT" || error.code === "ENOTDIR")) return [];
    throw readTrouble(folder, error);
  }
}
