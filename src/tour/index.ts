/** `tourSteps`: the guided tour, each step resolved in the recordings that come with the package. */
import { CHAPTERS } from "./chapters/index.js";
import { findMoment, namedBy } from "./find.js";
import { replayed, type Replayed } from "./replayed.js";
import type { Source, StepText, TourCommand, TourMoment, TourStep } from "./types.js";
import { type Replay, viewOf } from "./views.js";
import type { Kind } from "../reduce/objects.js";

export { PACKAGE as TOUR_FOLDER } from "./recordings.js";
export type { TourCommand, TourMoment, TourStep, TourView } from "./types.js";

/** The steps in their order, as written: without reading any recording. */
export const TOUR: readonly StepText[] = CHAPTERS.flat();

/**
 * Resolves the tour. Paths in it are relative to the package's folder, `TOUR_FOLDER`.
 *
 * @param wanted Numbers of steps, from 1; without, all. Only what these look at is read.
 * @throws {TroubleError} If a recording is missing.
 */
export async function tourSteps(wanted: readonly number[] = TOUR.map((_, k) => k + 1)): Promise<TourStep[]> {
  const done = new Map<Source, Promise<Replayed>>();
  const replay: Replay = (source) => {
    const running = done.get(source) ?? replayed(source);
    done.set(source, running);
    return running;
  };
  const steps: TourStep[] = [];
  for (const number of wanted) steps.push(await stepOf(TOUR[number - 1]!, number, replay));
  return steps;
}

async function stepOf(step: StepText, number: number, replay: Replay): Promise<TourStep> {
  const { id, title, paragraphs, terms } = step;
  const moment = await momentOf(step, replay);
  const views = [];
  for (const view of step.views) views.push(await viewOf(view, replay));
  const fault = views.flatMap(({ simulated }) => simulated?.fault ?? [])[0];
  const recordings = [
    ...new Set([moment.recording, ...views.flatMap(({ recording, after }) => [recording ?? [], after ?? []].flat())]),
  ];
  return {
    number,
    id,
    title,
    paragraphs,
    terms,
    recordings,
    moment,
    views,
    commands: step.commands.map(({ args, exit }) => ({ args: args.map((arg) => filled(arg, moment, fault)), exit })),
  };
}

async function momentOf({ at, focus }: StepText, replay: Replay): Promise<TourMoment> {
  const { event, node } = findMoment((await replay(at.in)).trees, at);
  const object = focus.includes(" ") ? focus : namedBy(node, focus as Kind);
  if (object === undefined) throw new Error(`the tour looks for a ${focus} at event ${event} of ${at.in}`);
  return { recording: at.in, event, object };
}

function filled(arg: TourCommand["args"][number], { event, object }: TourMoment, fault: number | undefined): string {
  return arg.replace("{event}", String(event)).replace("{object}", object).replace("{fault}", String(fault));
}
