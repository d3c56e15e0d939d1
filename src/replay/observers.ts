/** Combines several observers of one replay; they are called in order. */
import type { Observer } from "../reduce/world.js";

export function all(...observers: readonly Observer[]): Observer {
  return {
    ...(observers.some((o) => o.changed)
      ? {
          changed: (...args: Parameters<NonNullable<Observer["changed"]>>) =>
            observers.forEach((o) => o.changed?.(...args)),
        }
      : {}),
    touched: (...args) => observers.forEach((o) => o.touched?.(...args)),
    entered: (...args) => observers.forEach((o) => o.entered?.(...args)),
    returned: (...args) => observers.forEach((o) => o.returned?.(...args)),
    reduced: (...args) => observers.forEach((o) => o.reduced?.(...args)),
    closed: (...args) => observers.forEach((o) => o.closed?.(...args)),
    finish: () => observers.forEach((o) => o.finish?.()),
  };
}
