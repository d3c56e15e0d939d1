/** Two recordings side by side. */
import type { JSX } from "preact";
import type { Diff, HunkLine } from "../../compare/types.js";
import { diff, reloadDiff, seek, sides, view } from "./store.js";
import { text } from "./text.js";

export function DiffView(): JSX.Element {
  const document = diff.value as Pick<Diff, "differences" | "hunks" | "summary"> | undefined;
  const [before, after] = sides.value;
  if (!document || !before || !after)
    return (
      <main>
        <p class="waiting" role="status">comparing …</p>
        <button type="button" onClick={reloadDiff}>ask again</button>
      </main>
    );
  const go = (which: 0 | 1, event: number): void => {
    seek(sides.value[which]!, event);
    view.value = "timeline";
  };
  const cell = (line: HunkLine, which: 0 | 1): JSX.Element => {
    const site = which === 0 ? line.before : line.after;
    return (
      <td>
        {site && (
          <button type="button" class="jump" onClick={() => go(which, site.event)}>
            {site.event}
          </button>
        )}
      </td>
    );
  };
  return (
    <main class="diff">
      <p>{document.differences.length} differences</p>
      {document.hunks.map((hunk, k) => (
        <table key={k}>
          <caption>
            {text(hunk.where)} {hunk.times > 1 && <span class="dim">({hunk.times} times)</span>}
          </caption>
          <tbody>
            {hunk.lines.map((line, n) => (
              <tr key={n} class={line.mark === "+" ? "added" : line.mark === "-" ? "removed" : line.mark === "~" ? "altered" : ""}>
                {cell(line, 0)}
                {cell(line, 1)}
                <td>{line.mark}</td>
                <td>
                  <code style={{ paddingInlineStart: `${line.depth * 1.2}em` }}>{text(line.text)}</code>
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      ))}
    </main>
  );
}
