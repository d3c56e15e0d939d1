/** Draws the visible part of a timeline. Spans narrower than a pixel are drawn once for all that share it. */
import { scaleLinear } from "d3-scale";
import { printable } from "../../../base/trouble.js";
import { KINDS } from "../../engine/survey.js";
import type { Axis, Range } from "../../model/axis.js";
import { firstEnding, HOLDING_HEIGHT, type HoldingLines, LINES, type Row, TRACK_HEIGHT } from "../../model/rows.js";
import type { Survey } from "../../protocol.js";
import type { Colours } from "./colours.js";

/** Heights of the ruler, the markers, and the findings above the rows. */
export const RULER = 20;
export const MARKERS = 16;
export const MARKS = 16;
export const HEAD = RULER + MARKERS + MARKS;

export interface Picture {
  readonly survey: Survey;
  readonly axis: Axis;
  readonly isTime: boolean;
  readonly range: Range;
  /** The rows that may be visible, and how far they are scrolled up. */
  readonly rows: readonly Row[];
  readonly scroll: number;
  readonly lines: HoldingLines;
  /** Lane by object id, for the owners of references. */
  readonly laneOf: ReadonlyMap<number, number>;
  readonly now: number;
  readonly selected: number;
  readonly width: number;
  readonly height: number;
  readonly colours: Colours;
}

/** Maps an event to a place across the picture. */
export function across({ axis, range, width }: Pick<Picture, "axis" | "range" | "width">): (event: number) => number {
  const [from, to] = [axis.at(range.from), axis.at(range.to)];
  const scale = to > from ? width / (to - from) : 0;
  return (event) => (axis.at(event) - from) * scale;
}

/** Maps a place across the picture to an event, not a whole number. */
export function eventAcross({ axis, range, width }: Pick<Picture, "axis" | "range" | "width">, x: number): number {
  const [from, to] = [axis.at(range.from), axis.at(range.to)];
  return axis.eventAt(from + ((to - from) * x) / Math.max(1, width));
}

const FONT = "11px ui-monospace, SFMono-Regular, Menlo, Consolas, monospace";
const SMALL = "8px ui-monospace, monospace";
/** Approximate width of a letter of `FONT` in pixels. */
const LETTER = 6.7;

export function draw(g: CanvasRenderingContext2D, picture: Picture): void {
  const { width, height, colours, rows, scroll } = picture;
  g.font = FONT;
  g.textBaseline = "middle";
  g.fillStyle = colours.ground;
  g.fillRect(0, 0, width, height);
  g.save();
  g.beginPath();
  g.rect(0, HEAD, width, height - HEAD);
  g.clip();
  for (const row of rows) {
    const top = HEAD + row.top - scroll;
    if (row.kind === "track") drawTrack(g, picture, row.index, top);
    else drawLane(g, picture, row.index, top, row.height);
  }
  g.restore();
  drawUnread(g, picture);
  drawRuler(g, picture);
  drawMarkers(g, picture);
  drawFindings(g, picture);
  drawNow(g, picture);
}

/** The part of `text` that fits; empty if it would be too short to read. */
function fitting(text: string, width: number): string {
  const letters = Math.floor((width - 4) / LETTER);
  if (letters >= text.length) return text;
  return letters < 4 ? "" : `${text.slice(0, letters - 1)}…`;
}

function drawTrack(g: CanvasRenderingContext2D, picture: Picture, track: number, top: number): void {
  const { survey, range, colours, width } = picture;
  const { start, end, depth } = survey.tracks[track]!;
  const { name, from, to, failed } = survey.calls;
  const x = across(picture);
  const fill = depth % 2 === 0 ? colours.call : colours.row;
  let drawn = -1;
  for (let k = firstEnding(to, start, end, range.from); k < end && from[k]! <= range.to; ) {
    const left = Math.max(-1, x(from[k]!));
    const right = Math.min(width + 1, to[k] === 0 ? width + 1 : x(to[k]! + 0.8));
    const wide = Math.max(1, right - left);
    if (right > drawn) {
      g.fillStyle = failed[k] ? colours.failed : fill;
      g.fillRect(left, top + 1, wide > 3 ? wide - 0.5 : wide, TRACK_HEIGHT - 2);
      drawn = Math.max(drawn, left + 1);
      const words = wide > 30 ? fitting(`${failed[k] ? "✖ " : ""}${survey.names[name[k]!]!}`, wide) : "";
      if (words !== "") {
        g.fillStyle = colours.text;
        g.fillText(words, Math.max(0, left) + 2, top + TRACK_HEIGHT / 2 + 0.5);
      }
    }
    // Skips to the next span that reaches into another pixel.
    k =
      wide > 1
        ? k + 1
        : Math.max(k + 1, firstEnding(to, k + 1, end, Math.floor(eventAcross(picture, Math.floor(left) + 1))));
  }
}

