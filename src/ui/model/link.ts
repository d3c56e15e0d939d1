/** The part of the address after `#`: a link shows the same moment of the same objects. */
import type { Range } from "./axis.js";

export const VIEWS = ["timeline", "diff"] as const;
export type ViewName = (typeof VIEWS)[number];

export interface Link {
  readonly view?: ViewName;
  /** The recording in view, from 0. */
  readonly side?: number;
  /** The step of a tour, from 1. */
  readonly step?: number;
  /** By recording: the moment. */
  readonly events: readonly (number | undefined)[];
  /** Label of the selected object. */
  readonly object?: string;
  readonly range?: Range;
  /** The chosen difference, from 1. */
  readonly difference?: number;
}

/** Most recordings with a moment in an address. */
const SIDES = 64;

export function linkText({ view, side, step, events, object, range, difference }: Link): string {
  const params = new URLSearchParams();
  if (view && view !== "timeline") params.set("view", view);
  if (step !== undefined) params.set("step", String(step));
  if (side) params.set("side", String(side + 1));
  events.forEach((event, k) => event !== undefined && params.set(k === 0 ? "event" : `event${k + 1}`, String(event)));
  if (object) params.set("object", object);
  if (range) params.set("range", `${Math.floor(range.from)}-${Math.ceil(range.to)}`);
  if (difference) params.set("difference", String(difference));
  return params.toString();
}

/** Parses an address; parameters that cannot be read are ignored, since addresses are untrusted. */
export function parseLink(text: string): Link {
  const params = new URLSearchParams(text.replace(/^#/, ""));
  const number = (name: string): number | undefined => {
    const value = params.get(name) ?? "";
    return /^\d{1,15}$/.test(value) ? Number(value) : undefined;
  };
  const view = VIEWS.find((name) => name === params.get("view"));
  const object = params.get("object");
  const [side, step, difference] = [number("side"), number("step"), number("difference")];
  const [, from, to] = /^(\d{1,15})-(\d{1,15})$/.exec(params.get("range") ?? "") ?? [];
  return {
    ...(view ? { view } : {}),
    ...(side !== undefined && side > 1 && side <= SIDES ? { side: side - 1 } : {}),
    ...(step ? { step } : {}),
    events: Array.from({ length: SIDES }, (_, k) => number(k === 0 ? "event" : `event${k + 1}`)),
    ...(object ? { object } : {}),
    ...(from !== undefined && to !== undefined && Number(to) > Number(from)
      ? { range: { from: Number(from), to: Number(to) } }
      : {}),
    ...(difference ? { difference } : {}),
  };
}
