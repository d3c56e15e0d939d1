/** An emulated machine: a real kernel with a root of our own in memory, which says what happened over a serial line. */
import { execFileSync, spawn } from "node:child_process";
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";

/** Something is missing on this machine, or went wrong with it: no verdict on the script. */
export class MachineTrouble extends Error {}

/** The machine's answer over the serial line. */
export interface Said {
  readonly release: string;
  /** By name. */
  readonly files: ReadonlyMap<string, Buffer>;
  readonly checks: readonly { readonly ok: boolean; readonly what: string }[];
  /** Lines that are neither. */
  readonly notes: readonly string[];
  /** It ran to its end. */
  readonly done: boolean;
}

const HERE = "test/kernel";
const BUSYBOX = "/bin/busybox";
const MODULES = ["irqbypass", "kvm", "kvm-amd"];
const MOUNT_POINTS = ["bin", "proc", "sys", "dev", "tmp", "boot", "mods", "scenarios", "more"];
const LOADER = "lib64/ld-linux-x86-64.so.2";
/** For a machine that is busy with other things too. */
const LIMIT_MS = 1_800_000;
const UNPACK: { readonly [ending: string]: readonly [string, ...string[]] } = {
  ".xz": ["xz", "-dc"],
  ".zst": ["zstd", "-dc"],
  ".gz": ["gzip", "-dc"],
};

/** Throws a `MachineTrouble` that names what has to be installed. */
export function checkTools(): void {
  const missing = ["qemu-system-x86_64", "cpio", "gcc", BUSYBOX].filter((tool) => !works(tool));
  if (missing.length > 0)
    throw new MachineTrouble(
      `this test boots kernels and needs ${missing.join(", ")}; on Debian: apt-get install qemu-system-x86 busybox-static cpio gcc`,
    );
}

