/** `--fail`: selects the faults to inject. */
import { errnoName } from "../base/errno.js";
import type { FaultPoint, Simulation } from "../workload/simulate.js";
import { UsageError } from "./trouble.js";

const LAST_ERRNO = 133;

export interface Fail {
  readonly number: number;
  readonly errno?: number;
}

/** Parses `all`, `7` or `7=ENOMEM`. */
export function parseFail(text: string): Fail | "all" {
  if (text === "all") return text;
  const [, digits, name] = /^([1-9]\d{0,14})(?:=-?(\w+))?$/.exec(text) ?? [];
  if (digits === undefined)
    throw new UsageError(
      `--fail ${text}: all, the number of a fault (--fail all lists them), or N=ERRNO as in 7=ENOMEM`,
    );
  const number = Number(digits);
  if (name === undefined) return { number };
  const errno = /^\d+$/.test(name) ? Number(name) : errnoOf(name.toUpperCase());
  if (errno === undefined || errno === 0) throw new UsageError(`--fail ${text}: ${name} is no error of Linux`);
  return { number, errno: -errno };
}

function errnoOf(name: string): number | undefined {
  for (let errno = 1; errno <= LAST_ERRNO; errno++) if (errnoName(errno) === name) return errno;
  return undefined;
}

/**
 * Returns the point that failed.
 *
 * @throws {UsageError} If the run has no such point, or the point never returns the error.
 */
export function checkFail({ faults }: Simulation, { number, errno }: Fail): FaultPoint {
  const point = faults[number - 1];
  if (!point) throw new UsageError(`--fail ${number}: the run has ${faults.length} faults; --fail all lists them`);
  if (errno !== undefined && !point.fault.errnos.includes(errno))
    throw new UsageError(
      `--fail ${number}=${errnoName(errno)}: ${point.fault.site} fails with ${point.fault.errnos.map(errnoName).join(" or ")} only`,
    );
  return point;
}

export function failText({ number, fault, line, errno }: FaultPoint): string {
  return `fault ${number}: ${fault.site} fails with ${errnoName(errno)}${line ? ` in \`${line.text}\` (line ${line.line})` : ""}`;
}
