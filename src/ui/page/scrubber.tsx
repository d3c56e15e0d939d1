/** Moves to any moment, or to the next event, operation, or change of the selected object. */
import type { JSX } from "preact";
import { nextChange, nextOperation } from "./steps.js";
import { seek, type Side } from "./store.js";
import { text } from "./text.js";

export function Scrubber({ of }: { readonly of: Side }): JSX.Element {
  const event = Math.max(0, of.event.value);
  const moment = of.moment.value;
  const step = (to: number | undefined): void => void (to !== undefined && seek(of, to));
  const button = (label: string, sign: string, to: () => number | undefined, off = false): JSX.Element => (
    <button type="button" aria-label={label} title={label} disabled={off} onClick={() => step(to())}>
      {sign}
    </button>
  );
  const noObject = of.selected.value === 0;
  return (
    <section class="scrubber" aria-label="moment">
      <div class="steps">
        {button("previous change of the selected object", "⇤", () => nextChange(of, -1), noObject)}
        {button("previous operation", "«", () => nextOperation(of, -1))}
        {button("previous event", "‹", () => event - 1)}
        <label>
          event{" "}
          <input
            type="number"
            min={0}
            max={of.log.events}
            value={event}
            onChange={(e) => seek(of, Number(e.currentTarget.value))}
          />
        </label>
        <span class="dim">of {of.log.events}</span>
        {button("next event", "›", () => event + 1)}
        {button("next operation", "»", () => nextOperation(of, 1))}
        {button("next change of the selected object", "⇥", () => nextChange(of, 1), noObject)}
      </div>
      <input
        type="range"
        class="scrub"
        aria-label="moment"
        aria-valuetext={moment ? `event ${event}: ${text(moment.text)}` : `event ${event}`}
        min={0}
        max={of.log.events}
        step={1}
        value={event}
        onInput={(e) => seek(of, Number(e.currentTarget.value))}
      />
      <p class="line" aria-live="polite">
        {moment && moment.line > 0 && <span class="dim">line {moment.line} </span>}
        <code>
          {moment
            ? text(moment.text) || (moment.event === 0 ? "before the first event" : "this event cannot be read")
            : "…"}
        </code>
      </p>
      {moment && moment.changed.length > 0 && (
        <ul class="changed" aria-label="what it changed">
          {moment.changed.slice(0, 6).map((change) => (
            <li key={change.id}>
              <span class={`kind ${change.kind}`}>{text(change.label)}</span>: {change.what.map(text).join(", ")}
            </li>
          ))}
          {moment.changed.length > 6 && <li class="dim">and {moment.changed.length - 6} more objects</li>}
        </ul>
      )}
    </section>
  );
}
