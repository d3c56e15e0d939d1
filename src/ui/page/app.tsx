/** The page as a whole. */
import type { JSX } from "preact";
import { CallTree } from "./calls.js";
import { DiffView } from "./diff.js";
import { Findings } from "./findings.js";
import { ObjectGraph } from "./graph.js";
import { Help } from "./help.js";
import { useKeys } from "./keys.js";
import { Objects } from "./objects.js";
import { backToReport } from "./report.js";
import { Scrubber } from "./scrubber.js";
import { Search } from "./search.js";
import { active, session, side, type Side, sides, trouble, view } from "./store.js";
import { text } from "./text.js";
import { Timeline } from "./timeline/timeline.js";
import { Tour } from "./tour.js";
import { Why } from "./why.js";

export function App(): JSX.Element {
  useKeys();
  const now = side.value;
  return (
    <>
      <Header />
      {trouble.value !== "" && (
        <p class="trouble" role="alert">
          {trouble.value}
        </p>
      )}
      {session.value === undefined && trouble.value === "" && <p class="waiting">reading …</p>}
      <div class="body">
        {session.value?.tour && <Tour />}
        {now && (view.value === "diff" ? <DiffView /> : <Recording key={now.index} of={now} />)}
      </div>
      <Help />
    </>
  );
}

function Header(): JSX.Element {
  const two = session.value?.diff === true;
  const isTour = session.value?.tour === true;
  return (
    <header>
      <h1>kreel</h1>
      {backToReport && (
        <button type="button" onClick={backToReport}>
          ‹ report
        </button>
      )}
      <nav aria-label="views">
        {isTour && side.value && <span>{text(side.value.log.path)}</span>}
        {!isTour &&
          sides.value.map((one) => (
            <button
              type="button"
              key={one.index}
              aria-pressed={view.value === "timeline" && active.value === one.index}
              title={text(one.log.path)}
              onClick={() => ((view.value = "timeline"), (active.value = one.index))}
            >
              {two ? (one.index === 0 ? "before: " : "after: ") : ""}
              {text(one.log.name)}
            </button>
          ))}
        {session.value?.diff && (
          <button type="button" aria-pressed={view.value === "diff"} onClick={() => (view.value = "diff")}>
            differences
          </button>
        )}
      </nav>
      {side.value && view.value === "timeline" && <Search of={side.value} />}
    </header>
  );
}

function Recording({ of }: { readonly of: Side }): JSX.Element {
  return (
    <main>
      <Findings of={of} />
      <Timeline of={of} />
      <Scrubber of={of} />
      <div class="panels">
        <Objects of={of} />
        <ObjectGraph of={of} />
        <div class="stacked">
          <Why of={of} />
          <CallTree of={of} />
        </div>
      </div>
    </main>
  );
}
