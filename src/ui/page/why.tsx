/** The reason for the selected object's state: each event that its count derives from is a link. */
import type { JSX } from "preact";
import { countName, ofItsOwn, ofItsOwnText } from "../../reduce/objects.js";
import type { Place } from "../../seek/why.js";
import { nextChange } from "./steps.js";
import { seek, type Side } from "./store.js";
import { Event, text } from "./text.js";

/** Steps of a life listed around the moment. */
const AROUND = 8;

export function Why({ of }: { readonly of: Side }): JSX.Element {
  const why = of.why.value;
  if (of.selected.value === 0)
    return (
      <section class="panel why" aria-label="why" tabIndex={0}>
        <h2>Why</h2>
        <p class="dim">Select an object to see the events that its count results from.</p>
      </section>
    );
  if (!why)
    return (
      <section class="panel why" aria-label="why" tabIndex={0}>
        <h2>Why</h2>
        <p class="dim">The selected object does not live at this moment.</p>
        <Life of={of} />
      </section>
    );
  const { label, kind, count, unprobed, born, held, more, last } = why;
  const base = ofItsOwn(why);
  return (
    <section class="panel why" aria-label="why" tabIndex={0}>
      <h2>
        Why is {countName(kind)} of <span class={`kind ${kind}`}>{text(label)}</span> {count ?? "not known"}?
      </h2>
      <ul class="plain" aria-label="events of the count">
        <li>
          {born ? (
            <>
              made at <Where of={of} at={born} />
            </>
          ) : (
            "older than the recording, or met in the middle of its life"
          )}
        </li>
        {base > 0 && <li>{ofItsOwnText(why)}</li>}
        {held.map(({ owner, by, event, taken }, k) => (
          <li key={k}>
            1 held by {text(owner)}: {by} at {taken ? <Where of={of} at={taken} /> : <Event of={of} event={event} />}
          </li>
        ))}
        {more > 0 && <li>{more} more like these</li>}
        {unprobed > base && <li>{unprobed - base} taken by untraced callers</li>}
        <li>
          {last ? (
            <>
              last changed at <Where of={of} at={last} />: {last.changed.map(text).join(", ")}
            </>
          ) : (
            "nothing changed it since"
          )}
        </li>
      </ul>
      <Life of={of} />
    </section>
  );
}

function Where({ of, at }: { readonly of: Side; readonly at: Place }): JSX.Element {
  const { event, operation, phase, task, time, line, inside } = at;
  return (
    <>
      <Event of={of} event={event}>
        event {event}
      </Event>{" "}
      <span class="dim">
        ({time}
        {line > 0 ? `, line ${line}` : ""}), {operation}
        {phase === "return" ? " returns" : ""}, {text(task)}
        {inside.length > 0 ? `, in ${inside.join(" in ")}` : ""}
      </span>
    </>
  );
}

function Life({ of }: { readonly of: Side }): JSX.Element {
  const life = of.life.value?.filter(({ what }) => what.length > 0) ?? [];
  const now = of.event.value;
  const at = Math.max(
    0,
    life.findLastIndex(({ event }) => event <= now),
  );
  const shown = life.slice(Math.max(0, at - AROUND / 2), Math.max(0, at - AROUND / 2) + AROUND);
  const go = (to: number | undefined): void => void (to !== undefined && seek(of, to));
  return (
    <>
      <h3>
        Its life <span class="dim">{life.length} events</span>{" "}
        <button type="button" aria-label="previous change" onClick={() => go(nextChange(of, -1))}>
          ‹
        </button>
        <button type="button" aria-label="next change" onClick={() => go(nextChange(of, 1))}>
          ›
        </button>
      </h3>
      <ol class="plain life" aria-label="events of its life">
        {shown.map(({ event, operation, what }) => (
          <li key={event} aria-current={event === now ? "step" : undefined}>
            <Event of={of} event={event} /> {operation}: {what.map(text).join(", ")}
          </li>
        ))}
      </ol>
    </>
  );
}
