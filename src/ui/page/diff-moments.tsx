/** Both moments of a difference: the events, the states and the graphs of each recording. */
import { signal } from "@preact/signals";
import type { JSX } from "preact";
import { useEffect, useMemo, useState } from "preact/hooks";
import { printable } from "../../base/trouble.js";
import { type Target, targetsOf } from "../model/diff-moments.js";
import { type PairedObject, pairStates, type Said, type StatePair } from "../model/state-pairs.js";
import type { Moment } from "../protocol.js";
import { anchors, choose, type Chosen, rows } from "./diff-store.js";
import { ObjectGraph } from "./graph.js";
import { seek, type Side, trouble, view } from "./store.js";
import { text } from "./text.js";

/** Most objects listed. */
const OBJECTS = 300;
/** Milliseconds that a difference stays chosen before its moments are loaded. */
const REST = 60;
const WORDS: { readonly [mark in StatePair["mark"]]: string } = {
  "=": "the same",
  "-": "only before",
  "+": "only after",
  "~": "differs",
};
const CLASSES: { readonly [mark in StatePair["mark"]]: string } = {
  "=": "",
  "-": "removed",
  "+": "added",
  "~": "altered",
};

const atReturn = signal(true);
const onlyDiffering = signal(false);

interface Reached {
  readonly target: Target;
  /** The moment at which the call begins. */
  readonly call: Moment;
  readonly moment: Moment;
}

export function BothMoments({
  before,
  after,
  chosen,
}: {
  readonly before: Side;
  readonly after: Side;
  readonly chosen: Chosen;
}): JSX.Element {
  const { difference, order, row, index } = chosen;
  const targets = useMemo(
    () => targetsOf(rows.value, order, difference, anchors.value, [before.log.events, after.log.events]),
    [difference, order, before, after],
  );
  const left = useReached(before, targets.before);
  const right = useReached(after, targets.after);
  const places = row.differences;
  const at = places.indexOf(index);
  return (
    <section class="moments" aria-label="both moments">
      <div class="tools">
        <h2>{text(difference.message)}</h2>
        <span class="dim">{text(difference.where)}</span>
        {places.length > 1 && (
          <span>
            <button
              type="button"
              disabled={at === 0}
              aria-label="the same, the time before"
              onClick={() => choose(places[at - 1])}
            >
              ‹
            </button>{" "}
            {at + 1} of {places.length} times{" "}
            <button
              type="button"
              disabled={at === places.length - 1}
              aria-label="the same, the next time"
              onClick={() => choose(places[at + 1])}
            >
              ›
            </button>
          </span>
        )}
        <label class="tool">
          <input
            type="checkbox"
            checked={atReturn.value}
            onChange={(e) => (atReturn.value = e.currentTarget.checked)}
          />{" "}
          when the call returned
        </label>
        <label class="tool">
          <input
            type="checkbox"
            checked={onlyDiffering.value}
            onChange={(e) => (onlyDiffering.value = e.currentTarget.checked)}
          />{" "}
          only what differs
        </label>
        <button type="button" onClick={() => choose(undefined)}>
          close <kbd>Esc</kbd>
        </button>
      </div>
      <div class="scroll" tabIndex={0} role="group" aria-label="both states">
        <div class="halves">
          <Heading of={before} word="before" reached={left} />
          <Heading of={after} word="after" reached={right} />
        </div>
        {left && right && <States before={before} after={after} left={left.moment} right={right.moment} />}
        <div class="halves">
          {left && <SmallGraph of={before} word="before" moment={left.moment} />}
          {right && <SmallGraph of={after} word="after" moment={right.moment} />}
        </div>
      </div>
    </section>
  );
}

/** Keeps the last reached moment until the next one is. */
function useReached(of: Side, target: Target): Reached | undefined {
  const [reached, setReached] = useState<Reached>();
  const wanted = target.atReturn && (atReturn.value || !target.isIt);
  useEffect(() => {
    let isOver = false;
    const reach = async (): Promise<void> => {
      const { engine } = of;
      const call = await engine.moment(target.event);
      const line = wanted
        ? (await engine.tree(target.event)).lines.find(({ event }) => event === target.event)
        : undefined;
      const moment = line && line.returned > 0 ? await engine.moment(line.returned) : call;
      if (!isOver) setReached({ target, call, moment });
    };
    const waiting = setTimeout(
      () =>
        void reach().catch(
          (error: unknown) => (trouble.value = printable(error instanceof Error ? error.message : String(error))),
        ),
      REST,
    );
    return () => {
      isOver = true;
      clearTimeout(waiting);
    };
  }, [of, target, wanted]);
  return reached;
}

