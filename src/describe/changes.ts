/** A change of an object in words: `refcnt 2 → 3, held by kvm_gmem_create`. */
import { countName } from "../reduce/objects.js";
import type { Change } from "./chronicle.js";
import { list } from "../base/text.js";

export type ShownChange = Change;

/** `refcnt 2 → 3`; empty where the count stayed or is not known. */
export function countText(change: ShownChange): string {
  const { from, to, kind } = change;
  if (to === null || from === null || from === to) return "";
  return `${countName(kind)} ${from} → ${to}`;
}

/** Names the calls and objects that hold what was taken, and those that gave back what was put. */
export function ownersText(change: ShownChange): string {
  const parts: string[] = [];
  const names = (owners: readonly string[]): string => list([...new Set(owners)]);
  if (change.taken.length > 0) parts.push(`held by ${names(change.taken)}`);
  if (change.given.length > 0) parts.push(`given back by ${names(change.given)}`);
  if (change.passed.length > 0) parts.push(`now held by ${names(change.passed)}`);
  return parts.join(", ");
}

/** Describes the change beside its count, unless the ledger already says it with a name. */
export function noteText(change: ShownChange): string {
  const owners = ownersText(change);
  if (owners !== "" && /\breference is\b/.test(change.note)) return "";
  return owners.startsWith("held by") ? change.note.replace(/, held by the mount$/, "") : change.note;
}

/** The whole change; empty if the event left the object as it was. */
export function changeText(change: ShownChange): string {
  const note = noteText(change);
  const count = countText(change);
  // The note of a birth already has the count.
  const counted = count !== "" && !note.includes(countName(change.kind));
  return [note, counted ? count : "", ownersText(change)].filter((part) => part !== "").join(", ");
}
