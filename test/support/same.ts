/** `t.deepEqual` for what is large: it is as strict, and only where two differ does it take the time to say how. */
import { isDeepStrictEqual } from "node:util";
import type { ExecutionContext } from "ava";

export function same(t: ExecutionContext, actual: unknown, expected: unknown, message?: string): void {
  if (isDeepStrictEqual(actual, expected)) t.pass();
  else t.deepEqual(actual, expected, message);
}
