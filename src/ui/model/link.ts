/** What the address bar holds behind `#`: a link shows the same moment of the same objects. */
import type { Range } from "./axis.js";

export const VIEWS = ["timeline", "diff"] as const;
export type ViewName = (typeof VIEWS)[number];

export interface Link {
  readonly view?: ViewName;
  /** The recording that is looked at, 0 or 1. */
  readonly side?: 0 | 1;
  /** By recording: the moment. */
  readonly events: readonly (number | undefined)[];
  /** By recording: what is selected, as it is labelled. */
  readonly object?: string;
  readonly range?: Range;
}

export function linkText({ view, side, events, object, range }: Link): string {
  const params = new URLSearchParams();
  if (view && view !== "timeline") params.set("view", view);
  if (side) params.set("side", String(side + 1));
  events.forEach((event, k) => event !== undefined && params.set(k === 0 ? "event" : `event${k + 1}`, String(event)));
  if (object) params.set("object", object);
  if (range) params.set("range", `${Math.floor(range.from)}-${Math.ceil(range.to)}`);
  return params.toString();
}

/** What cannot be read is left out: anybody may write an address. */
export function parseLink(text: string): Link {
  const params = new URLSearchParams(text.replace(/^#/, ""));
  const event = (name: string): number | undefined => {
    const value = params.get(name) ?? "";
    return /^\d{1,15}$/.test(value) ? Number(value) : undefined;
  };
  const view = VIEWS.find((name) => name === params.get("view"));
  const object = params.get("object");
  const [, from, to] = /^(\d{1,15})-(\d{1,15})$/.exec(params.get("range") ?? "") ?? [];
  return {
    ...(view ? { view } : {}),
    ...(params.get("side") === "2" ? { side: 1 } : {}),
    events: [event("event"), event("event2")],
    ...(object ? { object } : {}),
    ...(from !== undefined && to !== undefined && Number(to) > Number(from) ? { range: { from: Number(from), to: Number(to) } } : {}),
  };
}
