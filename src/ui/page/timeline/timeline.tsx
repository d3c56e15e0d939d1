/** The timeline: lanes of objects from birth to death with their holders, below the operations of each task. */
import { signal } from "@preact/signals";
import type { JSX, TargetedPointerEvent } from "preact";
import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { KINDS } from "../../engine/survey.js";
import { BY_EVENT, byTime, zoomed } from "../../model/axis.js";
import { heightOf, holdingLines, laneOrder, type Row, rowsOf, visible } from "../../model/rows.js";
import type { Survey } from "../../protocol.js";
import { seek, select, show, type Side } from "../store.js";
import { text } from "../text.js";
import { coloursOf } from "./colours.js";
import { draw, eventAcross, HEAD, type Picture, RULER } from "./draw.js";
import { hitAt } from "./hit.js";

const axisIsTime = signal(false);
const onlyVisible = signal(true);
const hidden = signal<ReadonlySet<number>>(new Set());

const TALLEST = 5_000_000;
/** Width of the scroll bar in pixels. */
const BAR = 14;
/** Pixels that a press may move and still be a click. */
const CLICK = 4;

export function Timeline({ of }: { readonly of: Side }): JSX.Element {
  const survey = of.survey.value;
  return (
    <section class="timeline" aria-label="timeline">
      {survey ? (
        <Lanes of={of} survey={survey} />
      ) : (
        <progress max={of.log.events} value={of.progress.value} aria-label="events read" />
      )}
    </section>
  );
}

function useModel(survey: Survey) {
  return useMemo(() => {
    const laneOf = new Map<number, number>();
    for (let k = 0; k < survey.lanes.length; k++) laneOf.set(survey.lanes.id[k]!, k);
    return {
      order: laneOrder(survey.lanes),
      lines: holdingLines(survey.lanes, survey.holdings),
      time: byTime(survey),
      laneOf,
    };
  }, [survey]);
}

