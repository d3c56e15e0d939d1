/**
 * The events of a recording as JSON, one a line: what `kreel export --to ndjson` writes and `NdjsonReader` reads.
 * Lossless: the same events come back, with the numbers and the lines of the recording that they were read from.
 *
 * A line is an object; its first names say what it is:
 * - `{"kreel":"events","version":1,"origin":{"path":…,"format":…},"clock":{"kind":"seconds","digits":6}}`, the first
 *   line. `clock` is `null` where there is no event. `environment` is there where the recording has remarks at its head
 *   (`[{"name":"release","text":"7.2.12"},…]`), `entries` where its header counts those of the buffer
 *   (`{"inBuffer":821,"written":830,"cpus":2}`). Who adds a field need not change the version; who changes the meaning
 *   of one must.
 * - `{"seq":1,"time":"35.846890",…}`, an event, see `EventJson`.
 * - `{"lost":3,"cpu":0,"line":17}`: so many events are missing here; `null` where the recording says only that some
 *   are.
 * - `{"end":{"events":2988,"lost":3,"overrun":0,"uncounted":false}}`, the last line: without it the file was cut off.
 *   What the recording says is missing: by its lines, by its header, and whether it says so without a number.
 *   `arguments`, if events lacked any or had them under other names: see `SavedArguments`.
 *
 * Numbers are JSON numbers as long as a double holds them exactly (up to 2^53 - 1), which nearly all are; those beyond
 * are strings of decimal digits. Addresses are strings, `0xffff888100b08000`. Times are strings with the recording's
 * own digits: seconds where they have a point, ticks of a counter where they have none.
 */
import { CONTEXT_HARDIRQ, CONTEXT_NMI, CONTEXT_SOFTIRQ, CONTEXT_UNKNOWN } from "../../log/batch.js";

export const NDJSON = "events";
export const NDJSON_VERSION = 1;

export interface HeadJson {
  readonly kreel: typeof NDJSON;
  readonly version: number;
  readonly origin: { readonly path: string; readonly format: string };
  readonly clock: { readonly kind: "seconds" | "counter"; readonly digits: number } | null;
  readonly environment?: readonly { readonly name: string; readonly text: string }[];
  readonly entries?: { readonly inBuffer: number; readonly written: number; readonly cpus?: number };
}

/** A value of an event: a number (or its digits), an address or a string; `null` is what the kernel could not read. */
export type ValueJson = number | string | null;

export interface EventJson {
  /** From 1. */
  readonly seq: number;
  readonly time: string;
  /** Digits that the recording printed, where `time` has more. */
  readonly digits?: number;
  readonly cpu: number;
  readonly comm: string;
  /** Its digits, where they are not how a number is written (`007`). */
  readonly pid: number | string;
  /** `null` where the recording does not say. */
  readonly tgid: number | null;
  /** What was interrupted, a name of `CONTEXTS`. */
  readonly context: string;
  /** Of the recording, from 1; 0 where it has none. */
  readonly line: number;
  /** `null` where the recording has none. */
  readonly place: string | null;
  /** The name of the catalogue; of an event that is not in it (phase `unknown`), the event's own. */
  readonly operation: string;
  readonly phase: "entry" | "return" | "unknown";
  /** By name; absent of an unknown event, which has `text`. */
  readonly args?: Readonly<Record<string, ValueJson>>;
  readonly text?: string;
}

/**
 * By the bits of `Batch.context`: `task`, `hardirq`, `hardirq+softirq`, …, `unknown` where the recording does not say.
 */
export const CONTEXTS: readonly string[] = Array.from({ length: 16 }, (_, bits) => {
  const names = [
    [CONTEXT_HARDIRQ, "hardirq"],
    [CONTEXT_SOFTIRQ, "softirq"],
    [CONTEXT_NMI, "nmi"],
    [CONTEXT_UNKNOWN, "unknown"],
  ] as const;
  return names.flatMap(([bit, name]) => ((bits & bit) === 0 ? [] : [name])).join("+") || "task";
});
