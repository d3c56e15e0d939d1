/** Combines several observers of one replay into one that calls them in order. */
import type { Observer } from "../reduce/world.js";

const HOOKS = ["changed", "touched", "entered", "returned", "reduced", "closed", "finish"] as const;
type Hook = (...args: readonly unknown[]) => void;

export function all(...observers: readonly Observer[]): Observer {
  return observers.reduce(both, {});
}

/** Merges two observers. A hook that only one has is passed through unwrapped, since hooks run at every event. */
function both(a: Observer, b: Observer): Observer {
  const hooks: { [Name in (typeof HOOKS)[number]]?: Hook } = {};
  for (const name of HOOKS) {
    const [x, y] = [a[name]?.bind(a) as Hook | undefined, b[name]?.bind(b) as Hook | undefined];
    const hook = x && y ? (...args: readonly unknown[]) => (x(...args), y(...args)) : (x ?? y);
    if (hook) hooks[name] = hook;
  }
  return hooks as Observer;
}
