/** Summarises the diff of two recordings in a line and by outermost operation. */
import type { JSX } from "preact";
import { type Stat, statsOf, summaryLine } from "../../show/diff-text.js";
import { Overview } from "./diff-overview.js";
import { choose, document } from "./diff-store.js";
import type { Side } from "./store.js";
import { text } from "./text.js";

/** Most operations listed. */
const OPERATIONS = 200;
/** Most marks in one row; beyond, marks are to scale. */
const BAR = 40;

export function DiffSummaryView({ before, after }: { readonly before: Side; readonly after: Side }): JSX.Element {
  const { differences } = document.value;
  const stats = [...statsOf(document.value)];
  const most = Math.max(1, ...stats.map(([, stat]) => total(stat)));
  return (
    <details class="summary" open>
      <summary>
        {differences.length === 0
          ? "No differences: "
          : `${differences.length} difference${differences.length === 1 ? "" : "s"}: `}
        {summaryLine(document.value).trim()}
      </summary>
      {stats.length > 0 && (
        <div class="overview">
          <div class="stats" tabIndex={0} role="group" aria-label="differences by operation">
            <table>
              <tbody>
                {stats.slice(0, OPERATIONS).map(([where, stat]) => (
                  <tr key={where}>
                    <th scope="row">
                      <button
                        type="button"
                        class="jump"
                        onClick={() => choose(differences.findIndex((one) => one.where === where))}
                      >
                        {text(where)}
                      </button>
                    </th>
                    <td>{total(stat)}</td>
                    <td>
                      <Bar stat={stat} scale={most <= BAR ? 1 : BAR / most} />
                    </td>
                  </tr>
                ))}
              </tbody>
            </table>
            {stats.length > OPERATIONS && <p class="dim">and {stats.length - OPERATIONS} more operations</p>}
          </div>
          <Overview before={before} after={after} />
        </div>
      )}
    </details>
  );
}

function total({ added, removed, changed }: Stat): number {
  return added + removed + changed;
}

function Bar({
  stat: { added, removed, changed },
  scale,
}: {
  readonly stat: Stat;
  readonly scale: number;
}): JSX.Element {
  const marks = (mark: string, count: number): string =>
    mark.repeat(count === 0 ? 0 : Math.max(1, Math.round(count * scale)));
  return (
    <code role="img" aria-label={`${added} added, ${changed} changed, ${removed} removed`}>
      <span class="plus">{marks("+", added)}</span>
      <span class="tilde">{marks("~", changed)}</span>
      <span class="minus">{marks("-", removed)}</span>
    </code>
  );
}