function Lanes({ of, survey }: { readonly of: Side; readonly survey: Survey }): JSX.Element {
  const model = useModel(survey);
  const canvas = useRef<HTMLCanvasElement>(null);
  const box = useRef<HTMLDivElement>(null);
  const [size, setSize] = useState({ width: 0, height: 0 });
  const [scroll, setScroll] = useState(0);
  const [theme, setTheme] = useState(0);
  const range = of.range.value;
  const axis = axisIsTime.value ? model.time : BY_EVENT;
  const rows = useMemo(
    () =>
      rowsOf(survey, model.order, model.lines, {
        ...(onlyVisible.value ? { within: range } : {}),
        hidden: hidden.value,
      }),
    [survey, onlyVisible.value, onlyVisible.value ? range : undefined, hidden.value],
  );
  const full = heightOf(rows);
  const room = Math.max(0, size.height - HEAD);
  const top = Math.max(0, Math.min(scroll, full - room));
  const shown = visible(rows, top, top + room);

  useEffect(() => {
    const element = box.current!;
    const observer = new ResizeObserver(() =>
      setSize({ width: Math.max(0, element.clientWidth - BAR), height: element.clientHeight }),
    );
    observer.observe(element);
    const media = matchMedia("(prefers-color-scheme: dark)");
    const changed = (): void => setTheme((n) => n + 1);
    media.addEventListener("change", changed);
    return () => (observer.disconnect(), media.removeEventListener("change", changed));
  }, []);

  const colours = useMemo(() => (canvas.current ? coloursOf(canvas.current) : undefined), [theme, size.width]);
  const picture: Picture | undefined = colours && {
    survey,
    axis,
    isTime: axisIsTime.value,
    range,
    rows: shown,
    scroll: top,
    lines: model.lines,
    laneOf: model.laneOf,
    now: of.event.value,
    selected: of.selected.value,
    width: size.width,
    height: size.height,
    colours,
  };
  usePainting(canvas, picture);

  const drag = useRef<{ x: number; y: number; moved: boolean; scroll: number } | undefined>(undefined);
  const place = (e: { readonly clientX: number; readonly clientY: number }): { x: number; y: number } => {
    const at = canvas.current!.getBoundingClientRect();
    return { x: e.clientX - at.left, y: e.clientY - at.top };
  };
  const pressed = (e: TargetedPointerEvent<HTMLCanvasElement>): void => {
    if (e.button !== 0) return;
    const { x, y } = place(e);
    drag.current = { x, y, moved: false, scroll: top };
    e.currentTarget.setPointerCapture(e.pointerId);
    if (y < RULER && picture) seek(of, eventAcross(picture, x));
  };
  const moved = (e: TargetedPointerEvent<HTMLCanvasElement>): void => {
    const from = drag.current;
    if (!from || !picture) return;
    const { x, y } = place(e);
    if (Math.abs(x - from.x) + Math.abs(y - from.y) > CLICK) from.moved = true;
    if (!from.moved) return;
    if (from.y < RULER) {
      seek(of, eventAcross(picture, x));
      return;
    }
    const shift = eventAcross(picture, from.x) - eventAcross(picture, x);
    show(of, { from: range.from + shift, to: range.to + shift });
    setScroll(top - (y - from.y));
    drag.current = { ...from, x, y };
  };
  const released = (e: TargetedPointerEvent<HTMLCanvasElement>): void => {
    const from = drag.current;
    drag.current = undefined;
    if (!from || from.moved || !picture || from.y < RULER) return;
    const { x, y } = place(e);
    const hit = hitAt(picture, x, y);
    if (hit.object !== 0) select(of, hit.object);
    seek(of, hit.event);
  };
  const [tip, setTip] = useState<Tip | undefined>(undefined);
  const hovered = (e: TargetedPointerEvent<HTMLCanvasElement>): void => {
    if (drag.current || !picture) return setTip(undefined);
    const { x, y } = place(e);
    const { lines } = hitAt(picture, x, y);
    setTip(lines.length === 0 ? undefined : { x, y, lines });
  };

  useWheel(canvas, (e) => {
    if (!picture) return;
    const { x } = place(e);
    if (e.ctrlKey || e.metaKey)
      show(of, zoomed(range, Math.exp(e.deltaY * 0.004), eventAcross(picture, x), of.log.events));
    else if (e.shiftKey || Math.abs(e.deltaX) > Math.abs(e.deltaY)) {
      const shift = ((range.to - range.from) * (e.deltaX || e.deltaY)) / Math.max(1, size.width);
      show(of, { from: range.from + shift, to: range.to + shift });
    } else setScroll(Math.max(0, Math.min(full - room, top + e.deltaY)));
  });

  return (
    <>
      <div class="tools">
        <Legend />
        <label>
          <input
            type="checkbox"
            checked={onlyVisible.value}
            onChange={(e) => (onlyVisible.value = e.currentTarget.checked)}
          />{" "}
          only what is in view
        </label>
        <label>
          <input
            type="checkbox"
            checked={axisIsTime.value}
            onChange={(e) => (axisIsTime.value = e.currentTarget.checked)}
          />{" "}
          by time
        </label>
        <button type="button" onClick={() => canvas.current && save(canvas.current, of)}>
          save as PNG
        </button>
        <span class="dim" role="status">
          {survey.lanes.length} objects, {survey.tracks.length} tracks
        </span>
      </div>
      <div class="rows">
        <Labels of={of} survey={survey} rows={shown} scroll={top} />
        <div class="canvas" ref={box}>
          <canvas
            ref={canvas}
            role="img"
            aria-label={`timeline of events ${Math.ceil(range.from)} to ${Math.floor(range.to)}; the list of objects beside it and the keys reach all that it shows`}
            onPointerDown={pressed}
            onPointerMove={(e) => (moved(e), hovered(e))}
            onPointerLeave={() => setTip(undefined)}
            onPointerUp={released}
            onPointerCancel={() => (drag.current = undefined)}
          />
          {tip && <Hint tip={tip} width={size.width} />}
          {full > room && <ScrollBar full={full} room={room} top={top} onScroll={setScroll} />}
        </div>
      </div>
    </>
  );
}

/** Paints at most once per frame of the screen. */
function usePainting(canvas: { readonly current: HTMLCanvasElement | null }, picture: Picture | undefined): void {
  const wanted = useRef<Picture>(undefined);
  const asked = useRef(0);
  wanted.current = picture;
  useEffect(() => {
    if (asked.current !== 0) return;
    asked.current = requestAnimationFrame(() => {
      asked.current = 0;
      const element = canvas.current;
      const now = wanted.current;
      if (!element || !now || now.width === 0) return;
      const ratio = devicePixelRatio || 1;
      const [width, height] = [Math.round(now.width * ratio), Math.round(now.height * ratio)];
      if (element.width !== width || element.height !== height) {
        element.width = width;
        element.height = height;
      }
      const g = element.getContext("2d", { alpha: false })!;
      g.setTransform(ratio, 0, 0, ratio, 0, 0);
      draw(g, now);
    });
  });
}

function useWheel(canvas: { readonly current: HTMLCanvasElement | null }, turned: (e: WheelEvent) => void): void {
  const latest = useRef(turned);
  latest.current = turned;
  useEffect(() => {
    const element = canvas.current!;
    const on = (e: WheelEvent): void => {
      e.preventDefault();
      latest.current(e);
    };
    element.addEventListener("wheel", on, { passive: false });
    return () => element.removeEventListener("wheel", on);
  }, []);
}