function drawLane(g: CanvasRenderingContext2D, picture: Picture, lane: number, top: number, height: number): void {
  const { survey, colours, width, selected, lines } = picture;
  const { lanes } = survey;
  const x = across(picture);
  if (lanes.id[lane] === selected) {
    g.fillStyle = colours.row;
    g.fillRect(0, top, width, height);
  }
  const left = Math.max(-2, x(lanes.from[lane]!));
  const right = Math.min(width + 2, lanes.to[lane] === 0 ? width + 2 : x(lanes.to[lane]!));
  g.fillStyle = colours.kinds[KINDS[lanes.kind[lane]!]!]!;
  g.fillRect(left, top + 2, Math.max(1.5, right - left), 4);
  // Births and deaths within the recording are vertical bars; lives that are older, or go on, run to the edge.
  if (!lanes.early[lane] && left >= 0) g.fillRect(left, top, 1.5, height - 2);
  if (lanes.to[lane] !== 0 && right <= width) g.fillRect(right - 1.5, top, 1.5, height - 2);
  for (let line = 0; line < lines.lines[lane]!; line++)
    drawHoldings(g, picture, lane, line, top + 8 + line * HOLDING_HEIGHT);
}

function drawHoldings(g: CanvasRenderingContext2D, picture: Picture, lane: number, line: number, y: number): void {
  const { survey, colours, width, lines, range } = picture;
  const { lanes, holdings, names } = survey;
  const x = across(picture);
  const [start, end] = [lines.start[lane * LINES + line]!, lines.start[lane * LINES + line + 1]!];
  const gone = lanes.to[lane] || Infinity;
  for (let at = firstEnding(lines.reach, start, end, range.from); at < end; ) {
    const k = lines.order[at]!;
    if (holdings.from[k]! > range.to) break;
    const a = Math.max(-2, x(holdings.from[k]!));
    const to = holdings.to[k] || gone;
    const b = to > range.to ? width + 2 : x(to);
    const wide = Math.max(1, b - a);
    const owner = holdings.owner[k]!;
    const kind = ownerKind(picture, owner);
    g.fillStyle = colours.kinds[kind]!;
    // A reference of an untraced caller is a thin line, so that it is distinct without colour.
    if (kind === "unseen") g.fillRect(a, y + HOLDING_HEIGHT / 2 - 1, wide, 1);
    else g.fillRect(a, y, wide > 3 ? wide - 0.5 : wide, HOLDING_HEIGHT - (kind === "call" ? 4 : 2));
    if (wide > 60 && kind !== "unseen") {
      const words = fitting(kind === "call" ? names[holdings.call[k]!]! : ownerName(picture, owner), wide);
      g.fillStyle = colours.text;
      g.font = SMALL;
      if (words !== "") {
        // The bar is thinner than its words, which get an outline.
        g.strokeStyle = colours.ground;
        g.lineWidth = 3;
        g.strokeText(words, Math.max(0, a) + 2, y + 2.5);
        g.fillText(words, Math.max(0, a) + 2, y + 2.5);
      }
      g.font = FONT;
    }
    // Skips to the next holding that reaches into another pixel.
    at =
      wide > 1
        ? at + 1
        : Math.max(at + 1, firstEnding(lines.reach, at + 1, end, Math.floor(eventAcross(picture, Math.floor(a) + 1))));
  }
}

