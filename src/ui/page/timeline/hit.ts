/**
 * Finds the target under the pointer: the event that a click goes to, the object that it selects, and a description.
 */
import { firstWhere } from "../../../base/search.js";
import { firstEnding, HOLDING_HEIGHT, LINES, type Row } from "../../model/rows.js";
import { eventAcross, HEAD, MARKERS, MARKS, type Picture, RULER } from "./draw.js";

export interface Hit {
  readonly event: number;
  /** Id of the object; 0: none. */
  readonly object: number;
  readonly lines: readonly string[];
}

/** Tolerance of the pointer in pixels. */
const REACH = 6;

export function hitAt(picture: Picture, x: number, y: number): Hit {
  const { range, width, rows, scroll } = picture;
  const at = eventAcross(picture, x);
  const near = ((range.to - range.from) / Math.max(1, width)) * REACH;
  if (y < RULER) return { event: at, object: 0, lines: [] };
  if (y < RULER + MARKERS) return markerAt(picture, at, near);
  if (y < RULER + MARKERS + MARKS) return findingAt(picture, at, near);
  const row = rows.find(({ top, height }) => y - HEAD + scroll >= top && y - HEAD + scroll < top + height);
  if (!row) return { event: at, object: 0, lines: [] };
  return row.kind === "track"
    ? callAt(picture, row.index, at, near)
    : laneAt(picture, row, at, near, y - HEAD + scroll - row.top);
}

function markerAt({ survey: { markers } }: Picture, at: number, near: number): Hit {
  const k = closest(markers.event, at);
  if (k < 0 || Math.abs(markers.event[k]! - at) > near * 10) return { event: at, object: 0, lines: [] };
  return { event: markers.event[k]!, object: 0, lines: [markers.text[k]!, `event ${markers.event[k]!}`] };
}

function findingAt({ survey: { findings, lanes } }: Picture, at: number, near: number): Hit {
  const found = findings.filter(({ event }) => Math.abs(event - at) <= near);
  const [first] = found;
  if (!first) return { event: at, object: 0, lines: [] };
  return {
    event: first.event,
    object: first.lane < 0 ? 0 : lanes.id[first.lane]!,
    lines: found.slice(0, 4).map(({ rule, event, message }) => `${rule}, event ${event}: ${message}`),
  };
}

function callAt({ survey: { tracks, calls, names } }: Picture, track: number, at: number, near: number): Hit {
  const { start, end, task } = tracks[track]!;
  for (let k = firstEnding(calls.to, start, end, Math.floor(at - near)); k < end && calls.from[k]! <= at + near; k++) {
    const [from, to] = [calls.from[k]!, calls.to[k]!];
    const isEnd = to > from && Math.abs(to - at) < near && Math.abs(from - at) > near;
    const until = to === 0 ? "in progress at the end" : to === from ? `event ${from}` : `events ${from} to ${to}`;
    return {
      event: isEnd ? to : from,
      object: 0,
      lines: [`${names[calls.name[k]!]!}${calls.failed[k] ? ", failed" : ""}`, `${until}, ${task}`],
    };
  }
  return { event: at, object: 0, lines: [] };
}

function laneAt(picture: Picture, { index: lane }: Row, at: number, near: number, down: number): Hit {
  const { survey, lines } = picture;
  const { lanes, holdings, names } = survey;
  const object = lanes.id[lane]!;
  const [born, gone] = [lanes.from[lane]!, lanes.to[lane]!];
  const line = Math.floor((down - 8) / HOLDING_HEIGHT);
  if (line >= 0 && line < LINES) {
    const [start, end] = [lines.start[lane * LINES + line]!, lines.start[lane * LINES + line + 1]!];
    for (let n = firstEnding(lines.reach, start, end, at - near); n < end; n++) {
      const k = lines.order[n]!;
      const [from, to] = [holdings.from[k]!, holdings.to[k]! || gone || Infinity];
      if (from > at + near) break;
      if (to < at - near) continue;
      const event = Math.abs(from - at) <= near ? from : Math.abs(to - at) <= near ? to : at;
      return {
        event,
        object,
        lines: [
          lanes.label[lane]!,
          `held by ${ownerOf(picture, k)}: ${names[holdings.by[k]!]!}`,
          to === Infinity ? `since event ${from}, to the end` : `events ${from} to ${to}`,
        ],
      };
    }
  }
  const life = `${lanes.early[lane] ? "older than the recording" : `born at event ${born}`}, ${gone === 0 ? "alive at the end" : `gone at event ${gone}`}`;
  if (at < born - near || (gone !== 0 && at > gone + near)) return { event: at, object, lines: [] };
  const event = Math.abs(born - at) <= near ? born : gone !== 0 && Math.abs(gone - at) <= near ? gone : at;
  return {
    event,
    object,
    lines: [
      `${lanes.label[lane]!}${lanes.name[lane] && !lanes.label[lane]!.includes(lanes.name[lane]!) ? ` ${lanes.name[lane]!}` : ""}`,
      life,
    ],
  };
}

function ownerOf({ survey: { lanes, holdings, names }, laneOf }: Picture, k: number): string {
  const owner = holdings.owner[k]!;
  const call = names[holdings.call[k]!]!;
  if (owner === 0) return `an untraced caller${call === "" ? "" : `, since ${call} is over`}`;
  if (owner < 0) return `${names[holdings.call[k]!] || "a call"} (event ${-owner})`;
  const lane = laneOf.get(owner);
  return lane === undefined ? "an object that has no lane" : lanes.label[lane]!;
}

/** The index of the nearest event; -1 if there is none. */
function closest(events: Float64Array, at: number): number {
  const { length } = events;
  const next = firstWhere(0, length, (k) => events[k]! >= at);
  const isPastOnesNearer = next > 0 && (next === length || at - events[next - 1]! < events[next]! - at);
  return length === 0 ? -1 : isPastOnesNearer ? next - 1 : next;
}