function save(canvas: HTMLCanvasElement, { log, event }: Side): void {
  canvas.toBlob((blob) => {
    if (!blob) return;
    const link = document.createElement("a");
    link.href = URL.createObjectURL(blob);
    link.download = `${log.name.replace(/[^\w.-]+/g, "_")}-${event.peek()}.png`;
    link.click();
    URL.revokeObjectURL(link.href);
  }, "image/png");
}

interface Tip {
  readonly x: number;
  readonly y: number;
  readonly lines: readonly string[];
}

/**
 * Describes the target under the pointer. The state and the life of the selected object tell the same without a
 * pointer.
 */
function Hint({ tip: { x, y, lines }, width }: { readonly tip: Tip; readonly width: number }): JSX.Element {
  const side = x > width / 2 ? { right: `${width - x + 26}px` } : { left: `${x + 12}px` };
  return (
    <div class="hint" aria-hidden="true" style={{ top: `${y + 14}px`, ...side }}>
      {lines.map((line, k) => (
        <div key={k}>{text(line)}</div>
      ))}
    </div>
  );
}

/** Names the rows beside the picture, also for screen readers. */
function Labels({
  of,
  survey,
  rows,
  scroll,
}: {
  readonly of: Side;
  readonly survey: Survey;
  readonly rows: readonly Row[];
  readonly scroll: number;
}): JSX.Element {
  const { lanes, tracks } = survey;
  return (
    <div class="labels" role="group" aria-label="objects and tasks in view">
      {rows.map(({ kind, index, top, height }) => {
        const style = { top: `${HEAD + top - scroll}px`, height: `${height}px` };
        if (kind === "track")
          return (
            <span key={`t${index}`} class="label track" style={style}>
              {tracks[index]!.depth === 0 ? text(tracks[index]!.task) : ""}
            </span>
          );
        const id = lanes.id[index]!;
        const name = shortLabel(text(lanes.label[index]!), text(lanes.name[index]!));
        const life = `${lanes.early[index] ? "older than the recording" : `born at event ${lanes.from[index]!}`}, ${lanes.to[index] === 0 ? "alive at the end" : `gone at event ${lanes.to[index]!}`}`;
        return (
          <button
            type="button"
            key={`l${index}`}
            class={`label kind ${KINDS[lanes.kind[index]!]!}`}
            style={style}
            title={`${text(lanes.label[index]!)}, ${life}`}
            aria-label={`${name}, ${life}`}
            aria-pressed={of.selected.value === id}
            onClick={() => select(of, of.selected.peek() === id ? 0 : id)}
          >
            {name}
          </button>
        );
      })}
    </div>
  );
}

/** `file [kvm-gmem] …5de6c0#6`: the kind first, and the end of the address, which distinguishes it. */
function shortLabel(label: string, name: string): string {
  const [kind = "", address = ""] = label.split(" ");
  if (!address.startsWith("0x")) return label;
  return `${kind}${name === "" ? "" : ` ${name}`} …${address.replace(/^0x[0-9a-f]*([0-9a-f]{6}(#|$))/, "$1")}`;
}

/** The browser's own scroll bar, over rows that are not in the page: only visible ones are drawn. */
function ScrollBar({
  full,
  room,
  top,
  onScroll,
}: {
  readonly full: number;
  readonly room: number;
  readonly top: number;
  readonly onScroll: (top: number) => void;
}): JSX.Element {
  const bar = useRef<HTMLDivElement>(null);
  // Browsers limit a scrolled height to some ten million pixels.
  const scale = Math.min(1, TALLEST / full);
  useEffect(() => {
    if (Math.abs(bar.current!.scrollTop - top * scale) > 1) bar.current!.scrollTop = top * scale;
  }, [top, scale]);
  return (
    <div
      class="bar"
      ref={bar}
      tabIndex={0}
      role="group"
      aria-label="scroll the rows"
      onScroll={(e) =>
        Math.abs(e.currentTarget.scrollTop - top * scale) > 1 && onScroll(e.currentTarget.scrollTop / scale)
      }
    >
      <div style={{ height: `${full * scale - room * scale + room}px` }} />
    </div>
  );
}

function Legend(): JSX.Element {
  return (
    <fieldset class="legend">
      <legend class="hidden">kinds of object that are shown</legend>
      {KINDS.map((kind, k) => (
        <label key={kind} class={`kind ${kind}`}>
          <input
            type="checkbox"
            checked={!hidden.value.has(k)}
            onChange={(e) => {
              const next = new Set(hidden.peek());
              if (e.currentTarget.checked) next.delete(k);
              else next.add(k);
              hidden.value = next;
            }}
          />{" "}
          {kind}
        </label>
      ))}
      <span class="kind call">held by a call</span>
    </fieldset>
  );
}
