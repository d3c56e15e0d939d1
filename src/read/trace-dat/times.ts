/** The recorded clock, and the conversion of its times to those of the log. */
import type { Clock } from "../report.js";
import type { Contents } from "./contents.js";

const BILLION = 1_000_000_000n;
/** Clocks that count nanoseconds; the others (`counter`, `x86-tsc`) count units of their own. */
const NANOSECONDS = /^(?:local|global|uptime|perf|mono.*|boot|tai)$/;

export function clockOf({ clock, tsc }: Contents): Clock {
  return clock === undefined || tsc !== undefined || NANOSECONDS.test(clock)
    ? { kind: "seconds", digits: 9 }
    : { kind: "counter", digits: 0 };
}

/** Returns the change of times by the recording's options; `undefined` if there is none. */
export function timeChange({ tsc, timeOffset }: Contents): TimeChange | undefined {
  return tsc === undefined && timeOffset === 0n ? undefined : new TimeChange(tsc, timeOffset);
}

export class TimeChange {
  high = 0;
  low = 0;

  constructor(
    private readonly tsc: Contents["tsc"],
    private readonly offset: bigint,
  ) {}

  /** Leaves the changed time in `high` and `low`. */
  apply(high: number, low: number): void {
    let time = BigInt(high) * BILLION + BigInt(low);
    if (this.tsc) time = (time * this.tsc.mult) >> this.tsc.shift;
    time = BigInt.asUintN(64, time + this.offset);
    this.high = Number(time / BILLION);
    this.low = Number(time % BILLION);
  }
}