function Heading({
  of,
  word,
  reached,
}: {
  readonly of: Side;
  readonly word: string;
  readonly reached: Reached | undefined;
}): JSX.Element {
  if (!reached) return <p role="status">reading …</p>;
  const { target, call, moment } = reached;
  const go = (): void => {
    seek(of, moment.event);
    view.value = "timeline";
  };
  return (
    <div class="moment">
      <h3>
        {word}: after event {moment.event}
        {moment.time !== "" && `, at ${moment.time}`}{" "}
        <button type="button" onClick={go}>
          open in the timeline
        </button>
      </h3>
      {!target.isIt && <p class="dim">This recording has nothing there: the last before it that both have.</p>}
      {(call.event === moment.event ? [call] : [call, moment]).map(
        ({ event, line, text: said }) =>
          event > 0 && (
            <p key={event} class="line">
              <span class="dim">{line > 0 ? `line ${line}` : `event ${event}`}</span> {text(said)}
            </p>
          ),
      )}
    </div>
  );
}

function States({
  before,
  after,
  left,
  right,
}: {
  readonly before: Side;
  readonly after: Side;
  readonly left: Moment;
  readonly right: Moment;
}): JSX.Element {
  const [nameLeft, nameRight] = [useNames(before), useNames(after)];
  const pairs = useMemo(
    () => pairStates(left.state.objects, right.state.objects, { before: nameLeft, after: nameRight }),
    [left, right, nameLeft, nameRight],
  );
  const shown = onlyDiffering.value ? pairs.filter(({ mark }) => mark !== "=") : pairs;
  const differing = pairs.filter(({ mark }) => mark !== "=").length;
  return (
    <table class="states">
      <caption>
        What lives then: {differing === 0 ? "the same on both sides" : `${differing} of ${pairs.length} objects differ`}
      </caption>
      <colgroup>
        <col class="mark" />
        <col />
        <col />
      </colgroup>
      <thead>
        <tr>
          <th scope="col">
            <span class="hidden">mark</span>
          </th>
          <th scope="col">before</th>
          <th scope="col">after</th>
        </tr>
      </thead>
      <tbody>
        {shown.slice(0, OBJECTS).map((pair, k) => (
          <tr key={k} class={CLASSES[pair.mark]}>
            <td class="mark">
              <span role="img" aria-label={WORDS[pair.mark]}>
                {pair.mark === "=" ? " " : pair.mark}
              </span>
            </td>
            <ObjectCell paired={pair.before} />
            <ObjectCell paired={pair.after} />
          </tr>
        ))}
        {shown.length > OBJECTS && (
          <tr>
            <td />
            <td colSpan={2}>and {shown.length - OBJECTS} more</td>
          </tr>
        )}
      </tbody>
    </table>
  );
}

function ObjectCell({ paired }: { readonly paired: PairedObject | undefined }): JSX.Element {
  if (!paired) return <td class="nothing" />;
  const { object, facts, references } = paired;
  return (
    <td>
      <span class={`kind ${object.kind}`}>{text(object.label)}</span>{" "}
      {facts.map((fact, k) => (
        <span key={k}>
          {k > 0 && ", "}
          <Words said={fact} />
        </span>
      ))}
      {references.slice(0, 8).map((reference, k) => (
        <div key={k} class="note">
          <Words said={reference} />
        </div>
      ))}
      {references.length > 8 && <div class="note">and {references.length - 8} more references</div>}
    </td>
  );
}

function Words({ said: { text: words, differs } }: { readonly said: Said }): JSX.Element {
  return differs ? <mark>{text(words)}</mark> : <>{text(words)}</>;
}

/** Returns the names of objects without their addresses, from the survey. */
function useNames({ survey }: Side): (object: { readonly id: number }) => string {
  const lanes = survey.value?.lanes;
  return useMemo(() => {
    const names = new Map<number, string>();
    for (let k = 0; lanes && k < lanes.length; k++) if (lanes.name[k] !== "") names.set(lanes.id[k]!, lanes.name[k]!);
    return ({ id }) => names.get(id) ?? "";
  }, [lanes]);
}

function SmallGraph({
  of,
  word,
  moment,
}: {
  readonly of: Side;
  readonly word: string;
  readonly moment: Moment;
}): JSX.Element {
  const there = useMemo((): Side => ({ ...of, moment: signal(moment) }), [of, moment]);
  return <ObjectGraph of={there} label={`object graph ${word}`} />;
}
