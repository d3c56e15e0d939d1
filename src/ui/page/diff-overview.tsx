/** Both recordings from beginning to end, with marks where they differ. */
import type { JSX } from "preact";
import { useMemo } from "preact/hooks";
import { type OverviewMark, overviewOf, nearest, placeOf } from "../model/diff-overview.js";
import { anchors, choose, chosen, document } from "./diff-store.js";
import type { Side } from "./store.js";

/** Units of the drawing, which stretches to the available width. */
const WIDTH = 600;
const HEIGHT = 48;
const CLASSES: { readonly [mark in OverviewMark["mark"]]: string } = {
  "+": "plus",
  "-": "minus",
  "~": "tilde",
  "!": "minus",
};
/** Vertical extent of a mark, from the recording above to the one below; a call of only one stays on its own line. */
const SPAN: { readonly [mark in OverviewMark["mark"]]: readonly [from: number, to: number] } = {
  "+": [HEIGHT - 16, HEIGHT],
  "-": [0, 16],
  "~": [0, HEIGHT],
  "!": [0, HEIGHT],
};

export function Overview({ before, after }: { readonly before: Side; readonly after: Side }): JSX.Element {
  const ends = [before.log.events, after.log.events] as const;
  const marks = useMemo(
    () => overviewOf(document.value.differences, anchors.value, ends, WIDTH / 2),
    [document.value, anchors.value, ...ends],
  );
  const now = chosen.value && placeOf(chosen.value.difference, anchors.value, ends);
  const onClick = ({ clientX, clientY, currentTarget }: MouseEvent): void => {
    const { left, top, width, height } = (currentTarget as Element).getBoundingClientRect();
    const mark = nearest(marks, clientY < top + height / 2 ? "before" : "after", (clientX - left) / width);
    if (mark) choose(mark.difference);
  };
  return (
    <figure class="overview">
      <svg
        viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
        preserveAspectRatio="none"
        role="img"
        aria-label={`where the recordings differ: ${marks.length} places`}
        onClick={onClick}
      >
        <rect class="run" x={0} y={0} width={WIDTH} height={16} />
        <rect class="run" x={0} y={HEIGHT - 16} width={WIDTH} height={16} />
        {marks.map(({ before: x, after: y, mark, difference }) => (
          <path key={difference} class={CLASSES[mark]} d={path(x, y, SPAN[mark])} />
        ))}
        {now && <path class="now" d={path(now[0], now[1], [0, HEIGHT])} />}
      </svg>
      <figcaption class="dim">before above, after below, from beginning to end; click to go there</figcaption>
    </figure>
  );
}

function path(before: number, after: number, [from, to]: readonly [from: number, to: number]): string {
  const [x, y] = [before * WIDTH, after * WIDTH];
  if (to <= 16) return `M${x} ${from}V${to}`;
  if (from >= HEIGHT - 16) return `M${y} ${from}V${to}`;
  return `M${x} 0V16L${y} ${HEIGHT - 16}V${HEIGHT}`;
}
