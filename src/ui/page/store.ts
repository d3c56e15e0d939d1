/**
 * The state of the page: a side for each recording, its moment and selection. Components read signals; only the
 * functions here set them.
 */
import { batch, computed, effect, type ReadonlySignal, type Signal, signal, untracked } from "@preact/signals";
import { printable } from "../../base/trouble.js";
import type { ObjectId } from "../../reduce/objects.js";
import { bounded, type Range, revealing, whole } from "../model/axis.js";
import { firstMoment } from "../model/first-moment.js";
import { type Link, linkText, parseLink, type ViewName } from "../model/link.js";
import type { Engine, LifeStep, Moment, Session, SessionLog, Survey, Tree, WhyAnswer } from "../protocol.js";
import type { TourStep } from "../../tour/types.js";
import type { Booted } from "./boot.js";

export interface Side {
  /** Its index among the session's logs. */
  readonly index: number;
  readonly log: SessionLog;
  readonly engine: Engine;
  readonly survey: Signal<Survey | undefined>;
  /** Events that the survey has read. */
  readonly progress: Signal<number>;
  /** The wanted moment; the shown `moment` may lag. */
  readonly event: Signal<number>;
  readonly moment: Signal<Moment | undefined>;
  readonly tree: Signal<Tree | undefined>;
  /** Id of the selected object; 0: none. */
  readonly selected: Signal<ObjectId>;
  readonly why: Signal<WhyAnswer | undefined>;
  readonly life: Signal<readonly LifeStep[] | undefined>;
  readonly range: Signal<Range>;
}

export const session = signal<Session | undefined>(undefined);
export const sides = signal<readonly Side[]>([]);
export const active = signal(0);
export const view = signal<ViewName>("timeline");
/** The error in words; empty if there is none. */
export const trouble = signal("");
export const diff = signal<unknown>(undefined);
/** The number of the chosen difference in the document, from 1; 0: none. */
export const difference = signal(0);
export const tour = signal<readonly TourStep[]>([]);
/** The step of the tour that is shown, from 1. */
export const step = signal(1);
export const side: ReadonlySignal<Side | undefined> = computed(() => sides.value[active.value]);

/** Milliseconds. */
const REST = 50;

/** The event until the survey shows where to begin. */
export const UNDECIDED = -1;

let loadDiff: Booted["diff"] | undefined;

export function start({ session: opened, engines, diff: read, tour: steps }: Booted): void {
  const link = parseLink(location.hash);
  loadDiff = read;
  batch(() => {
    session.value = opened;
    sides.value = opened.logs.map((log, k) => made(k, log, engines[k]!));
    // Without a link, two recordings open with their comparison.
    if (opened.diff && location.hash.length < 2) view.value = "diff";
    follow(link);
  });
  const running = new Set<Side>();
  const begin = (one: Side): void => {
    if (running.has(one)) return;
    running.add(one);
    untracked(() => run(one));
  };
  if (opened.tour) {
    steps().then((found) => {
      tour.value = found;
      goTo(
        link.step ?? 1,
        link.events.some((event) => event !== undefined),
      );
    }, failed);
  } else if (opened.diff) for (const one of sides.value) begin(one);
  effect(() => void (side.value && begin(side.value)));
  if (opened.diff) read().then((document) => (diff.value = document), failed);
  addEventListener("hashchange", () => follow(parseLink(location.hash)));
  effect(() => keepLink(linkText(linkNow())));
  effect(() => {
    const now = side.value;
    if (now)
      document.title = `${printable(now.log.name)}${now.event.value > 0 ? `, event ${now.event.value}` : ""} – kreel`;
  });
}

/** Loads the comparison again after an error. */
export function reloadDiff(): void {
  loadDiff?.().then((document) => (diff.value = document), failed);
}

function made(index: number, log: SessionLog, engine: () => Engine): Side {
  let started: Engine | undefined;
  return {
    index,
    log,
    get engine() {
      return (started ??= engine());
    },
    survey: signal(undefined),
    progress: signal(0),
    event: signal(UNDECIDED),
    moment: signal(undefined),
    tree: signal(undefined),
    selected: signal(0),
    why: signal(undefined),
    life: signal(undefined),
    range: signal(whole(log.events)),
  };
}

const failed = (error: unknown): void => {
  trouble.value = printable(error instanceof Error ? error.message : String(error));
};

function run(one: Side): void {
  one.engine
    .survey(({ events, survey }) =>
      batch(() => {
        one.progress.value = events;
        if (survey) one.survey.value = survey;
      }),
    )
    .then((survey) => {
      batch(() => {
        one.survey.value = survey;
        if (one.event.peek() === UNDECIDED) one.event.value = firstMoment(survey);
        selectByLabel(one, wantedObject);
      });
    })
    .catch(failed);
  keepUp(one.event, async (event) => {
    if (event === UNDECIDED) return;
    one.moment.value = await one.engine.moment(event);
  });
  // Slower answers wait until the value rests.
  keepUp(
    resting(() => one.moment.value?.event ?? UNDECIDED),
    async (event) => {
      if (event !== UNDECIDED) one.tree.value = await one.engine.tree(event);
    },
  );
  keepUp(
    resting(() => ({ id: one.selected.value, event: one.moment.value?.event ?? UNDECIDED })),
    async ({ id, event }) => {
      one.why.value = id === 0 || event < 0 ? undefined : await one.engine.why(event, id);
    },
  );
  keepUp(one.selected, async (id) => {
    one.life.value = undefined;
    const survey = one.survey.peek();
    const lane = survey?.lanes.id.indexOf(id) ?? -1;
    if (id !== 0) one.life.value = await one.engine.life(id, lane >= 0 ? survey!.lanes.from[lane]! : 1);
  });
}

