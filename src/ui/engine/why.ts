/** Explains an object's state for the page. */
import type { ObjectId } from "../../reduce/objects.js";
import type { Seeker } from "../../seek/seeker.js";
import { why } from "../../seek/why.js";
import { holderName } from "../../show/state.js";
import type { WhyAnswer } from "../protocol.js";

export function whyOf(seeker: Seeker, event: number, id: ObjectId): WhyAnswer | undefined {
  const [answer] = why(seeker, event, (object) => object.id === id, holderName);
  if (!answer) return undefined;
  const { object, label, born, held, more, last } = answer;
  return {
    id,
    label,
    kind: object.kind,
    count: object.count,
    unprobed: object.unprobed,
    born,
    held: held.map(({ reference, owner, taken }) => ({
      owner,
      ownerId: reference.owner,
      by: reference.by,
      event: reference.seq,
      taken,
    })),
    more,
    last,
  };
}
