/** The operation around the moment's event, with its callees and the effects of each call. */
import type { JSX } from "preact";
import { useEffect, useRef } from "preact/hooks";
import type { TreeLine } from "../protocol.js";
import { select, type Side } from "./store.js";
import { Event, text } from "./text.js";

export function CallTree({ of }: { readonly of: Side }): JSX.Element {
  const tree = of.tree.value;
  const now = of.event.value;
  const list = useRef<HTMLOListElement>(null);
  // Only if the tree changes: it forces a layout.
  useEffect(() => void (list.current && reveal(list.current)), [tree]);
  return (
    <section class="panel calls" aria-label="call tree">
      <h2>
        Calls <span class="dim">{tree && tree.task !== "" ? text(tree.task) : ""}</span>
      </h2>
      {tree && tree.lines.length === 0 && <p class="dim">This event is no part of an operation on guest_memfd.</p>}
      <ol class="scroll" tabIndex={0} aria-label="calls" ref={list}>
        {tree?.lines.map((line) => (
          <Call key={line.event} of={of} line={line} now={now} />
        ))}
        {tree && tree.more > 0 && <li class="dim">and {tree.more} more calls</li>}
      </ol>
    </section>
  );
}

/** Scrolls only the list: on a narrow screen the page itself would jump here at every event. */
function reveal(list: HTMLElement): void {
  const row = list.querySelector("[aria-current]")?.getBoundingClientRect();
  if (!row) return;
  const { top, bottom } = list.getBoundingClientRect();
  if (row.top < top) list.scrollTop -= top - row.top;
  else if (row.bottom > bottom) list.scrollTop += Math.min(row.bottom - bottom, row.top - top);
}

function Call({
  of,
  line: { depth, event, returned, text: words, failed, notes },
  now,
}: {
  readonly of: Side;
  readonly line: TreeLine;
  readonly now: number;
}): JSX.Element {
  const current = event === now || returned === now;
  return (
    <li
      class={failed ? "call failed" : "call"}
      aria-current={current ? "step" : undefined}
      style={{ paddingInlineStart: `${depth * 1.2}em` }}
    >
      <Event of={of} event={event} /> <code>{text(words)}</code>
      {failed && <span class="badge">failed</span>}
      {returned > 0 && (
        <span class="dim">
          {" "}
          to <Event of={of} event={returned} />
        </span>
      )}
      {notes.map(({ id, label, note }) => (
        <div key={id} class="note">
          ~{" "}
          <button type="button" class="jump" onClick={() => select(of, id)}>
            {text(label)}
          </button>
          : {text(note)}
        </div>
      ))}
    </li>
  );
}
