/**
 * A machine on which a scenario is about to begin: the kernel's objects after boot, and the process that carries the
 * scenario out.
 */
import {
  FD_CLOEXEC,
  FD_OPEN,
  FMODE_OPENED,
  FOPS,
  MMAP_BASE,
  MNT_INTERNAL,
  MODULE_REF_BASE,
  MODULE_STATE_LIVE,
  SUPER_OPERATIONS,
} from "../kernels/constants.js";
import type { Kernel, KernelDefinition } from "../kernels/kernel.js";
import type { Line, Scenario } from "../scenario/types.js";
import { Machine, type Program, type Segment } from "../simulate/machine.js";
import type { Cell } from "../simulate/memory.js";
import type { Op } from "../simulate/step.js";
import type { FsContext, SuperBlock, Task as TaskStruct } from "../simulate/structs.js";
import { carryOut } from "./process.js";
import { exec, exit, PROGRAMS, sleepAndExit } from "./tasks.js";

/** The process has descriptors 0 to 4 open; 1 and 2 are one file. Those that it opened itself are closed on exec. */
const OPEN_FILES: readonly OpenFile[] = [
  { descriptors: 1, inherited: true },
  { descriptors: 2, inherited: true },
  { descriptors: 1, inherited: false },
  { descriptors: 1, inherited: false },
];
/** Files that the rest of the system has open. */
const OTHERS_FILES = 3;
const RLIMIT_NOFILE = 1024;
const FIRST_PID = 100;
const FILE_MAX = 100_000;

interface OpenFile {
  readonly descriptors: number;
  readonly inherited: boolean;
}

export interface Booted {
  readonly machine: Machine<Kernel>;
  /** Pointers of the structures that existed before the scenario; their counts are not checked. */
  readonly older: ReadonlySet<number>;
  /** The lines that a program carries out, one a segment; the segment after them is the task's exit. */
  readonly lines: ReadonlyMap<Program<Kernel>, readonly Line[]>;
}

/** The history of the machine before the scenario. */
export interface Prehistory {
  readonly lines: readonly Line[];
  /** Counts of modules, by name, where they differ from those that the lines result in: others hold them too. */
  readonly references: ReadonlyMap<string, number>;
  /** Count of descriptors that the process has open, if it is not the usual one. */
  readonly descriptors?: number;
}

/** `undo`: the machine can return to earlier moments. */
export function boot(
  definition: KernelDefinition,
  scenario: Scenario,
  options: { readonly undo?: boolean; readonly before?: Prehistory } = {},
): Booted {
  const machine = new Machine<Kernel>(definition, options);
  const { structs, system, words } = machine;
  const set = (cell: Cell, value: number): void => machine.memory.set(cell, value);

  // The file system of anonymous inodes, and the one inode that most of its files share.
  const anonymous = structs.create("super_block");
  const root = structs.create("dentry");
  const mnt = structs.create("vfsmount");
  const inode = structs.create("inode");
  set(anonymous.s_active, 1);
  set(anonymous.s_op, SUPER_OPERATIONS.anon_inodefs);
  set(anonymous.s_dev, 10);
  set(anonymous.s_root, root.pointer);
  set(root.d_count, 2);
  set(mnt.mnt_count, 1);
  set(mnt.mnt_flags, MNT_INTERNAL);
  set(mnt.mnt_sb, anonymous.pointer);
  set(mnt.mnt_root, root.pointer);
  set(inode.i_count, 1);
  set(inode.i_nlink, 1);
  set(inode.i_sb, anonymous.pointer);
  set(inode.i_mode, 0o600);
  set(inode.i_ino, 1);
  // The file system of sockets.
  const sockets = structs.create("super_block");
  const socketMount = structs.create("vfsmount");
  set(sockets.s_active, 1);
  set(sockets.s_op, SUPER_OPERATIONS.sockfs);
  set(sockets.s_dev, 9);
  set(socketMount.mnt_count, 1);
  set(socketMount.mnt_flags, MNT_INTERNAL);
  set(socketMount.mnt_sb, sockets.pointer);
  set(system.sock_mnt, socketMount.pointer);

  set(system.anon_inode_mnt, mnt.pointer);
  set(system.anon_inode_inode, inode.pointer);
  set(system.next_ino, FIRST_PID);
  set(system.next_dev, 10);
  set(system.files_stat_max_files, FILE_MAX);

  // A module whose code kvm uses, loaded before.
  const irqbypass = structs.create("module");
  set(irqbypass.name, words.number("irqbypass"));
  set(irqbypass.refcnt, MODULE_REF_BASE);
  set(irqbypass.state, MODULE_STATE_LIVE);
  machine.memory.setList(system.modules, [irqbypass.pointer]);

  // The process.
  const files = structs.create("files_struct");
  const main = structs.create("task_struct");
  const signal = structs.create("signal_struct");
  const mm = structs.create("mm_struct");
  const user = structs.create("user");
  const fds = openFiles(options.before?.descriptors).flatMap(({ descriptors, inherited }) => {
    const file = structs.create("file");
    const inode = structs.create("inode");
    // The parent holds a reference to each inherited file.
    set(file.f_count, descriptors + (inherited ? 1 : 0));
    set(file.f_mode, FMODE_OPENED);
    set(file.f_op, FOPS.other);
    set(file.f_inode, inode.pointer);
    const flags = inherited ? FD_OPEN : FD_OPEN | FD_CLOEXEC;
    return Array.from({ length: descriptors }, () => ({ file: file.pointer, inode: inode.pointer, flags }));
  });
  set(files.count, 1);
  set(signal.rlim_nofile, RLIMIT_NOFILE);
  set(mm.mm_users, 1);
  set(mm.mmap_low, MMAP_BASE);
  machine.memory.setList(
    files.fd,
    fds.map(({ file }) => file),
  );
  machine.memory.setList(
    files.open_fds,
    fds.map(({ flags }) => flags),
  );
  set(system.nr_files, new Set(fds.map(({ file }) => file)).size + OTHERS_FILES);
  set(main.files, files.pointer);
  set(main.signal, signal.pointer);
  set(main.mm, mm.pointer);
  set(main.user, user.pointer);
  set(main.cap_effective, 1);
  set(main.pid, FIRST_PID);
  set(main.comm, words.number(MAIN_COMM));
  set(system.last_pid, FIRST_PID);

  // Both file systems set their own magic and flags.
  for (const [sb, init_fs_context] of [
    [anonymous, (kernel, fc) => kernel.anon_inodefs_init_fs_context(fc)],
    [sockets, (kernel, fc) => kernel.sockfs_init_fs_context(fc)],
  ] as const satisfies readonly (readonly [SuperBlock, (kernel: Kernel, fc: FsContext) => Op<number>])[]) {
    const fc = structs.create("fs_context");
    live(
      machine,
      program(MAIN_COMM, function* (kernel) {
        yield* init_fs_context(kernel, fc);
      }),
      main,
    );
    set(sb.s_magic, machine.memory.get(fc.magic));
    set(sb.s_iflags, machine.memory.get(fc.s_iflags));
  }

  const softirq = structs.create("task_struct");
  const older = new Set<number>(
    [irqbypass, anonymous, sockets, socketMount, root, mnt, inode].map(({ pointer }) => pointer),
  );
  for (const { file, inode: of } of fds) older.add(file).add(of);

  machine.programs[PROGRAMS.sleeps] = program(MAIN_COMM, sleepAndExit);
  machine.programs[PROGRAMS.execs] = program(MAIN_COMM, exec, sleepAndExit);
  const linesOf = new Map<Program<Kernel>, readonly Line[]>();
  const threads: number[] = [];
  for (const { by, comm, lines } of startedBy([...(options.before?.lines ?? []), ...scenario.lines])) {
    threads.push(by, machine.programs.length, words.number(comm));
    const started = program(comm, ...lines.map(segmentOf), exit);
    linesOf.set(started, lines);
    machine.programs.push(started);
  }
  machine.memory.setList(user.threads, threads);
  if (options.before && options.before.lines.length > 0) {
    live(machine, program(MAIN_COMM, ...options.before.lines.map(segmentOf)), main);
    for (const pointer of machine.memory.list(system.modules)) {
      const module = structs.at("module", pointer);
      const count = options.before.references.get(words.word(machine.memory.get(module.name)));
      if (count !== undefined) set(module.refcnt, count);
    }
    for (let pointer = 1; pointer < machine.memory.mark().top; pointer++) if (structs.any(pointer)) older.add(pointer);
  }
  if (options.undo) machine.beginHistory();
  const own = scenario.lines.filter((line) => line.thread === undefined);
  const process = program(MAIN_COMM, ...own.map(segmentOf), exit);
  linesOf.set(process, own);
  machine.start(process, main);
  machine.start(RCU, softirq);
  return { machine, older, lines: linesOf };
}

