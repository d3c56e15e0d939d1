/** The rows of the comparison, in one list: both recordings scroll together. */
import type { JSX } from "preact";
import { useEffect, useRef } from "preact/hooks";
import {
  type Cell,
  type DiffRow,
  type HeadRow,
  type LineRow,
  type Mark,
  parted,
  type ToldRow,
} from "../model/diff-rows.js";
import { choose, chosen, document, shownRows } from "./diff-store.js";
import type { Side } from "./store.js";
import { text } from "./text.js";
import { useVirtualRows } from "./virtual.js";

/** Height of a row in pixels. */
const HEIGHT = 21;
const WORDS: { readonly [mark in Mark]: string } = {
  "+": "added",
  "-": "removed",
  "~": "changed",
  "!": "found",
  "=": "the same",
};
const CLASSES: { readonly [mark in Mark]: string } = {
  "+": "added",
  "-": "removed",
  "~": "altered",
  "!": "found",
  "=": "",
};

interface Sides {
  readonly before: Side;
  readonly after: Side;
}

export function DiffTable({ before, after }: Sides): JSX.Element {
  const scroller = useRef<HTMLDivElement>(null);
  const rows = shownRows.value;
  const virtual = useVirtualRows(scroller, rows.length, HEIGHT);
  const now = chosen.value?.row;
  useEffect(() => {
    const at = now ? rows.indexOf(now) : -1;
    if (at >= 0) reveal(scroller.current!, at * HEIGHT);
  }, [now, rows, virtual.scrollRect?.height]);
  return (
    <div
      class="pairs"
      ref={scroller}
      tabIndex={0}
      role="table"
      aria-label="both recordings, row by row"
      aria-rowcount={rows.length + 1}
    >
      <div role="rowgroup" class="heads">
        <div role="row" aria-rowindex={1} class="pair">
          <span role="columnheader">
            <span class="hidden">mark</span>
          </span>
          {[before, after].map((side, k) => (
            <span role="columnheader" key={k} title={text(side.log.path)}>
              {k === 0 ? "before" : "after"}: {text(side.log.name)} <span class="dim">{side.log.events} events</span>
            </span>
          ))}
        </div>
      </div>
      <div role="rowgroup" class="all" style={{ height: `${virtual.getTotalSize()}px` }}>
        {virtual.getVirtualItems().map(({ index, start }) => {
          const row = rows[index];
          return (
            row && <Row key={index} row={row} index={index} top={start} isChosen={row === now} of={{ before, after }} />
          );
        })}
      </div>
    </div>
  );
}

/** Scrolls a row to the middle unless it is visible. The heads cover the height of the first row. */
function reveal(scroller: HTMLElement, top: number): void {
  const { scrollTop, clientHeight } = scroller;
  if (top < scrollTop || top + 2 * HEIGHT > scrollTop + clientHeight) scroller.scrollTop = top - clientHeight / 2;
}

function Row({
  row,
  index,
  top,
  isChosen,
  of,
}: {
  readonly row: DiffRow;
  readonly index: number;
  readonly top: number;
  readonly isChosen: boolean;
  readonly of: Sides;
}): JSX.Element {
  const first = row.type === "head" ? undefined : row.differences[0];
  const names =
    row.type === "head"
      ? "pair head"
      : `pair ${CLASSES[row.mark]}${isChosen ? " chosen" : ""}${first === undefined ? "" : " choice"}`;
  return (
    <div
      role="row"
      aria-rowindex={index + 2}
      class={names}
      style={{ transform: `translateY(${top}px)` }}
      onClick={first === undefined ? undefined : () => choose(first)}
    >
      {row.type === "head" ? (
        <Head row={row} of={of} />
      ) : row.type === "line" ? (
        <Line row={row} isChosen={isChosen} />
      ) : (
        <Told row={row} isChosen={isChosen} />
      )}
    </div>
  );
}

function Head({
  row: { title, times, before, after },
  of,
}: {
  readonly row: HeadRow;
  readonly of: Sides;
}): JSX.Element {
  const where = (side: "before" | "after"): string => {
    const site = side === "before" ? before : after;
    return site ? `${side} at ${site.event} (${Math.floor((site.event / of[side].log.events) * 100)} %)` : "";
  };
  return (
    <>
      <span role="cell" />
      <span role="cell" aria-colspan={2} class="both">
        <b>{text(title)}</b> {times > 1 && <span class="badge">{times} times</span>}{" "}
        <span class="dim">{[where("before"), where("after")].filter((words) => words !== "").join(", ")}</span>
      </span>
    </>
  );
}

function MarkCell({
  mark,
  differences,
  isChosen,
}: {
  readonly mark: Mark;
  readonly differences: readonly number[];
  readonly isChosen: boolean;
}): JSX.Element {
  const first = differences[0];
  return (
    <span role="cell" class="mark">
      {first === undefined ? (
        mark === "=" ? (
          <span class="hidden">{WORDS[mark]}</span>
        ) : (
          <span aria-label={WORDS[mark]} role="img">
            {mark}
          </span>
        )
      ) : (
        <button
          type="button"
          aria-pressed={isChosen}
          aria-label={`${WORDS[mark]}: ${text(document.value.differences[first]?.message ?? "")}`}
        >
          {mark}
        </button>
      )}
    </span>
  );
}

function Line({ row, isChosen }: { readonly row: LineRow; readonly isChosen: boolean }): JSX.Element {
  const { mark, before, after, depth, detail, differences } = row;
  const parts = mark === "~" && before && after ? parted(before.text, after.text) : undefined;
  const notes = [
    ...(detail === "" ? [] : [detail]),
    ...(differences.length > 1 ? [`${differences.length} times`] : []),
  ];
  const call = (cell: Cell | undefined, which: 0 | 1): JSX.Element => (
    <span role="cell" class={cell ? "call" : "call nothing"}>
      {cell && (
        <>
          <span class="dim event">{cell.event}</span>
          <code style={{ paddingInlineStart: `${depth * 1.2}em` }} title={text(cell.text)}>
            {parts ? <Parts of={parts[which]} /> : text(cell.text)}
          </code>
          {(which === 1 || !after) &&
            notes.map((note) => (
              <span key={note} class="badge">
                {text(note)}
              </span>
            ))}
        </>
      )}
    </span>
  );
  return (
    <>
      <MarkCell mark={mark} differences={differences} isChosen={isChosen} />
      {call(before, 0)}
      {call(after, 1)}
    </>
  );
}

/** Most letters of unchanged text before a difference. */
const LETTERS = 32;

/** Shortens the unchanged text, so that a difference is visible even at the end of a long line. */
function abridged(same: string): string {
  return same.length <= LETTERS + 8 ? same : `${same.slice(0, LETTERS / 2)} … ${same.slice(-LETTERS / 2)}`;
}

function Parts({ of: [same, differs, rest] }: { readonly of: readonly [string, string, string] }): JSX.Element {
  return (
    <>
      {text(abridged(same))}
      {differs !== "" && <mark>{text(differs)}</mark>}
      {text(rest)}
    </>
  );
}

function Told({
  row: { mark, where, message, differences },
  isChosen,
}: {
  readonly row: ToldRow;
  readonly isChosen: boolean;
}): JSX.Element {
  return (
    <>
      <MarkCell mark={mark} differences={differences} isChosen={isChosen} />
      <span role="cell" aria-colspan={2} class="both" title={text(message)}>
        {text(message)} <span class="dim">{text(where)}</span>{" "}
        {differences.length > 1 && <span class="badge">{differences.length} times</span>}
      </span>
    </>
  );
}
