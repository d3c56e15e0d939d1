/** Checks the conditions between the parts of a snapshot on which a replay from it relies: its bytes are untrusted. */
import type { PointTable } from "../../events/points.js";
import { DamagedError } from "../log/file/bytes.js";
import type { SavedReplay } from "../replay/replaying.js";

/** @throws {DamagedError} If a condition does not hold. */
export function checked(saved: SavedReplay, points: PointTable): SavedReplay {
  const { objects, nextObject, world, learned } = saved.reducer;
  let last = 0;
  for (const { id } of objects) {
    if (id <= last || id >= nextObject) throw new DamagedError("objects out of order");
    last = id;
  }
  for (const o of objects) if (o.death !== 0) throw new DamagedError("an object that lives and is dead");
  for (const o of world.identities.remembered)
    if (o.death === 0) throw new DamagedError("an object that is gone and lives");
  for (const { point } of learned)
    if (points.points[point] === undefined) throw new DamagedError("a point of no operation");
  for (const { frames } of world.stacks)
    for (const { point } of frames)
      if (points.points[point]?.phase !== "entry") throw new DamagedError("a call that no entry began");
  for (const { facts } of world.waiting)
    for (const { events } of facts)
      if (events.some((event) => points.byEvent(event) === undefined))
        throw new DamagedError("a fact that waits for an unknown event");
  return saved;
}
