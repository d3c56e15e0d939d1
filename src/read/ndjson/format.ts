/**
 * The events of a recording as JSON, one a line: the output of `kreel export --to ndjson` and input of `NdjsonReader`.
 * Lossless: it reads back as the same events, with the numbers and the lines of the recording that they were read from.
 *
 * A line is an object; its first names identify it:
 * - `{"kreel":"events","version":1,"origin":{"path":…,"format":…},"clock":{"kind":"seconds","digits":6}}`, the first
 *   line. `clock` is `null` if there is no event. `environment` is present if the recording has remarks at its head
 *   (`[{"name":"release","text":"7.2.12"},…]`), `entries` if its header counts those of the buffer
 *   (`{"inBuffer":821,"written":830,"cpus":2}`). A new field need not change the version; a new meaning of one must.
 * - `{"seq":1,"time":"35.846890",…}`, an event, see `EventJson`.
 * - `{"lost":3,"cpu":0,"line":17}`: so many events are missing here; `null` if the recording does not have their
 *   number.
 * - `{"end":{"events":2988,"lost":3,"overrun":0,"uncounted":false}}`, the last line: without it the file is truncated.
 *   It has the events reported missing by the recording's lines and by its header, and whether some are not counted.
 *   `arguments`, if events lacked any or had them under other names: see `SavedArguments`.
 *
 * Numbers are JSON numbers as long as a double holds them exactly (up to 2^53 - 1), which nearly all are; those beyond
 * are strings of decimal digits. Addresses are strings, `0xffff888100b08000`. Times are strings with the recording's
 * own digits: seconds if they have a point, ticks of a counter if they have none.
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

/** A value of an event: a number (or its digits), an address or a string; `null` if the kernel could not read it. */
export type ValueJson = number | string | null;

export interface EventJson {
  /** From 1. */
  readonly seq: number;
  readonly time: string;
  /** Digits that the recording printed, if `time` has more. */
  readonly digits?: number;
  readonly cpu: number;
  readonly comm: string;
  /** Its digits, if they are not the canonical form of a number (`007`). */
  readonly pid: number | string;
  /** `null` if the recording does not have it. */
  readonly tgid: number | null;
  /** The context in which it ran, a name of `CONTEXTS`. */
  readonly context: string;
  /** Line of the recording, from 1; 0 if it has none. */
  readonly line: number;
  /** `null` if the recording has none. */
  readonly place: string | null;
  /** The name in the catalogue; the event's own for one that is not in it (phase `unknown`). */
  readonly operation: string;
  readonly phase: "entry" | "return" | "unknown";
  /** By name; absent for an unknown event, which has `text`. */
  readonly args?: Readonly<Record<string, ValueJson>>;
  readonly text?: string;
}

/**
 * By the bits of `Batch.context`: `task`, `hardirq`, `hardirq+softirq`, …, `unknown` if the recording does not have it.
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
