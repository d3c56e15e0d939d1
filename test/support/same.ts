/** `t.deepEqual` for large values: as strict, but it takes the time to describe a difference only if there is one. */
import { isDeepStrictEqual } from "node:util";
import type { ExecutionContext } from "ava";

export function same(t: ExecutionContext, actual: unknown, expected: unknown, message?: string): void {
  if (isDeepStrictEqual(actual, expected)) t.pass();
  else t.deepEqual(actual, expected, message);
}
