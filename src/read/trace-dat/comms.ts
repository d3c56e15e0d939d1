/** Names of tasks by their pid, as trace-cmd saved them at the end of the recording. */
import type { TaskId } from "../../log/batch.js";
import type { TaskTable } from "../../log/tables.js";

const LF = 0x0a;
const MAX_COMM = 64;
const IDLE = "<idle>";
/** ftrace's text for a task whose name is not known. */
const UNKNOWN = "<...>";
/** Tasks that are remembered by pid; Linux has 4 million pids at most. */
const MAX_PIDS = 1 << 22;

export class Comms {
  readonly #names = new Map<number, Buffer>();
  readonly #ids = new Map<number, TaskId>();

  /** `cmdlines` has a line `PID NAME` for each; the last of a pid is valid. */
  constructor(
    cmdlines: Buffer,
    private readonly tasks: TaskTable,
  ) {
    for (let p = 0; p < cmdlines.length; ) {
      const end = cmdlines.indexOf(LF, p);
      const line = cmdlines.subarray(p, end < 0 ? cmdlines.length : end);
      const match = /^\s*(\d{1,10}) /.exec(line.toString("latin1", 0, 32));
      if (match && this.#names.size < MAX_PIDS)
        this.#names.set(Number(match[1]), line.subarray(match[0].length, match[0].length + MAX_COMM));
      p = end < 0 ? cmdlines.length : end + 1;
    }
  }

  /** Returns the task of a pid, in the log's own numbers. */
  task(pid: number): TaskId {
    let id = this.#ids.get(pid);
    if (id === undefined) {
      const name = pid === 0 ? Buffer.from(IDLE) : (this.#names.get(pid) ?? Buffer.from(UNKNOWN));
      const bytes = Buffer.concat([name, Buffer.from(`-${pid}`)]);
      id = this.tasks.internBytes(bytes, 0, bytes.length);
      if (this.#ids.size < MAX_PIDS) this.#ids.set(pid, id);
    }
    return id;
  }
}
