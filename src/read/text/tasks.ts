/**
 * Tasks of recordings that write name and pid apart, or leave one out. A name without a pid stands for all tasks of
 * that name as one, with a number beyond any pid of a kernel (PID_MAX_LIMIT is 4194304), so that two names stay two
 * tasks.
 */
import type { TaskId } from "../../log/batch.js";
import { ByteInterner, NOT_INTERNED } from "../../log/bytes.js";
import type { TaskTable } from "../../log/tables.js";
import { utf8 } from "../ftrace/bytes.js";

/** The first number of names without a pid. */
export const FIRST_UNKNOWN_PID = 4194305;
/** ftrace's text for a name that it does not know. */
const NO_NAME = "<...>";
const MAX_TASKS = 1 << 22;
/** The line has no thread group. */
export const NO_TGID = -1;

/** Returns the name as ftrace would print it, which pads names with spaces on the left. */
export function nameIn(printed: string): string {
  return printed === "" ? NO_NAME : printed.trimStart();
}

export class PrintedTasks {
  readonly #printed = new ByteInterner(MAX_TASKS);
  readonly #tasks: TaskId[] = [];
  readonly #unknown = new Map<string, number>();
  #last = -1;
  #lastName = 0;
  #lastTask: TaskId = 0;

  constructor(private readonly tasks: TaskTable) {}

  /**
   * Returns the task that `bytes[start, end)` writes: a name up to `nameEnd` (`start` if there is none) and a pid, with
   * any bytes between. `pid` is negative if there is none, as is `tgid`; both are parsed from these bytes.
   */
  intern(bytes: Uint8Array, start: number, end: number, nameEnd: number, pid: number, tgid: number): TaskId {
    const name = nameEnd - start;
    if (this.#last >= 0 && this.#lastName === name && this.#printed.equals(this.#last, bytes, start, end))
      return this.#lastTask;
    const printed = this.#printed.intern(bytes, start, end, name);
    const task =
      printed === NOT_INTERNED
        ? this.#task(bytes, start, nameEnd, pid, tgid)
        : (this.#tasks[printed] ??= this.#task(bytes, start, nameEnd, pid, tgid));
    this.#last = printed;
    this.#lastName = name;
    this.#lastTask = task;
    return task;
  }

  #task(bytes: Uint8Array, start: number, nameEnd: number, pid: number, tgid: number): TaskId {
    const name = nameIn(utf8(bytes, start, nameEnd));
    return this.tasks.intern(name, pid < 0 ? this.#standIn(name) : pid, tgid < 0 ? NO_TGID : tgid);
  }

  #standIn(name: string): number {
    let pid = this.#unknown.get(name);
    if (pid === undefined) this.#unknown.set(name, (pid = FIRST_UNKNOWN_PID + this.#unknown.size));
    return pid;
  }
}