function works(tool: string): boolean {
  try {
    execFileSync("/bin/sh", ["-c", 'command -v "$1"', "sh", tool], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
}

/** Returns a tool's output; throws a `MachineTrouble` if it fails. */
function tool(name: string, args: readonly string[], cwd?: string): Buffer {
  try {
    return execFileSync(name, args, { cwd, maxBuffer: 1 << 28, stdio: ["ignore", "pipe", "pipe"] });
  } catch (error) {
    throw new MachineTrouble(
      `${name} ${args.join(" ")}: ${error instanceof Error ? error.message.split("\n", 2).join(": ") : String(error)}`,
    );
  }
}

/** The contents of the machine besides the kernel. */
export interface Load {
  /** Scripts that record, by name. */
  readonly scripts: { readonly [name: string]: string };
  /** Paths of scenarios: those that are recorded by all means, and those that are recorded by the script alone. */
  readonly scenarios: readonly string[];
  readonly more: readonly string[];
  /** Folder with bpftrace and all that it needs, if it is to be in the machine. */
  readonly bpftrace?: string | undefined;
}

/** Boots the kernel found under a directory with that in it; resolves when the machine is off. */
export async function boot(kernelDirectory: string, { scripts, scenarios, more, bpftrace }: Load): Promise<Said> {
  if (!existsSync(kernelDirectory)) throw new MachineTrouble(`${kernelDirectory}: no such directory`);
  const work = mkdtempSync(join(tmpdir(), "kreel-kernel-"));
  try {
    const files = readdirSync(kernelDirectory, { recursive: true, encoding: "utf8" });
    const image = files.find((file) => basename(file).startsWith("vmlinuz"));
    if (image === undefined) throw new MachineTrouble(`${kernelDirectory}: no vmlinuz in it`);
    const root = join(work, "root");
    for (const point of MOUNT_POINTS) mkdirSync(join(root, point), { recursive: true });
    copyFileSync(BUSYBOX, join(root, "bin/busybox"));
    symlinkSync("busybox", join(root, "bin/sh"));
    const program = ["scenario.c", "descriptors.c"].map((file) => join(HERE, file));
    tool("gcc", ["-O1", "-Wall", "-static", "-pthread", "-o", join(root, "bin/scenario"), ...program]);
    copyFileSync(join(HERE, "init.sh"), join(root, "init"));
    chmodSync(join(root, "init"), 0o755);
    for (const [name, text] of Object.entries(scripts)) writeFileSync(join(root, name), text);
    if (bpftrace !== undefined) copyProgram("bpftrace", bpftrace, root);
    for (const scenario of scenarios) copyFileSync(scenario, join(root, "scenarios", basename(scenario)));
    for (const scenario of more) copyFileSync(scenario, join(root, "more", basename(scenario)));
    const config = files.find((file) => /^config-\d/.test(basename(file)));
    if (config !== undefined) copyFileSync(join(kernelDirectory, config), join(root, "boot", basename(config)));
    for (const name of MODULES) unpackModule(name, files, kernelDirectory, root);
    // Not packed: under emulation unpacking takes longer than reading more.
    const archive = join(work, "root.cpio");
    tool("/bin/sh", ["-c", 'find . | cpio --quiet -o -H newc >"$1"', "sh", archive], root);
    const line = join(work, "line");
    await run(join(kernelDirectory, image), archive, line);
    return understand(readFileSync(line, "latin1"));
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

function unpackModule(name: string, files: readonly string[], directory: string, root: string): void {
  const file = files.find((f) => basename(f).replace(/\.ko(?:\.\w+)?$/, "") === name && /\.ko(?:\.\w+)?$/.test(f));
  if (file === undefined) throw new MachineTrouble(`${directory}: no ${name}.ko in it`);
  const [unpack, ...flags] = UNPACK[/\.ko(\.\w+)?$/.exec(file)![1] ?? ""] ?? ["cat"];
  writeFileSync(join(root, "mods", `${name}.ko`), tool(unpack, [...flags, join(directory, file)]));
}

/** A program out of unpacked packages, with the libraries that its own loader finds there. */
function copyProgram(name: string, directory: string, root: string): void {
  const found = (file: string): string => {
    const path = ["", "usr"].map((top) => join(directory, top, file)).find((candidate) => existsSync(candidate));
    if (path === undefined) throw new MachineTrouble(`${directory}: no ${file} in it`);
    return path;
  };
  const loader = found(LOADER);
  const program = found(join("bin", name));
  const libraries = ["lib", "usr/lib"].map((folder) => join(directory, folder, "x86_64-linux-gnu")).join(":");
  const needed = [
    ...tool(loader, ["--library-path", libraries, "--list", program])
      .toString()
      .matchAll(/^\s*([^/\s]+) => (\S+)/gm),
  ];
  const copies = [
    [program, join("bin", name)],
    [loader, LOADER],
    ...needed.map(([, library, path]) => [path!, join("lib/x86_64-linux-gnu", library!)]),
  ];
  for (const [from, to] of copies) {
    mkdirSync(dirname(join(root, to!)), { recursive: true });
    copyFileSync(from!, join(root, to!));
  }
}

/** One CPU: under emulation a kernel that patches its own text on two can trap. */
function run(image: string, archive: string, line: string): Promise<void> {
  const machine = [
    "-machine",
    "q35,accel=tcg",
    "-cpu",
    "EPYC,+svm,+npt",
    "-smp",
    "1",
    "-m",
    "2G",
    "-nic",
    "none",
    "-no-reboot",
  ];
  const consoles = ["-display", "none", "-serial", "null", "-serial", `file:${line}`];
  const kernel = [
    "-kernel",
    image,
    "-initrd",
    archive,
    "-append",
    "console=ttyS0 panic=-1 loglevel=4 mitigations=off nokaslr tsc=unstable",
  ];
  return new Promise((resolve, reject) => {
    const qemu = spawn("qemu-system-x86_64", [...machine, ...consoles, ...kernel], { stdio: "ignore" });
    const limit = setTimeout(() => qemu.kill("SIGKILL"), LIMIT_MS);
    qemu.on("error", reject);
    qemu.on("exit", () => {
      clearTimeout(limit);
      resolve();
    });
  });
}

function understand(text: string): Said {
  const files = new Map<string, Buffer>();
  const checks: { ok: boolean; what: string }[] = [];
  const notes: string[] = [];
  let release = "?";
  let done = false;
  let file: { readonly name: string; readonly lines: string[] } | undefined;
  for (const line of text.replaceAll("\r", "").split("\n")) {
    const [, word = "", rest = ""] = /^(\w+) ?(.*)$/.exec(line) ?? [];
    const check = /^CHECK (ok|no): (.*)$/.exec(line);
    if (file) {
      if (line === "END") {
        files.set(file.name, Buffer.from(file.lines.join(""), "base64"));
        file = undefined;
      } else file.lines.push(line);
    } else if (word === "FILE") file = { name: rest, lines: [] };
    else if (check) checks.push({ ok: check[1] === "ok", what: check[2]! });
    else if (word === "KERNEL") release = rest;
    else if (line === "DONE") done = true;
    else if (line !== "") notes.push(line);
  }
  return { release, files, checks, notes, done };
}
