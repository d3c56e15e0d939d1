/** Finds an event by its number or time, an object by its name or address, an operation by its name. */
import { signal } from "@preact/signals";
import type { JSX } from "preact";
import { KINDS } from "../engine/survey.js";
import type { Survey } from "../protocol.js";
import { jump, select, type Side, trouble } from "./store.js";
import { text } from "./text.js";

const SHOWN = 30;
const query = signal("");

interface Hit {
  readonly words: string;
  readonly go: () => void;
}

export function Search({ of }: { readonly of: Side }): JSX.Element {
  const survey = of.survey.value;
  const hits = survey && query.value.trim() !== "" ? hitsOf(of, survey, query.value.trim()) : [];
  const take = (hit: Hit | undefined): void => {
    if (!hit) return;
    hit.go();
    query.value = "";
    (document.activeElement as HTMLElement | null)?.blur();
  };
  return (
    <search>
      <input
        id="search"
        type="search"
        autocomplete="off"
        placeholder="find: event, time, object, operation  ( / )"
        aria-label="find an event, a time, an object or an operation"
        value={query.value}
        onInput={(e) => (query.value = e.currentTarget.value)}
        onKeyDown={(e) => e.key === "Enter" && take(hits[0])}
      />
      {hits.length > 0 && (
        <ul class="hits" aria-label="found">
          {hits.map((hit, k) => (
            <li key={k}>
              <button type="button" onClick={() => take(hit)}>
                {text(hit.words)}
              </button>
            </li>
          ))}
        </ul>
      )}
      {survey && query.value.trim() !== "" && hits.length === 0 && (
        <p class="hits" role="status">
          nothing is called so
        </p>
      )}
    </search>
  );
}

function hitsOf(of: Side, { lanes, names, calls, tracks }: Survey, wanted: string): Hit[] {
  const hits: Hit[] = [];
  if (/^\d+$/.test(wanted) && Number(wanted) <= of.log.events)
    hits.push({ words: `event ${wanted}`, go: () => jump(of, Number(wanted)) });
  if (/^\d+\.\d+$/.test(wanted))
    hits.push({
      words: `time ${wanted}`,
      go: () =>
        void of.engine.eventAt(wanted).then(
          (event) => jump(of, event),
          (error: Error) => (trouble.value = error.message),
        ),
    });
  const lower = wanted.toLowerCase();
  names.forEach((name, n) => {
    if (name === "" || !name.toLowerCase().includes(lower)) return;
    const found = nextOf(n, of.event.peek(), calls, tracks);
    if (found !== undefined) hits.push({ words: `next ${name}: event ${found}`, go: () => jump(of, found) });
  });
  for (let k = 0; k < lanes.length && hits.length < SHOWN; k++) {
    const [label, name] = [lanes.label[k]!, lanes.name[k]!];
    if (!label.toLowerCase().includes(lower) && !name.toLowerCase().includes(lower)) continue;
    const words = `${label}${name === "" || label.includes(name) ? "" : ` ${name}`} (${KINDS[lanes.kind[k]!]!}, from event ${lanes.from[k]!})`;
    hits.push({ words, go: () => (select(of, lanes.id[k]!), alive(of, lanes.from[k]!, lanes.to[k]!)) });
  }
  return hits.slice(0, SHOWN);
}

/** Stays at the moment if the object lives there. */
function alive(of: Side, from: number, to: number): void {
  const now = of.event.peek();
  if (now < from || (to > 0 && now >= to)) jump(of, from);
}

/** The first entry of an operation after an event, or else the first of all. */
function nextOf(name: number, now: number, calls: Survey["calls"], tracks: Survey["tracks"]): number | undefined {
  let next: number | undefined;
  let first: number | undefined;
  for (const { start, end } of tracks) {
    for (let k = start; k < end; k++) {
      if (calls.name[k] !== name) continue;
      const at = calls.from[k]!;
      if (first === undefined || at < first) first = at;
      if (at > now && (next === undefined || at < next)) next = at;
    }
  }
  return next ?? first;
}
