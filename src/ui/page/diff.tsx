/** Two recordings side by side: their differences row by row, and both moments of the chosen one. */
import type { JSX } from "preact";
import "./diff.css";
import { BothMoments } from "./diff-moments.js";
import { chosen, failure } from "./diff-store.js";
import { DiffSummaryView } from "./diff-summary.js";
import { DiffTable } from "./diff-table.js";
import { DiffTools } from "./diff-tools.js";
import { diff, reloadDiff, sides, trouble } from "./store.js";
import { text } from "./text.js";

export function DiffView(): JSX.Element {
  const [before, after] = sides.value;
  if (!diff.value || failure.value !== undefined || !before || !after)
    return (
      <main>
        <p class="waiting" role="status">
          {failure.value !== undefined ? text(failure.value) : trouble.value === "" ? "comparing …" : "not compared"}
        </p>
        {trouble.value !== "" && (
          <p class="waiting">
            <button type="button" onClick={reloadDiff}>
              ask again
            </button>
          </p>
        )}
      </main>
    );
  return (
    <main class="diff">
      <DiffSummaryView before={before} after={after} />
      <DiffTools />
      <DiffTable before={before} after={after} />
      {chosen.value && <BothMoments before={before} after={after} chosen={chosen.value} />}
    </main>
  );
}
