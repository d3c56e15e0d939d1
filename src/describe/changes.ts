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

/** Who holds what was taken, who gave back what was given. */
export function ownersText(change: ShownChange): string {
  const parts: string[] = [];
  const names = (owners: readonly string[]): string => list([...new Set(owners)]);
  if (change.taken.length > 0) parts.push(`held by ${names(change.taken)}`);
  if (change.given.length > 0) parts.push(`given back by ${names(change.given)}`);
  if (change.passed.length > 0) parts.push(`now held by ${names(change.passed)}`);
  return parts.join(", ");
}

/** What a change does beside its count; what the ledger says with a name is not said twice. */
export function noteText(change: ShownChange): string {
  const owners = ownersText(change);
  if (owners !== "" && /\breference is\b/.test(change.note)) return "";
  return owners.startsWith("held by") ? change.note.replace(/, held by the mount$/, "") : change.note;
}

/** All of it; empty where the event only passed by. */
export function changeText(change: ShownChange): string {
  const note = noteText(change);
  const count = countText(change);
  // A birth's note has the count in it.
  const counted = count !== "" && !note.includes(countName(change.kind));
  return [note, counted ? count : "", ownersText(change)].filter((part) => part !== "").join(", ");
}
