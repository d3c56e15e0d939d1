/** The findings of a recording, each with links to the event where it became certain and to its evidence. */
import { formatOf } from "../../read/formats.js";
import type { JSX } from "preact";
import { NO_VERDICTS } from "../../show/summary.js";
import { plural } from "../../base/text.js";
import type { Survey, SurveyFinding } from "../protocol.js";
import { select, type Side } from "./store.js";
import { Event, text } from "./text.js";

const SHOWN = 50;

function counted(findings: readonly SurveyFinding[]): string {
  const errors = findings.filter(({ severity }) => severity === "error").length;
  const hazards = findings.length - errors;
  return [...(errors > 0 ? [plural(errors, "finding")] : []), ...(hazards > 0 ? [plural(hazards, "hazard")] : [])].join(
    ", ",
  );
}

export function Findings({ of }: { readonly of: Side }): JSX.Element {
  const survey = of.survey.value;
  if (!survey) return <p class="waiting" role="status">{`${of.progress.value} of ${of.log.events} events read …`}</p>;
  const { findings, warnings, doubts, lost, read, events } = survey;
  const isBare = formatOf(of.log.format)?.callsOnly;
  return (
    <section class="findings" aria-label="findings">
      {(lost > 0 || warnings.length > 0) && (
        <details>
          <summary>
            {lost > 0
              ? `${lost} events are missing from the recording`
              : `${warnings.length} warning${warnings.length === 1 ? "" : "s"}`}
          </summary>
          <ul>
            {warnings.slice(0, SHOWN).map((warning, k) => (
              <li key={k}>{text(warning)}</li>
            ))}
          </ul>
        </details>
      )}
      {findings.length === 0 ? (
        <p class="sound" role="status">
          {read < events
            ? `${of.progress.value} of ${events} events read …`
            : isBare
              ? NO_VERDICTS
              : `no findings in ${lost > 0 ? `what is left of ${events} events` : `${events} events`}`}
        </p>
      ) : (
        <p class="dim">{counted(findings)}</p>
      )}
      {findings.length > 0 && (
        <ol>
          {findings.slice(0, SHOWN).map((finding, k) => (
            <Found key={k} of={of} survey={survey} finding={finding} />
          ))}
          {findings.length > SHOWN && <li class="dim">and {findings.length - SHOWN} more: [ and ] go through all</li>}
        </ol>
      )}
      {read === events && !isBare && doubts.map((line) => <p class="dim">{text(line)}</p>)}
    </section>
  );
}

function Found({
  of,
  survey: { lanes },
  finding: { rule, severity, object, lane, event, message, evidence },
}: {
  readonly of: Side;
  readonly survey: Survey;
  readonly finding: SurveyFinding;
}): JSX.Element {
  return (
    <li class={severity}>
      <span class="sign">{severity === "error" ? "✖ finding" : "▲ hazard"}</span> <b>{rule}</b>: {text(message)}, at
      event <Event of={of} event={event} />
      {lane >= 0 && (
        <>
          {" "}
          <button type="button" class="jump" title="select it" onClick={() => select(of, lanes.id[lane]!)}>
            {text(object)}
          </button>
        </>
      )}
      {evidence.length > 0 && (
        <span class="dim">
          {" "}
          (shown by{" "}
          {evidence.slice(0, 8).map((seq, n) => (
            <span key={seq}>
              {n > 0 && ", "}
              <Event of={of} event={seq} />
            </span>
          ))}
          )
        </span>
      )}
    </li>
  );
}
