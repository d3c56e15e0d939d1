/**
 * A recording as a list of lines that a test can drop, double or move, and the text that such a kernel would have
 * printed: counts on a probe (`refcnt=`, `i_count=`) follow from the lines before it.
 */
import { openRecording } from "../../src/read/recording.js";
import { type Replay, replayRecording, type ReplayOptions } from "../../src/replay/replay.js";

export interface Task {
  readonly comm: string;
  readonly pid: number;
  readonly cpu: number;
  /** Flags as ftrace prints them; `s` in the third place is a softirq. */
  readonly flags: string;
}

export const RUNNER: Task = { comm: "gmemrun", pid: 100, cpu: 0, flags: "....." };
export const OTHER: Task = { comm: "gmemrun", pid: 200, cpu: 1, flags: "....." };
export const SOFTIRQ: Task = { comm: "<idle>", pid: 0, cpu: 0, flags: "..s1." };

export interface Line {
  /** The step of the line: "gmem", "close". */
  readonly step: string;
  readonly name: string;
  /** A `?` stands for the count that the lines before imply. */
  readonly args: string;
  readonly task: Task;
  /** It happened, but is not in the recording. */
  readonly hidden?: boolean;
}

/** Identifies a line of a step: the first of its name, or the `nth` (from 0). */
export interface At {
  readonly in: string;
  readonly name: string;
  readonly nth?: number;
}

const LOST = "LOST";

export class Script {
  constructor(
    readonly lines: readonly Line[],
    private readonly unprobed: ReadonlySet<string> = new Set(),
  ) {}

  #with(lines: readonly Line[]): Script {
    return new Script(lines, this.unprobed);
  }

  #index({ in: step, name, nth = 0 }: At): number {
    let seen = 0;
    const index = this.lines.findIndex((line) => line.step === step && line.name === name && seen++ === nth);
    if (index < 0) throw new Error(`no ${name} in ${step}`);
    return index;
  }

  line(at: At): Line {
    return this.lines[this.#index(at)]!;
  }

  /** Drops lines: the kernel did not do this. */
  drop(...places: readonly At[]): Script {
    const gone = new Set(places.map((at) => this.#index(at)));
    return this.#with(this.lines.filter((_, i) => !gone.has(i)));
  }

  /** Drops the lines of a step from one to another, both included. */
  dropFrom(from: At, to: At): Script {
    const [first, last] = [this.#index(from), this.#index(to)];
    if (last < first) throw new Error(`${to.name} is before ${from.name}`);
    return this.#with(this.lines.filter((_, i) => i < first || i > last));
  }

  /** Doubles a line: the kernel did this twice. */
  double(at: At): Script {
    return this.after(at, this.line(at));
  }

  after(at: At, ...lines: readonly Line[]): Script {
    const index = this.#index(at) + 1;
    return this.#with([...this.lines.slice(0, index), ...lines, ...this.lines.slice(index)]);
  }

  before(at: At, ...lines: readonly Line[]): Script {
    const index = this.#index(at);
    return this.#with([...this.lines.slice(0, index), ...lines, ...this.lines.slice(index)]);
  }

  /** Moves lines of one step before a line of another. */
  move(step: string, before: At): Script {
    const moved = this.lines.filter((line) => line.step === step);
    return this.#with(this.lines.filter((line) => line.step !== step)).before(before, ...moved);
  }

  /** Makes the recording report lost events here. */
  loseBefore(at: At): Script {
    return this.before(at, { step: at.in, name: LOST, args: "", task: RUNNER });
  }

  /** Removes the probes of these operations from the recording. */
  unseen(...operations: readonly string[]): Script {
    return new Script(this.lines, new Set([...this.unprobed, ...operations.flatMap((name) => [name, `${name}_ret`])]));
  }

  /** Removes lines from the recording, by their index; they still happened. */
  hide(index: (index: number) => boolean): Script {
    return this.#with(this.lines.map((line, i) => (index(i) ? { ...line, hidden: true } : line)));
  }

  #shown(line: Line): boolean {
    return !line.hidden && !this.unprobed.has(line.name);
  }

  /** Returns the number of a line's event. */
  event(at: At): number {
    const index = this.#index(at);
    return this.lines.slice(0, index + 1).filter((line) => this.#shown(line) && line.name !== LOST).length;
  }

  /** The number of the last event. */
  get last(): number {
    return this.lines.filter((line) => this.#shown(line) && line.name !== LOST).length;
  }

  text(): string {
    const counts = new Counts();
    const printed = this.lines.map((line, i) => {
      const args = counts.print(line);
      if (!this.#shown(line)) return "";
      if (line.name === LOST) return `CPU:${line.task.cpu} [LOST 7 EVENTS]\n`;
      const time = `${Math.floor(i / 1000) + 1}.${String(i % 1000).padStart(3, "0")}000`;
      return `${line.task.comm.padStart(16)}-${String(line.task.pid).padEnd(7)} [${String(line.task.cpu).padStart(3, "0")}] ${line.task.flags} ${time.padStart(12)}: ${line.name}: (${line.name}+0x4/0x80)${args === "" ? "" : ` ${args}`}\n`;
    });
    return `# tracer: nop\n#\n${printed.join("")}`;
  }

  replay(options: ReplayOptions = {}): Promise<Replay> {
    return replayText(this.text(), options);
  }
}

/** Replays text as if it were standard input. */
export async function replayText(text: string, options: ReplayOptions = {}): Promise<Replay> {
  const input = (async function* () {
    yield Buffer.from(text);
  })();
  const recording = await openRecording("-", { input });
  return replayRecording(recording, options);
}

/** The counters of the kernel: module references (one is the loader's own) and `i_count`. */
class Counts {
  readonly #counts = new Map<string, number>();
  #getting = "";

  print(line: Line): string {
    const target = /(?:module|inode)=(0x[0-9a-f]+)/.exec(line.args)?.[1] ?? "";
    const start = target !== "" && line.args.includes("module=") ? 1 : 0;
    const count = this.#counts.get(target) ?? start;
    const args = line.args.replace("?", String(count));
    switch (line.name) {
      case "try_module_get":
        this.#getting = target;
        break;
      case "try_module_get_ret":
        if (line.args === "ok=1") this.#counts.set(this.#getting, (this.#counts.get(this.#getting) ?? 1) + 1);
        break;
      case "module_put":
      case "iput":
        this.#counts.set(target, count - 1);
        break;
      case "ihold":
        this.#counts.set(target, count + 1);
        break;
      case "new_inode_ret":
      case "kvm_gmem_alloc_inode_ret":
      case "alloc_anon_inode_ret":
        this.#counts.set(target, 1);
        break;
    }
    return args;
  }
}
