/** The state: the objects that live at this moment, their counts, and their holders. */
import { signal } from "@preact/signals";
import type { JSX } from "preact";
import type { ShownObject } from "../../show/state.js";
import { select, type Side } from "./store.js";
import { Event, text } from "./text.js";

/** Most references listed for one object. */
const REFERENCES = 8;
const filter = signal("");

export function Objects({ of }: { readonly of: Side }): JSX.Element {
  const moment = of.moment.value;
  const wanted = filter.value.toLowerCase();
  const objects =
    moment?.state.objects.filter(
      ({ label, facts }) =>
        wanted === "" ||
        label.toLowerCase().includes(wanted) ||
        facts.some((fact) => fact.toLowerCase().includes(wanted)),
    ) ?? [];
  const changed = new Set(moment?.changed.map(({ id }) => id));
  return (
    <section class="panel objects" aria-label="state">
      <h2>
        State after event {moment?.event ?? "…"}{" "}
        <span class="dim">{moment ? `${moment.state.objects.length + moment.more} objects` : ""}</span>
      </h2>
      <input
        type="search"
        placeholder="filter objects"
        aria-label="filter objects"
        value={filter.value}
        onInput={(e) => (filter.value = e.currentTarget.value)}
      />
      <ul class="scroll" tabIndex={0} aria-label="objects that live">
        {objects.map((object) => (
          <OneObject key={object.id} of={of} object={object} changed={changed.has(object.id)} />
        ))}
        {objects.length === 0 && (
          <li class="dim">nothing of guest_memfd {wanted === "" ? "lives here" : "is called so"}</li>
        )}
        {moment && moment.more > 0 && <li class="dim">and {moment.more} more</li>}
        {moment?.state.pending.map(({ label, since }) => (
          <li key={`rcu ${label}`} class="dim">
            {text(label)} waits for an RCU grace period since event <Event of={of} event={since} />
          </li>
        ))}
      </ul>
    </section>
  );
}

function OneObject({
  of,
  object,
  changed,
}: {
  readonly of: Side;
  readonly object: ShownObject;
  readonly changed: boolean;
}): JSX.Element {
  const { id, kind, label, facts, birth, references, unprobed } = object;
  return (
    <li class={changed ? "object now" : "object"}>
      <button
        type="button"
        class={`kind ${kind}`}
        aria-pressed={of.selected.value === id}
        onClick={() => select(of, of.selected.peek() === id ? 0 : id)}
      >
        {text(label)}
      </button>{" "}
      {changed && <span class="badge">changed</span>} <span>{facts.map(text).join(", ")}</span>{" "}
      <span class="dim">
        {birth > 0 ? (
          <>
            since <Event of={of} event={birth} />
          </>
        ) : (
          "older than the recording"
        )}
      </span>
      {(references.length > 0 || unprobed > 0) && (
        <ul>
          {references.slice(0, REFERENCES).map(({ owner, by, event }, k) => (
            <li key={k}>
              held by {text(owner)}{" "}
              <span class="dim">
                ({by}, event <Event of={of} event={event} />)
              </span>
            </li>
          ))}
          {references.length > REFERENCES && <li class="dim">and {references.length - REFERENCES} more references</li>}
          {unprobed > 0 && <li class="dim">{unprobed} taken by untraced callers</li>}
        </ul>
      )}
    </li>
  );
}
