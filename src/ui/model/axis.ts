/** Places events across a picture: evenly by number, or by time. */
import { firstWhere } from "../../base/search.js";
import type { Survey } from "../protocol.js";

export interface Axis {
  /** The place of an event in the axis' own measure; grows with the event. */
  at(event: number): number;
  /** The last event at or before a place; not a whole number. */
  eventAt(place: number): number;
}

export const BY_EVENT: Axis = { at: (event) => event, eventAt: (place) => place };

/** Seconds since the first event; interpolated between two samples of the clock. */
export function byTime({ clock: { stride, seconds }, events }: Pick<Survey, "clock" | "events">): Axis {
  if (seconds.length === 0) return BY_EVENT;
  const eventOf = (k: number): number => k * stride + 1;
  const last = seconds.length - 1;
  return {
    at(event) {
      const k = Math.max(0, Math.min(last, Math.floor((event - 1) / stride)));
      const next = Math.min(last, k + 1);
      const share = next === k ? 0 : Math.max(0, (event - eventOf(k)) / stride);
      return seconds[k]! + (seconds[next]! - seconds[k]!) * share;
    },
    eventAt(place) {
      const low = firstWhere(1, last + 1, (k) => !(seconds[k]! <= place)) - 1;
      const next = Math.min(last, low + 1);
      const span = seconds[next]! - seconds[low]!;
      const share = span > 0 ? (place - seconds[low]!) / span : 0;
      return Math.max(1, Math.min(events, eventOf(low) + Math.max(0, Math.min(1, share)) * stride));
    },
  };
}

/** A part of a recording in events: `from`, and `to` after its end. */
export interface Range {
  readonly from: number;
  readonly to: number;
}

/** Fewest events that a picture shows. */
const NARROWEST = 8;

export function whole(events: number): Range {
  return { from: 0, to: events + 1 };
}

/** Keeps a range within the recording and wide enough to be seen. */
export function bounded({ from, to }: Range, events: number): Range {
  const { to: end } = whole(events);
  const width = Math.min(end, Math.max(Math.min(NARROWEST, end), to - from));
  const start = Math.max(0, Math.min(end - width, from));
  return { from: start, to: start + width };
}

/** Scales the range; a `factor` below 1 zooms in. The event at `centre` stays in place. */
export function zoomed({ from, to }: Range, factor: number, centre: number, events: number): Range {
  return bounded({ from: centre - (centre - from) * factor, to: centre + (to - centre) * factor }, events);
}

/** Returns a range with the event well inside; the same range if it already is. */
export function revealing(range: Range, event: number, events: number): Range {
  const margin = (range.to - range.from) * 0.05;
  if (event >= range.from + margin && event <= range.to - margin) return range;
  const half = (range.to - range.from) / 2;
  return bounded({ from: event - half, to: event + half }, events);
}
