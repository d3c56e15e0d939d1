/** Text of a recording on the page: never markup, and without characters that reorder other text. */
import type { JSX } from "preact";
import { printable } from "../../base/trouble.js";
import { jump, type Side } from "./store.js";

export { printable as text };

/** A link to a moment. */
export function Event({
  of,
  event,
  children,
}: {
  readonly of: Side;
  readonly event: number;
  readonly children?: preact.ComponentChildren;
}): JSX.Element {
  return (
    <button type="button" class="jump" title={`go to event ${event}`} onClick={() => jump(of, event)}>
      {children ?? event}
    </button>
  );
}
