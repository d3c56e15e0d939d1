/**
 * A report as a picture: the lives of objects along the events of the recording, their holders, and the places of the
 * findings. Text is text, shapes and words repeat what colours say, and the number of elements is bounded.
 */
import { scaleLinear } from "d3-scale";
import { plural, wrap } from "../base/text.js";
import { traceLine } from "../show/summary.js";
import { type Entry, isError, type Problem, type RecordingEntry } from "./model.js";
import { nothingWrong } from "./nothing-wrong.js";
import type { Holding, Life, Timeline } from "./timeline.js";
import { attributes, xmlText } from "./xml.js";

const WIDTH = 1200;
const LEFT = 250;
const RIGHT = WIDTH - 30;
const LINE = 16;
/** Most rows of references below one object; further references are counted. */
const ROWS = 4;
/** Most problems marked and described; further ones are counted. */
const PROBLEMS = 40;
const WORDS = 150;
/** Most characters of a name, and the width of one in pixels. */
const NAME = 34;
const CHARACTER = 6.8;
/** Narrower holdings cannot be seen. */
const NARROW = 3;
const TICKS = 8;

interface Palette {
  readonly paper: string;
  readonly ink: string;
  readonly dim: string;
  readonly line: string;
  readonly life: string;
  readonly held: string;
  readonly error: string;
  readonly hazard: string;
}

const LIGHT: Palette = {
  paper: "#fff",
  ink: "#1a1a1a",
  dim: "#595959",
  line: "#ddd",
  life: "#dbe7f5",
  held: "#efefef",
  error: "#b00020",
  hazard: "#8a5a00",
};
const DARK: Palette = {
  paper: "#16181c",
  ink: "#e6e6e6",
  dim: "#a8a8a8",
  line: "#3a3d44",
  life: "#27384d",
  held: "#2b2d33",
  error: "#ff8a8a",
  hazard: "#f0c060",
};

/** Written out for viewers that show SVG but no CSS variables. */
const colours = ({
  paper,
  ink,
  dim,
  line,
  life,
  held,
  error,
  hazard,
}: Palette): string => `svg { background: ${paper}; }
.paper { fill: ${paper}; }
text { fill: ${ink}; }
.dim { fill: ${dim}; }
.grid { stroke: ${line}; }
.life { fill: ${life}; stroke: ${ink}; }
.held, .others { fill: ${held}; stroke: ${dim}; }
.leaked { stroke: ${error}; }
.error { fill: ${error}; }
.hazard { stroke: ${hazard}; }`;

const STYLE = `
svg { font: 11px ui-monospace, Menlo, Consolas, "DejaVu Sans Mono", monospace; }
.head { font-weight: bold; font-size: 12px; }
.held { stroke-width: .5; }
.leaked { fill: none; stroke-width: 2; stroke-dasharray: 5 3; }
.hazard { fill: none; stroke-width: 2; }
${colours(LIGHT)}
@media (prefers-color-scheme: dark) {
${colours(DARK)}
}
`;

/**
 * The report as a picture: a timeline of the lives of objects and of their holders. In pieces; the entries must have
 * their timelines.
 */
export async function* svgReport(entries: AsyncIterable<Entry>): AsyncGenerator<string> {
  const page = new Page();
  const titles: string[] = [];
  for await (const entry of entries) {
    titles.push(
      entry.kind === "unread"
        ? entry.path
        : entry.kind === "comparison"
          ? `${entry.before.trace.path} → ${entry.after.trace.path}`
          : entry.trace.path,
    );
    draw(page, entry);
  }
  const height = page.y + LINE;
  yield `<svg xmlns="http://www.w3.org/2000/svg"${attributes({ viewBox: `0 0 ${WIDTH} ${height}`, width: WIDTH, height, role: "img" })}>\n<title>kreel: ${xmlText(titles.join(", "))}</title>\n<style>${STYLE}</style>\n<rect width="100%" height="100%" class="paper"/>\n`;
  yield* page.pieces;
  yield "</svg>\n";
}

/** Everything drawn so far, and the position of the next. */
class Page {
  readonly pieces: string[] = [];
  y = 8;

  text(
    x: number,
    text: string,
    as: { readonly class?: string; readonly anchor?: string; readonly y?: number } = {},
  ): void {
    this.pieces.push(
      `<text${attributes({ x: round(x), y: round(as.y ?? this.y), class: as.class, "text-anchor": as.anchor })}>${xmlText(text)}</text>\n`,
    );
  }

