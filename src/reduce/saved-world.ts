/** The world between two events as plain data, for snapshots, and a new world made of such data. */
import type { TaskId } from "../log/batch.js";
import type { SavedStacks } from "./calls.js";
import type { SavedDescriptorTables } from "./descriptor-tables.js";
import type { SavedIdentities } from "./identities.js";
import type { SavedMappings } from "./mappings.js";
import type { Module, ObjectId } from "./objects.js";
import type { SavedRcuQueue } from "./rcu-queue.js";
import type { SavedSight } from "./sight.js";
import type { SavedStrangers } from "./strangers.js";
import type { SavedWaitingFacts } from "./waiting-facts.js";
import type { World } from "./world.js";

/** Fields that are saved as they are. */
const PLAIN = [
  "lastLoss",
  "lastGap",
  "lossy",
  "overwritten",
  "missing",
  "missingHalves",
  "gmemModule",
  "codeFreed",
  "codeModule",
] as const satisfies readonly (keyof World)[];

/** All that the reducers keep between events, except the living objects, which the store has. */
export interface SavedWorld extends Pick<World, (typeof PLAIN)[number]> {
  readonly identities: SavedIdentities;
  readonly sight: SavedSight;
  readonly outlived: readonly ObjectId[];
  readonly overdrawn: readonly ObjectId[];
  readonly risen: readonly { readonly object: ObjectId; readonly event: number }[];
  readonly lowered: readonly { readonly module: ObjectId; readonly event: number }[];
  readonly gone: readonly Module[];
  readonly exits: readonly { readonly task: TaskId; readonly seq: number }[];
  readonly stacks: SavedStacks;
  readonly closing: readonly { readonly stack: number; readonly file: ObjectId }[];
  readonly ending: readonly { readonly stack: number; readonly vm: ObjectId }[];
  readonly rcu: SavedRcuQueue;
  readonly mappings: SavedMappings;
  readonly descriptors: SavedDescriptorTables;
  readonly strangers?: SavedStrangers;
  readonly waiting: SavedWaitingFacts;
}

/** Shares its parts with the world: the caller reads it before the next event. */
export function savedWorld(w: World): SavedWorld {
  const identities = w.savedIdentities();
  const objects = [...identities.remembered, ...w.store.live()];
  const known = new Set(objects.map(({ id }) => id));
  const stacks = w.calls.saved();
  const needed = new Set(objects.map((o) => ("module" in o ? o.module : 0)));
  for (const { frames } of stacks) for (const { subject } of frames) needed.add(subject);
  const knownOf = (ids: Iterable<ObjectId>): ObjectId[] => [...ids].filter((id) => known.has(id));
  return {
    ...plainOf(w),
    identities,
    sight: w.sight.saved(),
    outlived: knownOf(w.outlived),
    overdrawn: knownOf(w.overdrawn),
    risen: knownOf(w.risen.keys()).map((object) => ({ object, event: w.risen.get(object)! })),
    lowered: knownOf(w.lowered.keys()).map((module) => ({ module, event: w.lowered.get(module)! })),
    gone: [...w.gone.values()].filter(({ id }) => needed.has(id)),
    exits: Array.from(w.exits, ([task, seq]) => ({ task, seq })),
    stacks,
    ending: Array.from(w.ending, ([stack, vm]) => ({ stack: w.calls.keyOf(stack), vm })),
    closing: Array.from(w.closing, ([stack, file]) => ({ stack: w.calls.keyOf(stack), file })),
    rcu: w.rcu.saved(),
    mappings: w.mappings.saved(),
    descriptors: w.descriptors.saved(),
    ...(w.strangers ? { strangers: w.strangers.saved() } : {}),
    waiting: w.waiting.saved(),
  };
}

/** Continues another world: `w` is new, and its store has the other's living objects. */
export function restoreWorld(w: World, saved: SavedWorld): void {
  Object.assign(w, plainOf(saved));
  w.restoreIdentities(saved.identities);
  w.sight.restore(saved.sight);
  for (const id of saved.outlived) w.outlived.add(id);
  for (const id of saved.overdrawn) w.overdrawn.add(id);
  for (const { object, event } of saved.risen) w.risen.set(object, event);
  for (const { module, event } of saved.lowered) w.lowered.set(module, event);
  for (const module of saved.gone) w.gone.set(module.id, module);
  for (const { task, seq } of saved.exits) w.exits.set(task, seq);
  w.calls.restore(saved.stacks);
  for (const { stack, vm } of saved.ending) w.ending.set(w.calls.stackAt(stack), vm);
  for (const { stack, file } of saved.closing) w.closing.set(w.calls.stackAt(stack), file);
  w.rcu.restore(saved.rcu);
  w.mappings.restore(saved.mappings);
  w.descriptors.restore(saved.descriptors);
  if (saved.strangers) w.strangers?.restore(saved.strangers);
  w.waiting.restore(saved.waiting);
}

function plainOf(from: Pick<World, (typeof PLAIN)[number]>): Pick<World, (typeof PLAIN)[number]> {
  return Object.fromEntries(PLAIN.map((name) => [name, from[name]])) as Pick<World, (typeof PLAIN)[number]>;
}
