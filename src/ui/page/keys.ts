/** The keyboard, unless a field has the focus. */
import { signal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { whole, zoomed } from "../model/axis.js";
import { nextChange, nextFinding, nextOperation } from "./steps.js";
import { choose, stepDifference } from "./diff-store.js";
import { seek, select, show, side, type Side, view } from "./store.js";

export const helpIsOpen = signal(false);

export const KEYS: readonly (readonly [keys: string, does: string])[] = [
  ["← →", "previous and next event"],
  ["Shift ← →", "previous and next operation"],
  ["Alt ← →  or  , .", "previous and next change of the selected object"],
  ["[ ]", "previous and next finding"],
  ["Home End", "before the first event, after the last"],
  ["w s  or  + −", "come nearer, go farther"],
  ["a d", "move along the timeline"],
  ["0", "the whole recording"],
  ["/", "search"],
  ["Esc", "select nothing, close"],
  ["n p", "next and previous difference of two recordings"],
  ["?", "these keys"],
];

export function useKeys(): void {
  useEffect(() => {
    addEventListener("keydown", onKey);
    return () => removeEventListener("keydown", onKey);
  }, []);
}

function onKey(event: KeyboardEvent): void {
  const target = event.target as HTMLElement;
  const typing =
    target instanceof HTMLInputElement || target instanceof HTMLSelectElement || target instanceof HTMLTextAreaElement;
  if (event.ctrlKey || event.metaKey) return;
  const now = side.peek();
  if (event.key === "Escape") {
    if (helpIsOpen.peek()) helpIsOpen.value = false;
    else if (typing) target.blur();
    else if (view.peek() === "diff") choose(undefined);
    else if (now) select(now, 0);
    return;
  }
  if (typing || !now) return;
  if (actAnywhere(event.key) || (view.peek() === "diff" ? actOnDifferences(event.key) : act(event, now)))
    event.preventDefault();
}

/** Handles keys that work in every view. True if the key has a meaning, as in the functions below. */
function actAnywhere(key: string): boolean {
  switch (key) {
    case "/":
      document.querySelector<HTMLInputElement>("#search, #difference-words")?.focus();
      return true;
    case "?":
      helpIsOpen.value = true;
      return true;
    default:
      return false;
  }
}

function actOnDifferences(key: string): boolean {
  switch (key) {
    case "n":
      return stepDifference(1), true;
    case "p":
      return stepDifference(-1), true;
    default:
      return false;
  }
}

function act({ key, shiftKey, altKey }: KeyboardEvent, now: Side): boolean {
  const to = (event: number | undefined): true => {
    if (event !== undefined) seek(now, event);
    return true;
  };
  const event = now.event.peek();
  const range = now.range.peek();
  const zoom = (factor: number): true => (
    show(
      now,
      zoomed(
        range,
        factor,
        event >= range.from && event <= range.to ? event : (range.from + range.to) / 2,
        now.log.events,
      ),
    ),
    true
  );
  const move = (share: number): true => (
    show(now, { from: range.from + (range.to - range.from) * share, to: range.to + (range.to - range.from) * share }),
    true
  );
  switch (key) {
    case "ArrowLeft":
      return to(altKey ? nextChange(now, -1) : shiftKey ? nextOperation(now, -1) : event - 1);
    case "ArrowRight":
      return to(altKey ? nextChange(now, 1) : shiftKey ? nextOperation(now, 1) : event + 1);
    case ",":
      return to(nextChange(now, -1));
    case ".":
      return to(nextChange(now, 1));
    case "[":
      return to(nextFinding(now, -1));
    case "]":
      return to(nextFinding(now, 1));
    case "Home":
      return to(0);
    case "End":
      return to(now.log.events);
    case "w":
    case "+":
    case "=":
      return zoom(0.7);
    case "s":
    case "-":
      return zoom(1 / 0.7);
    case "a":
      return move(-0.15);
    case "d":
      return move(0.15);
    case "0":
      return show(now, whole(now.log.events)), true;
    default:
      return false;
  }
}
