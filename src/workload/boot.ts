/** A machine on which a scenario is about to begin: what the kernel has after boot, and the process that carries it out. */
import { ANON_INODE_FS_MAGIC, FOPS, MODULE_REF_BASE, MODULE_STATE_LIVE, SUPER_OPERATIONS } from "../kernels/constants.js";
import type { Kernel, KernelDefinition } from "../kernels/kernel.js";
import type { Line, Scenario } from "../scenario/types.js";
import { Machine, type Program, type Segment } from "../simulate/machine.js";
import type { Cell } from "../simulate/memory.js";
import type { Task as TaskStruct } from "../simulate/structs.js";
import { carryOut } from "./process.js";
import { child, mainExit, threadExit } from "./tasks.js";
import type { User } from "./user.js";

/** The process has descriptors 0 to 4 open; 1 and 2 are one file. */
const OPEN_FILES = [1, 2, 1, 1];
/** What the rest of the system has open. */
const OTHERS_FILES = 3;
const RLIMIT_NOFILE = 1024;
const FIRST_PID = 100;
const FILE_MAX = 100_000;

export interface Booted {
  readonly machine: Machine<Kernel>;
  /** What was there before the scenario: counts of these are nobody's business. */
  readonly older: ReadonlySet<number>;
  /** The lines that a program carries out, one a segment; what comes after them is the task's exit. */
  readonly lines: ReadonlyMap<Program<Kernel>, readonly Line[]>;
}

/** What the machine has been through before the scenario. */
export interface Prehistory {
  readonly lines: readonly Line[];
  /** Counts of modules, by name, where they are not what the lines lead to: others hold them too. */
  readonly references: ReadonlyMap<string, number>;
  /** How many descriptors the process has open, where it is not as many as usual. */
  readonly descriptors?: number;
}

/** `undo`: the machine is to go back to earlier moments. */
export function boot(definition: KernelDefinition, scenario: Scenario, options: { readonly undo?: boolean; readonly before?: Prehistory } = {}): Booted {
  const machine = new Machine<Kernel>(definition, options);
  const { structs, system, words } = machine;
  const set = (cell: Cell, value: number): void => machine.memory.set(cell, value);

  // The file system of anonymous inodes, and the one inode that most of its files share.
  const sb = structs.create("super_block");
  const root = structs.create("dentry");
  const mnt = structs.create("vfsmount");
  const inode = structs.create("inode");
  set(sb.s_active, 1);
  set(sb.s_magic, ANON_INODE_FS_MAGIC);
  set(sb.s_op, SUPER_OPERATIONS.anon_inodefs);
  set(sb.s_dev, 10);
  set(sb.s_root, root.pointer);
  set(root.d_count, 2);
  set(mnt.mnt_count, 1);
  set(mnt.mnt_sb, sb.pointer);
  set(mnt.mnt_root, root.pointer);
  set(inode.i_count, 1);
  set(inode.i_nlink, 1);
  set(inode.i_sb, sb.pointer);
  set(inode.i_mode, 0o600);
  set(inode.i_ino, 1);
  set(system.anon_inode_mnt, mnt.pointer);
  set(system.anon_inode_inode, inode.pointer);
  set(system.next_ino, FIRST_PID);
  set(system.next_dev, 10);
  set(system.files_stat_max_files, FILE_MAX);

  // A module that kvm uses the code of, loaded before.
  const irqbypass = structs.create("module");
  set(irqbypass.name, words.number("irqbypass"));
  set(irqbypass.refcnt, MODULE_REF_BASE);
  set(irqbypass.state, MODULE_STATE_LIVE);
  machine.memory.setList(system.modules, [irqbypass.pointer]);

  // The process.
  const files = structs.create("files_struct");
  const main = structs.create("task_struct");
  const user = structs.create("user");
  const fds = openFiles(options.before?.descriptors).flatMap((descriptors) => {
    const file = structs.create("file");
    set(file.f_count, descriptors);
    set(file.f_op, FOPS.other);
    return Array.from({ length: descriptors }, () => file.pointer);
  });
  set(files.count, 1);
  set(files.nofile, RLIMIT_NOFILE);
  machine.memory.setList(files.fd, fds);
  machine.memory.setList(
    files.open_fds,
    fds.map(() => 1),
  );
  set(system.nr_files, new Set(fds).size + OTHERS_FILES);
  set(main.files, files.pointer);
  set(main.cap_effective, 1);
  set(main.pid, FIRST_PID);
  set(main.comm, words.number(MAIN_COMM));
  set(user.pids, FIRST_PID);

  const softirq = structs.create("task_struct");
  const older = new Set<number>([irqbypass.pointer, sb.pointer, root.pointer, mnt.pointer, inode.pointer, ...fds]);

  machine.programs.push(childProgram(user));
  const linesOf = new Map<Program<Kernel>, readonly Line[]>();
  const threads: number[] = [];
  for (const { go, comm, lines } of threadsOf(scenario)) {
    threads.push(go, machine.programs.length, words.number(comm));
    const program = threadProgram(comm, lines, user);
    linesOf.set(program, lines);
    machine.programs.push(program);
  }
  machine.memory.setList(user.threads, threads);
  if (options.before && options.before.lines.length > 0) {
    live(machine, mainProgram(options.before.lines, user, false), main);
    for (const pointer of machine.memory.list(system.modules)) {
      const module = structs.at("module", pointer);
      const count = options.before.references.get(words.word(machine.memory.get(module.name)));
      if (count !== undefined) set(module.refcnt, count);
    }
    for (let pointer = 1; pointer < machine.memory.mark().top; pointer++) if (structs.any(pointer)) older.add(pointer);
  }
  if (options.undo) machine.beginHistory();
  const own = scenario.lines.filter((line) => line.thread === undefined);
  const program = mainProgram(own, user);
  linesOf.set(program, own);
  machine.start(program, main);
  machine.start(RCU, softirq);
  return { machine, older, lines: linesOf };
}