function ownerKind({ survey: { lanes }, laneOf }: Picture, owner: number): string {
  if (owner <= 0) return owner < 0 ? "call" : "unseen";
  const lane = laneOf.get(owner);
  return lane === undefined ? "unseen" : KINDS[lanes.kind[lane]!]!;
}

function ownerName({ survey: { lanes }, laneOf }: Picture, owner: number): string {
  const lane = laneOf.get(owner);
  return lane === undefined ? "" : printable(lanes.name[lane] || lanes.label[lane]!);
}

/** Covers the part that is still being read. */
function drawUnread(g: CanvasRenderingContext2D, picture: Picture): void {
  const { survey, width, height, colours } = picture;
  if (survey.read >= survey.events) return;
  const at = Math.max(0, across(picture)(survey.read));
  g.fillStyle = colours.row;
  g.fillRect(at, HEAD, width - at, height - HEAD);
  g.fillStyle = colours.dim;
  if (width - at > 100) g.fillText("reading …", at + 10, HEAD + 20);
}

function drawRuler(g: CanvasRenderingContext2D, picture: Picture): void {
  const { axis, range, width, height, colours, isTime } = picture;
  const [from, to] = [axis.at(range.from), axis.at(range.to)];
  const scale = scaleLinear().domain([from, to]).range([0, width]);
  const ticks = scale.ticks(Math.max(2, Math.floor(width / 110)));
  const format = scale.tickFormat(Math.max(2, Math.floor(width / 110)), isTime ? undefined : ",.0f");
  g.fillStyle = colours.ground;
  g.fillRect(0, 0, width, RULER);
  for (const tick of ticks) {
    if (!isTime && !Number.isInteger(tick)) continue;
    const at = Math.round(scale(tick)) + 0.5;
    g.fillStyle = colours.line;
    g.fillRect(at, RULER - 5, 1, height);
    g.fillStyle = colours.dim;
    g.fillText(isTime ? `${format(tick)} s` : format(tick), at + 3, RULER / 2);
  }
}

function drawMarkers(g: CanvasRenderingContext2D, picture: Picture): void {
  const { survey, range, colours, width } = picture;
  const { event, text } = survey.markers;
  const x = across(picture);
  let free = -1;
  for (let k = firstEnding(event, 0, event.length, range.from); k < event.length && event[k]! <= range.to; k++) {
    const at = x(event[k]!);
    if (at < free) continue;
    g.fillStyle = colours.dim;
    g.fillRect(at, RULER, 1, MARKERS);
    const next = k + 1 < event.length ? x(event[k + 1]!) : width;
    const room = Math.max(40, next - at);
    const all = printable(text[k]!);
    // Without room for both, the command matters more than `op: `, which all have.
    const words = fitting(all.length * LETTER + 4 > room ? all.replace(/^(?:op|ret): /, "") : all, room);
    g.fillText(words, at + 3, RULER + MARKERS / 2);
    free = at + Math.max(2, words.length * LETTER);
  }
}

function drawFindings(g: CanvasRenderingContext2D, picture: Picture): void {
  const { survey, range, colours } = picture;
  const x = across(picture);
  const y = RULER + MARKERS + MARKS / 2;
  let drawn = -10;
  for (const { event, severity } of survey.findings) {
    if (event < range.from || event > range.to) continue;
    const at = x(event);
    if (at - drawn < 2) continue;
    drawn = at;
    // Two shapes, so that they are distinct without colour.
    g.fillStyle = severity === "error" ? colours.error : colours.hazard;
    g.fillText(severity === "error" ? "✖" : "▲", at - 4, y);
  }
}

function drawNow(g: CanvasRenderingContext2D, picture: Picture): void {
  const { now, colours, height, width } = picture;
  const at = across(picture)(now);
  if (at < -1 || at > width + 1) return;
  g.fillStyle = colours.now;
  g.fillRect(Math.round(at) - 0.5, RULER, 2, height);
  g.beginPath();
  g.moveTo(at - 5, RULER - 7);
  g.lineTo(at + 6, RULER - 7);
  g.lineTo(at + 0.5, RULER + 1);
  g.fill();
}
