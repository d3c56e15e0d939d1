/** The guided tour beside the recording: each step shows a moment of one. */
import type { JSX } from "preact";
import { useEffect, useRef } from "preact/hooks";
import type { TourStep, TourView } from "../../tour/types.js";
import { goTo, look, step, tour } from "./store.js";
import { text } from "./text.js";

export function Tour(): JSX.Element {
  const heading = useRef<HTMLHeadingElement>(null);
  const steps = tour.value;
  const now = steps[step.value - 1];
  const last = useRef(0);
  useEffect(() => {
    // Readers with a screen reader, or who have scrolled down, start the next step at its beginning.
    if (last.current !== 0 && now && last.current !== now.number) heading.current?.focus();
    last.current = now?.number ?? 0;
  }, [now]);
  return (
    <aside class="tour" aria-label="guided tour" tabIndex={0}>
      <nav aria-label="steps of the tour">
        <button type="button" disabled={step.value <= 1} onClick={() => goTo(step.value - 1)}>
          ‹ back
        </button>
        <label>
          <span class="hidden">step</span>
          <select value={step.value} onChange={(e) => goTo(Number(e.currentTarget.value))}>
            {steps.map(({ number, title }) => (
              <option key={number} value={number}>
                {number}. {title}
              </option>
            ))}
          </select>
        </label>
        <button type="button" disabled={step.value >= steps.length} onClick={() => goTo(step.value + 1)}>
          next ›
        </button>
      </nav>
      {now && (
        <>
          <h2 ref={heading} tabIndex={-1}>
            {now.number}. {now.title}
          </h2>
          {now.paragraphs.map((words, k) => (
            <p key={k}>{withTerms(words, now.terms)}</p>
          ))}
          <p>
            <button type="button" onClick={() => look(now.moment.recording, now.moment.event, now.moment.object)}>
              look at event {now.moment.event}: {text(now.moment.object)}
            </button>
          </p>
          {now.views.map((view, k) => (
            <Figure key={`${now.id} ${k}`} view={view} of={now} />
          ))}
          <p class="dim">To look further in a terminal:</p>
          {now.commands.map(({ args }) => (
            <pre key={args.join(" ")} tabIndex={0}>
              npx kreel {args.map((arg) => (/^[\w./@:=,+-]+$/.test(arg) ? arg : `'${arg}'`)).join(" ")}
            </pre>
          ))}
        </>
      )}
    </aside>
  );
}

function Figure({
  view: { caption, recording, after, events, lines, show },
  of,
}: {
  readonly view: TourView;
  readonly of: TourStep;
}): JSX.Element {
  return (
    <figure>
      <figcaption>
        {caption}{" "}
        {recording !== null && (
          <button
            type="button"
            class="jump"
            onClick={() =>
              look(
                recording,
                show === "diff" ? events[0] : events[1],
                recording === of.moment.recording ? of.moment.object : "",
              )
            }
          >
            go there
          </button>
        )}
        {after !== undefined && (
          <>
            {" "}
            <button type="button" class="jump" onClick={() => look(after, of.moment.event, of.moment.object)}>
              go to the second
            </button>
          </>
        )}
      </figcaption>
      <pre tabIndex={0}>{lines.map(text).join("\n")}</pre>
    </figure>
  );
}

/** Highlights the first occurrence of each term that the step explains. */
function withTerms(words: string, terms: readonly string[]): (string | JSX.Element)[] {
  const parts: (string | JSX.Element)[] = [words];
  for (const term of terms) {
    // Only at the beginning of a word: KVM is no VM.
    const startIn = (part: string | JSX.Element): number =>
      typeof part === "string" ? part.search(new RegExp(`\\b${term}`)) : -1;
    const at = parts.findIndex((part) => startIn(part) >= 0);
    if (at < 0) continue;
    const part = parts[at] as string;
    const start = startIn(part);
    parts.splice(at, 1, part.slice(0, start), <dfn key={term}>{term}</dfn>, part.slice(start + term.length));
  }
  return parts;
}