  element(name: string, values: Parameters<typeof attributes>[0], title?: string): void {
    this.pieces.push(
      title === undefined
        ? `<${name}${attributes(values)}/>\n`
        : `<${name}${attributes(values)}><title>${xmlText(title)}</title></${name}>\n`,
    );
  }

  line(text: string, as: { readonly class?: string; readonly x?: number } = {}): void {
    this.y += LINE;
    this.text(as.x ?? 10, text, as);
  }
}

const round = (n: number): number => Math.round(n * 10) / 10;
const short = (text: string, most: number): string =>
  text.length <= most ? text : `${text.slice(0, Math.max(0, most - 1))}…`;

function draw(page: Page, entry: Entry): void {
  switch (entry.kind) {
    case "unread":
      page.line(short(`${entry.path}: not read: ${entry.what}`, WORDS), { class: "head" });
      return;
    case "recording":
      drawRecording(page, entry, "");
      return;
    case "comparison":
      drawRecording(page, entry.before, "before: ");
      page.y += LINE;
      drawRecording(page, entry.after, "after: ");
      page.line(`${plural(entry.diff.differences.length, "difference")} between the two`);
  }
}

function drawRecording(page: Page, { trace, problems, timeline }: RecordingEntry, which: string): void {
  page.line(short(`${which}${traceLine(trace)}`, WORDS), { class: "head" });
  const marked = problems.slice(0, PROBLEMS);
  if (timeline) drawTimeline(page, timeline, marked, trace.events);
  else page.line("The recording could be read only once: its objects are not drawn.", { class: "dim" });
  for (const [k, problem] of marked.entries()) drawWords(page, problem, k + 1);
  if (problems.length > marked.length)
    page.line(
      `and ${plural(problems.length - marked.length, "more problem")}, which ${problems.length - marked.length === 1 ? "is" : "are"} not drawn`,
      { class: "dim" },
    );
  if (problems.length === 0) page.line(nothingWrong(trace));
}

function drawTimeline(page: Page, timeline: Timeline, problems: readonly Problem[], events: number): void {
  const scale = scaleLinear([1, Math.max(2, events)], [LEFT, RIGHT]);
  const x = (event: number): number => round(scale(event));
  const top = (page.y += LINE * 2);
  const grid = page.pieces.length;
  const ticks = scale.ticks(TICKS).filter(Number.isInteger);
  for (const tick of ticks) {
    page.text(x(tick), `event ${tick}`, { class: "dim", anchor: "middle", y: top - LINE });
    page.text(x(tick), timeAt(timeline, tick), { class: "dim", anchor: "middle", y: top - 3 });
  }
  page.y += 4;
  for (const life of timeline.lives) drawLife(page, life, problems, x);
  for (const [kind, count] of timeline.others) drawOthers(page, kind, count, timeline, x);
  const bottom = page.y + 6;
  page.line(
    "bar: from birth to death (← before, → after the recording); below it who held a reference; +N: references too short to be seen, or too many; dashes: never put",
    { class: "dim" },
  );
  const lines = ticks.map(
    (tick) => `<line${attributes({ x1: x(tick), x2: x(tick), y1: top, y2: bottom, class: "grid" })}/>\n`,
  );
  page.pieces.splice(grid, 0, ...lines);
}

function timeAt({ samples }: Timeline, event: number): string {
  return (samples.findLast((s) => s.event <= event) ?? samples[0])?.time ?? "";
}

function drawLife(page: Page, life: Life, problems: readonly Problem[], x: (event: number) => number): void {
  const { label, from, to, early } = life;
  page.y += LINE + 4;
  const own = problems
    .map((problem, k) => ({ problem, number: k + 1 }))
    .filter(({ problem }) => problem.finding.object === label);
  const end = to === undefined ? RIGHT : x(to);
  const begin = early ? LEFT : x(from);
  const story = `${label}: ${early ? "there before the recording" : `from event ${from}`}, ${to === undefined ? "still there at its end" : `to event ${to}`}`;
  page.text(10, short(label, NAME));
  page.element(
    "rect",
    { x: begin, y: page.y - 11, width: Math.max(1, round(end - begin)), height: 14, rx: 2, class: "life" },
    story,
  );
  if (to === undefined) page.text(RIGHT + 3, "→");
  for (const { problem, number } of own) drawMark(page, problem, number, x);
  const rows = placed(life.holdings, x);
  const hidden = life.more + rows.hidden;
  const beside = `${hidden > 0 ? `+${hidden}` : ""}${early ? " ←" : ""}`.trim();
  if (beside !== "") page.text(LEFT - 4, beside, { class: "dim", anchor: "end" });
  for (const { holding, row } of rows.placed)
    drawHolding(
      page,
      holding,
      page.y + 6 + row * 12,
      own.map(({ problem }) => problem),
      x,
    );
  page.y += rows.count * 12 + (rows.count > 0 ? 4 : 0);
}

