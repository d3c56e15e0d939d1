/**
 * The holder of a lock: a process, with everything that tells it from others. A process's number has a meaning only
 * within its PID namespace, its start time within its time namespace, and both within one boot of one machine;
 * containers, virtual machines and network file systems share files across all of these.
 */
import { readFileSync, readlinkSync } from "node:fs";
import { hostname } from "node:os";

/** Empty strings: not known from the system. */
export interface Holder {
  readonly pid: number;
  /** Start time of the process, in clock ticks since boot: field 22 of proc_pid_stat(5). */
  readonly start: string;
  /** random(4): unique to every boot of every machine, the same in all containers of one. */
  readonly boot: string;
  /** Namespaces, named as in namespaces(7): `pid:[4026531836]`, `time:[4026531834]`. */
  readonly pidNamespace: string;
  readonly timeNamespace: string;
  readonly host: string;
}

/** `unknown`: cannot be determined from here. */
export type Standing = "alive" | "gone" | "unknown";

const FIELDS = ["start", "boot", "pidNamespace", "timeNamespace", "host"] as const;
const MAX_PID = 2 ** 31 - 1;
const MAX_FIELD = 256;

export function thisProcess(): Holder {
  return {
    pid: process.pid,
    start: statOf("self")?.start ?? "",
    boot: textOf("/proc/sys/kernel/random/boot_id").trim(),
    pidNamespace: linkOf("/proc/self/ns/pid"),
    timeNamespace: linkOf("/proc/self/ns/time"),
    host: hostname(),
  };
}

/** Parses a lock; `undefined` if it names no valid holder. */
export function parseHolder(text: string): Holder | undefined {
  let fields: Record<string, unknown>;
  try {
    fields = Object(JSON.parse(text)) as Record<string, unknown>;
  } catch {
    return undefined;
  }
  const { pid } = fields;
  if (typeof pid !== "number" || !Number.isInteger(pid) || pid < 1 || pid > MAX_PID) return undefined;
  if (!FIELDS.every((name) => typeof fields[name] === "string" && fields[name].length <= MAX_FIELD)) return undefined;
  const { start, boot, pidNamespace, timeNamespace, host } = fields as unknown as Holder;
  return { pid, start, boot, pidNamespace, timeNamespace, host };
}

/** Tells whether a holder still lives, as seen from `here`: this very process. */
export function standingOf(holder: Holder, here: Holder = thisProcess()): Standing {
  if (strangeness(holder, here) !== undefined) return "unknown";
  try {
    process.kill(holder.pid, 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EPERM") return "gone";
  }
  // Start times compare within one time namespace only, and /proc may be that of another PID namespace.
  if (holder.timeNamespace !== here.timeNamespace || linkOf("/proc/self") !== String(here.pid)) return "alive";
  const now = statOf(String(holder.pid));
  if (!now) return "alive";
  if (now.state === "Z" || now.state === "X") return "gone";
  return holder.start === "" || holder.start === now.start ? "alive" : "gone";
}

/** Returns `process 12`, and its machine or namespace if that is not this one. */
export function nameOf(holder: Holder, here: Holder = thisProcess()): string {
  const where = strangeness(holder, here);
  return `process ${holder.pid}${where === undefined ? "" : ` ${where}`}`;
}

/** Returns why a holder's number is meaningless here; `undefined` if it is not. */
function strangeness(holder: Holder, here: Holder): string | undefined {
  if (holder.host !== here.host) return `on ${holder.host === "" ? "a machine without a name" : holder.host}`;
  if (!same(holder.boot, here.boot)) return `of another boot of ${holder.host}, or of another machine of that name`;
  if (!same(holder.pidNamespace, here.pidNamespace)) return "of another PID namespace (a container?)";
  return undefined;
}

/** On Linux, two processes that do not know their namespace need not be in the same one. */
function same(one: string, other: string): boolean {
  return one === other && (one !== "" || process.platform !== "linux");
}

function statOf(pid: string): { readonly state: string; readonly start: string } | undefined {
  const stat = textOf(`/proc/${pid}/stat`);
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return stat === "" ? undefined : { state: fields[0] ?? "", start: fields[19] ?? "" };
}

function textOf(path: string): string {
  try {
    return readFileSync(path, "latin1");
  } catch {
    return "";
  }
}

function linkOf(path: string): string {
  try {
    return readlinkSync(path);
  } catch {
    return "";
  }
}
