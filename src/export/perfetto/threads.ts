/** The tracks of threads, idle CPUs, interrupts and RCU callbacks, with the operations on them as nested slices. */
import { type Batch, type TaskId, CONTEXT_HARDIRQ, CONTEXT_NMI, CONTEXT_SOFTIRQ } from "../../log/batch.js";
import type { Tables, Task } from "../../log/tables.js";
import type { EventView } from "../../log/view.js";
import { CONTEXTS } from "../../read/ndjson/format.js";
import { valueOf } from "../../reduce/call-tree.js";
import type { Frame, Stack } from "../../reduce/calls.js";
import type { World } from "../../reduce/world.js";
import { call } from "../../describe/call-text.js";
import { type Arg, type Args, type Time, Track, type TraceEvents } from "./events.js";

const IRQ = CONTEXT_HARDIRQ | CONTEXT_SOFTIRQ | CONTEXT_NMI;
/** Beyond the pids of a kernel, and below the numbers that `TraceEvents.own` gives out. */
const MAX_PID = 1_000_000_000;
const RCU = "rcu";
const NOTHING: number[] = [];

class Row extends Track {
  /** Entries of the open slices, outermost first. */
  open: number[] = NOTHING;
  /** The task that names it, or -1 and a name. */
  task = -1;
  name = "";

  push(seq: number): void {
    // An array literal of one element has room for one; an array that grows, for seventeen.
    if (this.open.length === 0) this.open = [seq];
    else this.open.push(seq);
  }
}

export class Threads {
  /** By pid, or by name for rows that are not a task's. */
  readonly #rows = new Map<number | string, Row>();
  readonly #byStack = new Map<Stack, Row>();
  /** Thread groups by number, and the groups that are not a process's. */
  readonly #groups = new Map<string, number>();

  constructor(
    private readonly events: TraceEvents,
    private readonly tables: Tables,
    private readonly world: World,
  ) {}

  /** Returns the track of an event. */
  row(batch: Batch, i: number, rcu = false): Row {
    const task = this.tables.tasks.get(batch.task[i]!);
    const cpu = batch.cpu[i]!;
    const irq = batch.context[i]! & IRQ;
    if (rcu) return this.#named(RCU, "RCU callbacks", () => this.#group("interrupts"));
    if (irq !== 0)
      return this.#named(`${irq} ${cpu}`, `${CONTEXTS[irq]!} on CPU ${cpu}`, () => this.#group("interrupts"));
    if (task.pid === 0) return this.#named(`idle ${cpu}`, `idle task of CPU ${cpu}`, () => this.#group("tasks"));
    return this.#thread(batch.task[i]!, task);
  }

  /** Begins the slice of an entry. Every event is a slice, however short: only slices can be the ends of arrows. */
  entered(e: EventView, stack: Stack, frame: Frame | undefined, time: Time): Row {
    const point = e.point!;
    const rcu = point.operation.context === "rcu";
    const row = this.row(e.batch, e.index, rcu);
    if (!rcu) this.#byStack.set(stack, row);
    this.events.begin(row, time, point.operation.name, point.operation.module ?? "vmlinux", this.#args(e));
    if (frame && !rcu) row.push(e.seq);
    return row;
  }

  /** Called after an entry: ends the slice of an operation whose end no event shows. */
  passed(row: Row, frame: Frame | undefined, rcu: boolean, time: Time): void {
    if (!frame || rcu) this.events.end(row, time);
  }

  /** Returns the track of a return, with a slice begun if its entry was not recorded. */
  returning(e: EventView, stack: Stack, frame: Frame | undefined, time: Time): Row {
    const row = this.row(e.batch, e.index);
    this.#byStack.set(stack, row);
    if (!frame || !row.open.includes(frame.seq))
      this.events.begin(row, time, e.point!.operation.name, e.point!.operation.module ?? "vmlinux", {
        "its entry": "not recorded",
      });
    return row;
  }

  returned(e: EventView, row: Row, frame: Frame | undefined, time: Time): void {
    const result = e.point!.args[0];
    const value = result && valueOf(this.world, e, result, 0);
    const args: Args = { ...(value ? { [value.name]: call.result(value) } : {}), "returned at event": e.seq };
    if (frame && row.open.includes(frame.seq)) this.#closeDownTo(row, frame.seq, time, args);
    else this.events.end(row, time, args);
  }

  /** Closes a call whose end is not shown: it lasted until the last event inside it. */
  closed(frame: Frame, stack: Stack): void {
    const row = this.#byStack.get(stack);
    if (row?.open.includes(frame.seq))
      this.#closeDownTo(row, frame.seq, row.last, frame.paired ? { "its return": "not recorded" } : {});
  }

  /** Called at the end of the recording: closes all slices at its last time. */
  finish(): void {
    const { last } = this.events;
    for (const row of this.#rows.values())
      if (row.open.length > 0)
        this.#closeDownTo(row, row.open[0]!, last, { "its return": "after the end of the recording" });
  }

  #closeDownTo(row: Row, seq: number, time: Time, args: Args): void {
    while (row.open.length > 0) {
      const open = row.open.pop()!;
      this.events.end(row, time, open === seq ? args : { "its return": "not recorded" });
      if (open === seq) return;
    }
  }

  #args(e: EventView): Args {
    const args: Record<string, Arg> = { event: e.seq };
    if (e.line > 0) args["line"] = e.line;
    e.point!.args.forEach((definition, k) => {
      const { text, object, number } = valueOf(this.world, e, definition, k);
      const decimal = number !== undefined && Number.isSafeInteger(number) && /^-?\d+$/.test(text);
      args[definition.name] = object
        ? object.label
        : decimal
          ? number
          : definition.type === "string" && !e.isFault(k)
            ? e.batch.strings[e.batch.low[e.base + k]!]!
            : text;
    });
    return args;
  }

  /** Returns the row of a thread. One that changes its name (exec) is shown by the latest. */
  #thread(id: TaskId, task: Task): Row {
    let row = this.#rows.get(task.pid);
    if (row?.task === id) return row;
    const { pid, tgid, comm, name } = task;
    if (!row) {
      const group =
        tgid === undefined || tgid === 0 || tgid > MAX_PID ? this.#group("tasks") : this.#process(tgid, comm);
      this.#rows.set(pid, (row = new Row(group, pid <= MAX_PID ? pid : this.events.own())));
      this.events.thread(row, name);
    } else if (this.tables.tasks.get(row.task).name !== name) this.events.thread(row, name);
    row.task = id;
    return row;
  }

  /** Returns a row that is not a task's, made on first use. */
  #named(key: string, name: string, group: () => number): Row {
    let row = this.#rows.get(key);
    if (!row) this.#rows.set(key, (row = new Row(group(), this.events.own())));
    if (row.name !== name) {
      row.name = name;
      this.events.thread(row, name);
    }
    return row;
  }

  #group(name: string): number {
    return this.#grouped(name, name, () => this.events.own());
  }

  #process(tgid: number, comm: string): number {
    return this.#grouped(`process ${tgid}`, comm, () => tgid);
  }

  #grouped(key: string, name: string, number: () => number): number {
    let pid = this.#groups.get(key);
    if (pid === undefined) {
      this.#groups.set(key, (pid = number()));
      this.events.process(pid, name);
    }
    return pid;
  }
}