/** Follows a value once it has been unchanged for `REST`. */
function resting<T>(value: () => T): ReadonlySignal<T> {
  const rested = signal(untracked(value));
  let timer = 0;
  effect(() => {
    const now = value();
    clearTimeout(timer);
    timer = setTimeout(() => (rested.value = now), REST) as unknown as number;
  });
  return rested;
}

/** Works on the latest value, one at a time: values in between are skipped. */
function keepUp<T>(wanted: ReadonlySignal<T>, work: (value: T) => Promise<void>): void {
  let busy = false;
  let again = false;
  const turn = async (): Promise<void> => {
    if (busy) {
      again = true;
      return;
    }
    busy = true;
    do {
      again = false;
      await work(wanted.peek()).catch(failed);
    } while (again);
    busy = false;
  };
  effect(() => {
    void wanted.value;
    void turn();
  });
}

/** Seeks to the target of a link; the browser's back button returns here. */
export function jump(one: Side, event: number): void {
  const here = `#${untracked(() => linkText(linkNow()))}`;
  if (event !== one.event.peek()) {
    history.replaceState(null, "", here);
    history.pushState(null, "", here);
  }
  seek(one, event);
}

export function seek(one: Side, event: number): void {
  const to = Math.max(0, Math.min(one.log.events, Math.round(event)));
  batch(() => {
    active.value = one.index;
    one.event.value = to;
    one.range.value = revealing(one.range.peek(), to, one.log.events);
  });
}

export function show(one: Side, range: Range): void {
  one.range.value = bounded(range, one.log.events);
}

/** 0: none. */
export function select(one: Side, id: ObjectId): void {
  batch(() => {
    active.value = one.index;
    one.selected.value = id;
  });
}

/** Shows a step of the tour with its moment and object; `stay`: keeps the moment of the address. */
export function goTo(number: number, stay = false): void {
  const found = tour.peek()[Math.max(1, Math.min(tour.peek().length, number)) - 1];
  if (!found) return;
  step.value = found.number;
  if (!stay) look(found.moment.recording, found.moment.event, found.moment.object);
}

/** Shows a moment of the log with this path. */
export function look(path: string, event: number, object = ""): void {
  const to = sides.peek().find(({ log }) => log.path === path);
  if (!to) return;
  batch(() => {
    view.value = "timeline";
    jump(to, event);
    to.selected.value = 0;
    wantedObject = object;
    selectByLabel(to, object);
  });
}

let wantedObject = "";

function selectByLabel(one: Side, label: string): void {
  const lanes = one.survey.peek()?.lanes;
  const lane = label === "" || !lanes ? -1 : lanes.label.indexOf(label);
  if (lane >= 0) one.selected.value = lanes!.id[lane]!;
}

function follow(link: Link): void {
  batch(() => {
    if (link.view) view.value = link.view;
    if (link.side !== undefined && sides.value[link.side]) active.value = link.side;
    if (link.step !== undefined) step.value = link.step;
    difference.value = link.difference ?? 0;
    for (const one of sides.value) {
      const event = link.events[one.index];
      if (event !== undefined) one.event.value = Math.min(event, one.log.events);
      if (link.range && one.index === active.value) show(one, link.range);
      else if (event !== undefined) one.range.value = revealing(one.range.peek(), event, one.log.events);
    }
    wantedObject = link.object ?? "";
    const now = sides.value[active.value];
    if (now) selectByLabel(now, wantedObject);
  });
}

function linkNow(): Link {
  const now = side.value;
  const survey = now?.survey.value;
  const lane = survey && now.selected.value !== 0 ? survey.lanes.id.indexOf(now.selected.value) : -1;
  const range = now?.range.value;
  const all = now && range && range.from === whole(now.log.events).from && range.to === whole(now.log.events).to;
  return {
    view: view.value,
    side: active.value,
    ...(session.value?.tour ? { step: step.value } : {}),
    events: sides.value.map((one) => (one.event.value === UNDECIDED ? undefined : one.event.value)),
    ...(lane >= 0 ? { object: survey!.lanes.label[lane]! } : {}),
    ...(range && !all ? { range } : {}),
    ...(difference.value > 0 ? { difference: difference.value } : {}),
  };
}

let waiting = 0;
/** Delays and merges changes: browsers limit how often an address may change. */
function keepLink(text: string): void {
  clearTimeout(waiting);
  waiting = setTimeout(() => history.replaceState(null, "", `#${text}`), 200) as unknown as number;
}
