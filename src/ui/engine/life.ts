/** Lists every event in the life of one object. */
import type { ObjectId } from "../../reduce/objects.js";
import type { Seeker } from "../../seek/seeker.js";
import { changeText } from "../../describe/changes.js";
import { Chronicle } from "../../describe/chronicle.js";
import type { LifeStep } from "../protocol.js";

const STEPS = 5000;
/** Events that are read before the object's death is checked for; doubled each time. */
const READ = 1 << 10;

/** `from`: the first event of its life. */
export function lifeOf(seeker: Seeker, id: ObjectId, from: number): readonly LifeStep[] {
  const steps: LifeStep[] = [];
  const replaying = seeker.at(Math.max(0, from - 1));
  const { world } = replaying;
  world.observer = new Chronicle(world, ({ seq, operation, phase, changes }) => {
    const change = changes.find((one) => one.id === id);
    if (change && steps.length < STEPS)
      steps.push({
        event: seq,
        operation: phase === "return" ? `${operation} returns` : operation,
        what: [changeText(change)].filter((text) => text !== ""),
      });
  });
  let to = 0;
  for (let read = READ; to < seeker.events && steps.length < STEPS; read *= 2) {
    to = Math.min(from + read, seeker.events);
    seeker.forward(replaying, to);
    const object = world.store.any(id);
    if (steps.length > 0 && (!object || object.death > 0)) break;
  }
  return steps;
}
