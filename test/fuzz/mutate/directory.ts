/** Directories whose files are changed, removed, renamed, compressed, or swapped with those of others. */
import { gzipSync } from "node:zlib";
import { storedZstd } from "../../read/trace-dat/writer.js";
import type { Random } from "../random.js";
import type { Files } from "../seeds/directory.js";
import { mutateBytes, wordNear, writeWord } from "./bytes.js";
import { LINE_MUTATIONS, mutateLines, REMOVALS } from "./lines.js";
import { numberOf } from "./words.js";

const PAGE_WORDS = [0, 8, 16, 20, 24];

export function mutateDirectory(seed: Files, random: Random, mutations: string[], other: () => Buffer): Files {
  const files = new Map(seed);
  for (let left = random.small(1, 5); left > 0 && files.size > 0; left--) {
    const name = random.pick([...files.keys()]);
    const content = files.get(name)!;
    if (random.chance(0.75)) files.set(name, contentChanged(name, content, random, mutations, other));
    else arranged(files, name, content, random, mutations);
  }
  return files;
}

function contentChanged(
  name: string,
  content: Buffer,
  random: Random,
  mutations: string[],
  other: () => Buffer,
): Buffer {
  if (/raw$|\.cpu\d+$/.test(name))
    return random.chance(0.5)
      ? pageChanged(content, random, mutations)
      : mutateBytes(content, random, other, mutations);
  if (random.chance(0.15)) return mutateBytes(content, random, other, mutations);
  const lines = content.toString("latin1").split("\n");
  mutateLines(lines, random, () => lines, mutations, random.chance(0.2) ? REMOVALS : LINE_MUTATIONS);
  return Buffer.from(lines.join("\n"), "latin1");
}

function pageChanged(content: Buffer, random: Random, mutations: string[]): Buffer {
  const copy = Buffer.from(content);
  const page = random.below(Math.ceil(content.length / 4096)) * 4096;
  const at = page + (random.chance(0.5) ? random.pick(PAGE_WORDS) : random.below(1000) * 4);
  if (at + 4 <= copy.length) writeWord(copy, at, 4, wordNear(random, BigInt(copy.readUInt32LE(at))), false);
  mutations.push("word of a page");
  return copy;
}

function arranged(
  files: Map<string, Buffer>,
  name: string,
  content: Buffer,
  random: Random,
  mutations: string[],
): void {
  const away = (to: string, bytes: Buffer, what: string): void => {
    files.delete(name);
    if (safe(to)) files.set(to, bytes);
    mutations.push(what);
  };
  switch (random.below(9)) {
    case 0:
      files.delete(name);
      mutations.push("file removed");
      break;
    case 1:
      files.set(name, Buffer.alloc(0));
      mutations.push("file emptied");
      break;
    case 2:
      return away(name.replace(/cpu\d+/, `cpu${numberOf(random).slice(0, 12)}`), content, "CPU renumbered");
    case 3:
      return away(`${name}.gz`, gzipSync(content), "gzip");
    case 4:
      return away(`${name}.zst`, storedZstd(content), "zstd");
    case 5: {
      const others = random.pick([...files.keys()]);
      files.set(name, files.get(others)!);
      files.set(others, content);
      mutations.push("files swapped");
      break;
    }
    case 6:
      files.set(
        name.replace(/cpu\d+/, (cpu) => `cpu${Number(cpu.slice(3)) + random.between(1, 3)}`),
        content,
      );
      mutations.push("one CPU more");
      break;
    case 7:
      // A directory in its place.
      return away(`${name}/inside`, content, "directory for a file");
    default:
      return away(
        random.pick([
          "trace",
          "per_cpu/cpu0/trace",
          "per_cpu/cpu1/trace_pipe_raw",
          "cpu0/trace_pipe",
          "other.dat.cpu0",
          "per_cpu/cpu0/trace_pipe_raw/x",
        ]),
        content,
        "file renamed",
      );
  }
}

/** True for a name that stays in the directory, and that a file system accepts. */
export function safe(name: string): boolean {
  return (
    name.length < 200 &&
    !/[\0\\]|^\/|\/\/|\/$/.test(name) &&
    name.split("/").every((part) => part !== "" && part !== "." && part !== ".." && Buffer.byteLength(part) < 100)
  );
}