/** Places each holding that is wide enough in the first row where it overlaps nothing. */
function placed(
  holdings: readonly Holding[],
  x: (event: number) => number,
): {
  readonly placed: readonly { readonly holding: Holding; readonly row: number }[];
  readonly count: number;
  readonly hidden: number;
} {
  const ends: number[] = [];
  const found: { holding: Holding; row: number }[] = [];
  for (const holding of [...holdings].sort((a, b) => a.from - b.from)) {
    const begin = x(holding.from);
    if (holding.to !== undefined && x(holding.to) - begin < NARROW) continue;
    let row = ends.findIndex((end) => end < begin);
    if (row < 0) row = ends.length;
    if (row >= ROWS) continue;
    ends[row] = (holding.to === undefined ? RIGHT : x(holding.to)) + 1;
    found.push({ holding, row });
  }
  return { placed: found, count: ends.length, hidden: holdings.length - found.length };
}

function drawHolding(
  page: Page,
  holding: Holding,
  y: number,
  problems: readonly Problem[],
  x: (event: number) => number,
): void {
  const { owner, taken, by, from, to } = holding;
  const begin = x(from);
  const width = Math.max(1, round((to === undefined ? RIGHT : x(to)) - begin));
  const leaked = to === undefined && problems.some(({ finding }) => finding.unreturned?.event === taken);
  const words = `${leaked ? "never put: " : ""}${owner}, by ${by} at event ${taken}`;
  page.element("rect", { x: begin, y, width, height: 11, class: leaked ? "leaked" : "held" }, words);
  const room = Math.floor((width - 4) / CHARACTER);
  if (room >= 6) page.text(begin + 3, short(words, room), { class: "dim", y: y + 9 });
}

/** A filled diamond is an error, a hollow triangle a hazard; the number is that of the words below. */
function drawMark(page: Page, problem: Problem, number: number, x: (event: number) => number): void {
  const at = x(problem.finding.event);
  const y = page.y - 4;
  const path = isError(problem) ? `M${at} ${y - 8}l6 8l-6 8l-6 -8z` : `M${at} ${y - 7}l7 13h-14z`;
  page.element(
    "path",
    { d: path, class: isError(problem) ? "error" : "hazard" },
    `${number}: ${problem.finding.rule} at event ${problem.finding.event}`,
  );
  page.text(at + 8, String(number), { y: y - 2 });
}

function drawWords(page: Page, { finding, times, state }: Problem, number: number): void {
  const head = `${number} ${finding.severity === "error" ? "◆ error" : "△ hazard"}${state === undefined ? "" : ` (${state})`}: ${finding.rule}, event ${finding.event}${finding.line === undefined ? "" : `, line ${finding.line}`}${times > 1 ? `, ${times} times` : ""}`;
  page.y += 6;
  page.line(head, { class: "head" });
  for (const line of wrap(finding.message, WORDS).slice(0, 4)) page.line(short(line, WORDS), { x: 24 });
}

/** Draws how many of the objects without a life of their own were alive. */
function drawOthers(
  page: Page,
  kind: string,
  count: number,
  { samples }: Timeline,
  x: (event: number) => number,
): void {
  page.y += LINE + 12;
  const most = Math.max(1, ...samples.map((s) => s.others[kind as keyof typeof s.others] ?? 0));
  const base = page.y + 3;
  const height = (n: number): number => round(base - (20 * n) / most);
  const points = samples.map((s) => `L${x(s.event)} ${height(s.others[kind as keyof typeof s.others] ?? 0)}`);
  page.text(10, short(`and ${count} more: ${kind}`, NAME));
  page.element(
    "path",
    {
      d: `M${LEFT} ${base}${points.join("")}L${samples.length > 0 ? x(samples.at(-1)!.event) : LEFT} ${base}z`,
      class: "others",
    },
    `how many of ${count} were alive, at most ${most} at a time`,
  );
}
