/** The object graph of the moment: who holds whom. Each object keeps its place for its life. */
import { signal } from "@preact/signals";
import type { JSX } from "preact";
import { useMemo } from "preact/hooks";
import { isKind, kinds } from "../../../events/kinds/index.js";
import type { GraphEdge, GraphNode } from "../../export/graph.js";
import { KINDS } from "../engine/survey.js";
import { placesOf } from "../model/places.js";
import type { Survey } from "../protocol.js";
import { select, type Side } from "./store.js";
import { text } from "./text.js";

const WIDTH = 136;
const LINE = 13;
const GAP_X = 38;
const GAP_Y = 10;
const HEIGHT = 3 * LINE + 8;
/** Holders stand to the left of what they hold; a node that is no object is a holder. */
const columnOf = (kind: string): number => (isKind(kind) ? kinds[kind].drawn.column : 0);
/** True: scaled to the available room; false: full size. */
const fits = signal(true);

/** Least share of full size at which words stay legible; a graph that does not fit at it is scrolled. */
const LEGIBLE = 0.6;

/** Most rows of a graph before it is closed up. */
const ROWS = 12;

interface Placed {
  readonly node: GraphNode;
  readonly x: number;
  readonly y: number;
}

export function ObjectGraph({
  of,
  label = "object graph",
}: {
  readonly of: Side;
  readonly label?: string;
}): JSX.Element {
  const moment = of.moment.value;
  const survey = of.survey.value;
  const places = useMemo(() => survey && placeByObject(survey), [survey]);
  const graph = moment?.graph;
  const placed = useMemo(() => (graph ? placeAll(graph.nodes, places) : []), [graph, places]);
  const changed = new Set<number | string>(moment?.changed.map(({ id }) => id));
  const byId = new Map(placed.map((one) => [one.node.id, one]));
  const width = Math.max(300, ...placed.map(({ x }) => x + WIDTH + 8));
  const height = Math.max(80, ...placed.map(({ y }) => y + HEIGHT + 8));
  return (
    <section class="panel graph" aria-label={label}>
      <h2>
        Who holds whom <span class="dim">{moment ? `after event ${moment.event}` : ""}</span>{" "}
        <label class="tool">
          <input type="checkbox" checked={fits.value} onChange={(e) => (fits.value = e.currentTarget.checked)} /> fit
        </label>
      </h2>
      {moment && placed.length === 0 && (
        <p class="dim">
          {moment.state.objects.length === 0 ? "nothing of guest_memfd lives here" : "too many objects to draw"}
        </p>
      )}
      <div class="scroll" tabIndex={0} role="group" aria-label="graph">
        <svg
          {...(fits.value
            ? {
                width: "100%",
                height: "100%",
                preserveAspectRatio: "xMinYMin meet",
                style: {
                  maxWidth: `${width}px`,
                  maxHeight: `${height}px`,
                  minWidth: `${width * 0.5}px`,
                  minHeight: `${height * LEGIBLE}px`,
                },
              }
            : { width, height })}
          viewBox={`0 0 ${width} ${height}`}
          role="group"
          aria-label={`${placed.length} objects, ${graph?.edges.length ?? 0} references and pointers`}
        >
          <defs>
            <marker
              id="tip"
              viewBox="0 0 8 8"
              refX="7"
              refY="4"
              markerWidth="7"
              markerHeight="7"
              orient="auto-start-reverse"
            >
              <path d="M0 0L8 4L0 8z" class="tip" />
            </marker>
          </defs>
          {graph?.edges.map((edge, k) => (
            <Edge key={k} edge={edge} from={byId.get(edge.from)} to={byId.get(edge.to)} />
          ))}
          {placed.map((one) => (
            <Node key={one.node.key} of={of} placed={one} changed={changed.has(one.node.key)} />
          ))}
        </svg>
      </div>
    </section>
  );
}

function placeByObject({ lanes }: Survey): Map<number, number> {
  const places = placesOf(lanes, (kind) => columnOf(KINDS[kind]!));
  const byObject = new Map<number, number>();
  for (let k = 0; k < lanes.length; k++) byObject.set(lanes.id[k]!, places[k]!);
  return byObject;
}