/** The files that the process begins with, each with its count of descriptors. */
function openFiles(descriptors = OPEN_FILES.reduce((sum, file) => sum + file.descriptors, 0)): OpenFile[] {
  const files: OpenFile[] = [];
  for (let left = descriptors; left > 0; left -= files.at(-1)!.descriptors) {
    const file = OPEN_FILES[files.length] ?? { descriptors: 1, inherited: false };
    files.push({ ...file, descriptors: Math.min(left, file.descriptors) });
  }
  return files;
}

/** Runs a program to its end unrecorded, with all tasks that it starts, and removes them. */
function live(machine: Machine<Kernel>, program: Program<Kernel>, main: TaskStruct): void {
  machine.start(program, main);
  for (
    let task = machine.tasks.find((t) => machine.enabled(t));
    task;
    task = machine.tasks.find((t) => machine.enabled(t))
  )
    machine.step(task);
  machine.tasks.length = 0;
}

/** The name of the process. */
export const MAIN_COMM = "scenario";

/** Callbacks run in softirq context, in the task that was interrupted: mostly the idle one. */
const RCU: Program<Kernel> = { comm: "<idle>", softirq: true, segment: () => (kernel) => kernel.rcu_do_batch() };

function program(comm: string, ...segments: readonly Segment<Kernel>[]): Program<Kernel> {
  return { comm, segment: (number) => segments[number] };
}

function segmentOf(line: Line): Segment<Kernel> {
  return (kernel) => carryOut(kernel, line);
}

/** A task that line `by` starts: a thread by a `go`, with all lines that were queued for it, or a child. */
interface Started {
  readonly by: number;
  readonly comm: string;
  readonly lines: readonly Line[];
}

function startedBy(lines: readonly Line[]): Started[] {
  const started: Started[] = [];
  let queued: { comm: string; lines: Line[] }[] = [];
  for (const line of lines) {
    const { operation } = line;
    const comm = line.thread ?? MAIN_COMM;
    if (operation.type === "child") started.push({ by: line.line, comm, lines: [operation.line] });
    if (line.thread !== undefined) {
      const known = queued.find((t) => t.comm === line.thread);
      if (known) known.lines.push(line);
      else queued.push({ comm: line.thread, lines: [line] });
    } else if (operation.type === "go") {
      started.push(...queued.map((t) => ({ by: line.line, ...t })));
      queued = [];
    }
  }
  return started;
}
