/** Runs the command, in this process or in one of its own, and returns its output and exit status. */
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { run } from "../../src/cli/program.js";
import { openTerminal } from "../../src/cli/terminal.js";
import { Captured } from "../support/captured.js";

export const MAIN = fileURLToPath(new URL("../../src/cli/main.js", import.meta.url));
export const RECORDINGS = "fixtures/recordings";

export interface Run {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

// Commands listen for signals until their process ends.
process.setMaxListeners(0);

/**
 * Carries a command line out in this process, into files: a process of its own takes as long to start as most commands
 * to run. Tests of the process itself (what it reads from standard input, its environment, its threads, pipes, signals,
 * memory, the modules that it loads) take `spawned`.
 */
export async function kreel(args: readonly string[]): Promise<Run> {
  const [out, err] = [new Captured(), new Captured()];
  try {
    const code = await run(args, openTerminal(process.env, { out: out.fd, err: err.fd, isTerminal: () => false }));
    return { code, out: out.taken().toString(), err: err.taken().toString() };
  } finally {
    out.close();
    err.close();
  }
}

/** Runs the command as users do. */
export function spawned(
  args: readonly string[],
  options: { readonly input?: Buffer | string; readonly env?: NodeJS.ProcessEnv } = {},
): Run {
  const { status, stdout, stderr } = spawnSync(process.execPath, [MAIN, ...args], {
    input: options.input ?? "",
    env: { ...process.env, ...options.env },
    maxBuffer: 1 << 28,
  });
  return { code: status, out: stdout.toString(), err: stderr.toString() };
}

/** Runs it on a terminal, if this machine can make one; arguments are words of a shell. */
export function onTerminal(
  args: readonly string[],
): { readonly code: number | null; readonly out: string } | undefined {
  if (!existsSync("/usr/bin/script")) return undefined;
  const { status, stdout } = spawnSync(
    "/usr/bin/script",
    ["-qec", [process.execPath, MAIN, ...args].join(" "), "/dev/null"],
    { input: "" },
  );
  return { code: status, out: stdout.toString() };
}

/** A file of its own with this content. */
export function fileOf(content: Buffer | string, name = "recording"): string {
  const path = join(mkdtempSync(join(tmpdir(), "kreel-")), name);
  writeFileSync(path, content);
  return path;
}

/** Lines of ftrace text, a microsecond apart. */
export function recording(...events: readonly (readonly [task: string, event: string])[]): string {
  const lines = events.map(
    ([task, event], k) => `${task.padStart(16)} [000] ..... 100.${String(k + 1).padStart(6, "0")}: ${event}`,
  );
  return ["# tracer: nop", "#", ...lines, ""].join("\n");
}

export const VM = "0xffff888000010000";

/** A creation that fails after taking a reference on the module, and drops it. */
export function failedCreation(task: string): (readonly [string, string])[] {
  return [
    [task, `kvm_gmem_create: (kvm_gmem_create+0x4/0x1f0 [kvm]) kvm=${VM} size=65536 flags=0x0`],
    [task, "get_unused_fd_flags: (get_unused_fd_flags+0x4/0x30) flags=0x0"],
    [task, "get_unused_fd_flags_ret: (kvm_gmem_create+0x1/0x1f0 [kvm] <- get_unused_fd_flags) fd=7"],
    [task, "put_unused_fd: (put_unused_fd+0x4/0x30) fd=7"],
    [task, "kvm_gmem_create_ret: (kvm_vm_ioctl+0x1/0x2 [kvm] <- kvm_gmem_create) fd=-23"],
  ];
}
