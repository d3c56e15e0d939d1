/** Functions that a probe shows from their entry to their return. */
import type { OperationName } from "../../events/index.js";
import { type Address, type Arguments, enter, leave, type Op } from "../simulate/step.js";
import type { Kernel } from "./kernel.js";

/**
 * A kernel function with the two events of its operation in the catalogue: the entry with what it is given, the return
 * with what it returns. So the body reads like the C, and `return` is all that its error paths need.
 */
export function probed<Name extends OperationName, Given extends unknown[], R extends Address>(
  operation: Name,
  args: (...given: Given) => Arguments<Name>,
  body: (this: Kernel, ...given: Given) => Op<R>,
): (this: Kernel, ...given: Given) => Op<R> {
  return function* (...given) {
    yield enter(operation, args(...given));
    const result = yield* body.apply(this, given);
    yield leave(operation, result);
    return result;
  };
}
