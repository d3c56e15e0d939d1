/** Explains an object's state after an event: its origin, each reference on it, and its last change. */
import { type Field, type Fields, kinds } from "../../events/kinds/index.js";
import { formatTime } from "../log/time.js";
import type { EventView } from "../log/view.js";
import type { Frame, Stack } from "../reduce/calls.js";
import type { KernelObject, LifeField, Reference } from "../reduce/objects.js";
import type { World } from "../reduce/world.js";
import type { Seeker } from "./seeker.js";

/** An event, and the operations around it. */
export interface Place {
  readonly event: number;
  readonly operation: string;
  readonly phase: "entry" | "return";
  readonly task: string;
  /** With the recording's own digits. */
  readonly time: string;
  /** 0 if the format has none. */
  readonly line: number;
  /** Operations in progress around it, the innermost first. */
  readonly inside: readonly string[];
}

export interface Held {
  readonly reference: Reference;
  /** The owner at that moment. */
  readonly owner: string;
  readonly taken: Place | undefined;
}

export interface LastChange extends Place {
  /** The changed values: `count 4 → 3`. */
  readonly changed: readonly string[];
}

/**
 * The reasons for an object's state: its origin, each reference on it with its owner and the event that took it, and
 * the last change.
 */
export interface Why {
  readonly object: KernelObject;
  readonly label: string;
  /** The event that made it; `undefined` if it is older than the recording. */
  readonly born: Place | undefined;
  readonly held: readonly Held[];
  /** Number of further references, whose places are not listed. */
  readonly more: number;
  /** `undefined`: nothing has changed it since it was first seen. */
  readonly last: LastChange | undefined;
}

/** Most references listed with their places. */
const SHOWN = 16;
/** Events that are searched first for the last change; doubled each time. */
const LOOKED = 1 << 15;

/** Explains why objects are as they are after an event: each wanted object in the state of that moment. */
export function why(
  seeker: Seeker,
  event: number,
  wanted: (object: KernelObject, world: World) => boolean,
  holderOf: (world: World, reference: Reference) => string,
): Why[] {
  const { world } = seeker.at(event);
  return [...world.store.live()]
    .filter((object) => wanted(object, world))
    .map((object) => {
      const label = world.label(object);
      const held = object.references
        .slice(0, SHOWN)
        .map((reference) => ({ reference, owner: holderOf(world, reference), taken: placeOf(seeker, reference.seq) }));
      return {
        object,
        label,
        born: object.birth > 0 ? placeOf(seeker, object.birth) : undefined,
        held,
        more: object.references.length - held.length,
        last: lastChange(seeker, object, event),
      };
    });
}

/** Returns `undefined` for an event that cannot be read, or is not in the catalogue. */
export function placeOf(seeker: Seeker, event: number): Place | undefined {
  let place: Place | undefined;
  const replaying = seeker.at(event - 1);
  const { world } = replaying;
  world.observer = {
    reduced: (e, stack, frame) => {
      if (e.seq === event) place = placed(e, stack, frame, world);
    },
  };
  seeker.forward(replaying, event);
  return place;
}

/** Returns the last event up to `event` that changed an object. */
export function lastChange(seeker: Seeker, object: KernelObject, event: number): LastChange | undefined {
  for (let end = event, look = LOOKED; end >= object.met; look *= 2) {
    const start = Math.max(object.met, end - look + 1);
    const found = lastWithin(seeker, object, start, end);
    if (found) return found;
    end = start - 1;
  }
  return undefined;
}

function lastWithin(seeker: Seeker, { id, kind }: KernelObject, start: number, end: number): LastChange | undefined {
  const replaying = seeker.at(start - 1);
  const { world } = replaying;
  let last: LastChange | undefined;
  let before = valuesOf(world.store.any(id));
  world.observer = {
    reduced: (e, stack, frame) => {
      const now = valuesOf(world.store.any(id));
      const changed = before && now ? differences(kinds[kind].fields, before, now, world) : [];
      before = now;
      if (changed.length > 0) last = { ...placed(e, stack, frame, world), changed };
    },
  };
  seeker.forward(replaying, end);
  return last;
}

type Values = ReadonlyMap<string, string>;

/** Fields that are no state of the kernel's: identity, and kreel's own notes. */
const NOT_STATE: ReadonlySet<string> = new Set([
  "kind",
  "id",
  "address",
  "generation",
  "met",
  "trail",
  "deeds",
  "steps",
  "focus",
] satisfies LifeField[]);

/** Words for fields whose values are events. */
const MEANINGS: { readonly [name in LifeField]?: string } = {
  references: "a reference changed hands",
  birth: "born",
  death: "gone",
};

function valuesOf(object: KernelObject | undefined): Values | undefined {
  if (!object) return undefined;
  const values = new Map<string, string>();
  for (const [name, value] of Object.entries(object)) {
    if (NOT_STATE.has(name) || kinds[object.kind].fields[name]?.remembered) continue;
    if (name === "references")
      values.set(name, (value as readonly Reference[]).map(({ seq, owner }) => `${seq}:${owner}`).join());
    else values.set(name, typeof value === "object" && value !== null ? JSON.stringify(value) : String(value));
  }
  return values;
}

function differences(fields: Fields, before: Values, now: Values, world: World): string[] {
  const changed = [...now].filter(([name, value]) => before.get(name) !== value);
  // A changed owner is mentioned only if nothing else changed.
  const told = changed.filter(([name]) => name !== "references" || changed.length === 1);
  return told.map(([name, value]) => {
    const field = fields[name];
    const meaning = MEANINGS[name as LifeField] ?? field?.became;
    if (meaning !== undefined) return meaning;
    const words = name === "unprobed" ? "untraced references" : name;
    return `${words} ${valueText(field, before.get(name)!, world)} → ${valueText(field, value, world)}`;
  });
}

function valueText(field: Field | undefined, value: string, world: World): string {
  if (field?.to === undefined) return value === "" ? "none" : value;
  const labels = (value.match(/\d+/g) ?? []).filter((id) => id !== "0").map((id) => world.labelOf(Number(id)));
  return labels.length === 0 ? "none" : labels.join(", ");
}

function placed(e: EventView, stack: Stack, frame: Frame | undefined, world: World): Place {
  const { batch, index } = e;
  const point = e.point!;
  return {
    event: e.seq,
    operation: point.operation.name,
    phase: point.phase,
    task: world.taskName(e.taskId),
    time: formatTime(batch.timeHigh[index]!, batch.timeLow[index]!, batch.timeDigits),
    line: e.line,
    inside: [...stack.frames()]
      .filter(({ seq }) => seq !== e.seq && seq !== frame?.seq)
      .map(({ operation }) => operation.name)
      .reverse(),
  };
}