/** How many descriptors each file has that the process begins with. */
function openFiles(descriptors = OPEN_FILES.reduce((sum, n) => sum + n)): readonly number[] {
  const files: number[] = [];
  for (let left = descriptors; left > 0; left -= files.at(-1)!) files.push(Math.min(left, OPEN_FILES[files.length] ?? 1));
  return files;
}

/** Carries out what nobody watches, to its end. */
function live(machine: Machine<Kernel>, program: Program<Kernel>, main: TaskStruct): void {
  machine.start(program, main);
  for (let task = machine.tasks.find((t) => machine.enabled(t)); task; task = machine.tasks.find((t) => machine.enabled(t))) machine.step(task);
  machine.tasks.length = 0;
}

/** What the process is called. */
export const MAIN_COMM = "scenario";

/** Callbacks run in softirq context, in whatever task is there; a recording shows the idle one, mostly. */
const RCU: Program<Kernel> = { comm: "<idle>", softirq: true, segment: () => (kernel) => kernel.rcu_do_batch() };

function mainProgram(lines: readonly Line[], user: User, exits = true): Program<Kernel> {
  const segments: Segment<Kernel>[] = lines.map((line) => (kernel) => carryOut(kernel, user, line));
  if (exits) segments.push((kernel) => mainExit(kernel, user));
  return { comm: MAIN_COMM, segment: (number) => segments[number] };
}

function threadProgram(comm: string, lines: readonly Line[], user: User): Program<Kernel> {
  const segments: Segment<Kernel>[] = lines.map((line) => (kernel) => carryOut(kernel, user, line));
  segments.push((kernel) => threadExit(kernel, user));
  return { comm, segment: (number) => segments[number] };
}

function childProgram(user: User): Program<Kernel> {
  return { comm: MAIN_COMM, segment: (number) => (number === 0 ? (kernel) => child(kernel, user) : undefined) };
}

/** The threads of a scenario: which `go` starts them, and what they do. */
function threadsOf(scenario: Scenario): { readonly go: number; readonly comm: string; readonly lines: readonly Line[] }[] {
  const threads: { go: number; comm: string; lines: Line[] }[] = [];
  let queued: { comm: string; lines: Line[] }[] = [];
  for (const line of scenario.lines) {
    if (line.thread !== undefined) {
      const known = queued.find((t) => t.comm === line.thread);
      if (known) known.lines.push(line);
      else queued.push({ comm: line.thread, lines: [line] });
    } else if (line.operation.type === "go") {
      threads.push(...queued.map((t) => ({ go: line.line, ...t })));
      queued = [];
    }
  }
  return threads;
}