/** Places the nodes; one without a lane of its own (a call, a file system's type) takes a free place. */
function placeAll(nodes: readonly GraphNode[], places: ReadonlyMap<number, number> | undefined): Placed[] {
  const taken = new Set<string>();
  const used = new Set<number>();
  const wanted = nodes.map((node) => {
    const column = columnOf(node.kind);
    used.add(column);
    return { node, column, place: typeof node.key === "number" ? places?.get(node.key) : undefined };
  });
  for (const { column, place } of wanted) if (place !== undefined) taken.add(`${column} ${place}`);
  const columns = [...used].sort((a, b) => a - b);
  const rows = wanted.map(({ column, place }) => {
    let row = place ?? 0;
    if (place !== undefined) return row;
    while (taken.has(`${column} ${row}`)) row++;
    taken.add(`${column} ${row}`);
    return row;
  });
  return wanted.map(({ node, column }, k) => {
    // If hundreds lived at once, the remaining ones would stand far apart: they close up, in their order.
    const isSparse = Math.max(...rows) > ROWS;
    const row = isSparse
      ? wanted.filter((other, n) => other.column === column && rows[n]! < rows[k]!).length
      : rows[k]!;
    return { node, x: 8 + columns.indexOf(column) * (WIDTH + GAP_X), y: 8 + row * (HEIGHT + GAP_Y) };
  });
}

function Node({
  of,
  placed: { node, x, y },
  changed,
}: {
  readonly of: Side;
  readonly placed: Placed;
  readonly changed: boolean;
}): JSX.Element {
  const id = typeof node.key === "number" ? node.key : 0;
  const isSelected = id !== 0 && of.selected.value === id;
  const choose = (): void => select(of, isSelected ? 0 : id);
  const [title = "", ...rest] = node.lines.map(text);
  const onKey = (e: KeyboardEvent): void => {
    if (e.key !== "Enter" && e.key !== " ") return;
    e.preventDefault();
    choose();
  };
  // Screen readers hear what is visible, so that spoken commands match. The space separates the words of two lines.
  const words = (of: readonly string[]): string => `${of.join(", ")}${changed ? ", changed" : ""}`;
  return (
    <g
      class={`node ${node.kind}${isSelected ? " chosen" : ""}${changed ? " now" : ""}`}
      transform={`translate(${x} ${y})`}
      {...(id === 0
        ? { role: "img" as const }
        : { role: "button" as const, tabindex: 0, "aria-pressed": isSelected, onClick: choose, onKeyDown: onKey })}
      aria-label={words(node.lines.map((line) => shortened(text(line))))}
    >
      <title>{words(node.lines.map(text))}</title>
      <rect width={WIDTH} height={HEIGHT} rx={4} />
      <text x={6} y={14} class="title">
        {`${shortened(title)} `}
      </text>
      {rest.slice(0, 2).map((line, k) => (
        <text key={k} x={6} y={14 + (k + 1) * LINE}>
          {`${shortened(line)} `}
        </text>
      ))}
    </g>
  );
}

const LETTERS = 19;
/** Shortens an address to its end, which distinguishes it from others. */
function shortened(line: string): string {
  const short = line.replace(/0x[0-9a-f]{8,}([0-9a-f]{6})/, "…$1");
  return short.length > LETTERS ? `${short.slice(0, LETTERS - 1)}…` : short;
}

function Edge({
  edge,
  from,
  to,
}: {
  readonly edge: GraphEdge;
  readonly from: Placed | undefined;
  readonly to: Placed | undefined;
}): JSX.Element | null {
  if (!from || !to) return null;
  const [left, right] = from.x <= to.x ? [from.x + WIDTH, to.x] : [from.x, to.x + WIDTH];
  // Keeps a pointer from hiding a reference in the opposite direction.
  const aside = edge.holds ? -4 : 5;
  const [a, b] = [from.y + HEIGHT / 2 + aside, to.y + HEIGHT / 2 + aside];
  const bend = from.x === to.x ? GAP_X * 0.8 : (right - left) / 2;
  const path =
    from.x === to.x
      ? `M${from.x + WIDTH} ${a}C${from.x + WIDTH + bend} ${a} ${from.x + WIDTH + bend} ${b} ${from.x + WIDTH} ${b}`
      : `M${left} ${a}C${left + bend} ${a} ${right - bend} ${b} ${right} ${b}`;
  return (
    <path class={edge.holds ? "edge" : "edge pointer"} d={path} marker-end="url(#tip)">
      <title>{text(edge.label)}</title>
    </path>
  );
}
