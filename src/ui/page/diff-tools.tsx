/** Filters the differences and steps from one to the next. */
import type { JSX } from "preact";
import { GROUPS, type Group } from "../model/diff-rows.js";
import { chosen, counts, groups, place, stepDifference, toggle, whole, words } from "./diff-store.js";
import { text } from "./text.js";

const NAMES: { readonly [group in Group]: string } = {
  added: "added",
  removed: "removed",
  replaced: "replaced",
  reordered: "reordered",
  argument: "arguments",
  result: "results",
  state: "states",
  finding: "findings",
};

export function DiffTools(): JSX.Element {
  const { at, of } = place.value;
  return (
    <div class="tools" role="group" aria-label="differences">
      <button type="button" onClick={() => stepDifference(-1)}>
        previous <kbd>p</kbd>
      </button>
      <button type="button" onClick={() => stepDifference(1)}>
        next <kbd>n</kbd>
      </button>
      <span role="status">
        {at > 0 ? `${at} of ${of}` : of === 0 ? "none" : `${of} to look at`}
        {chosen.value && <span class="hidden">: {text(chosen.value.difference.message)}</span>}
      </span>
      <fieldset class="kinds">
        <legend class="hidden">show only</legend>
        {GROUPS.filter((group) => counts.value.has(group)).map((group) => (
          <button key={group} type="button" aria-pressed={groups.value.has(group)} onClick={() => toggle(group)}>
            {NAMES[group]} {counts.value.get(group)}
          </button>
        ))}
      </fieldset>
      <label>
        <input type="checkbox" checked={whole.value} onChange={(e) => (whole.value = e.currentTarget.checked)} /> what
        is the same, too
      </label>
      <input
        id="difference-words"
        type="search"
        placeholder="only what says …"
        aria-label="show only what says"
        value={words.value}
        onInput={(e) => (words.value = e.currentTarget.value)}
      />
    </div>
  );
}
