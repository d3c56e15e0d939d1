/** The result of minimising a recording, as text and as a document. */
import { points } from "../../events/index.js";
import type { Finding } from "../check/finding.js";
import type { Minimised, Unfound } from "../minimise/index.js";
import { recordingOf } from "../minimise/written.js";
import { printable } from "../base/trouble.js";
import { replayRecording } from "../replay/replay.js";
import { Chronicle } from "../describe/chronicle.js";
import { findingJson, type Json, VERSION } from "./json.js";
import { all } from "../replay/observers.js";
import type { Style } from "./style.js";
import { indent, plural, wrap } from "../base/text.js";
import { treeObservers } from "./trees.js";

/** Most events of an excerpt whose calls are shown. */
const SHORT = 100;
/** Most findings offered in place of a missing one. */
const OFFERED = 8;

export interface MinimisedContext {
  readonly style: Style;
  readonly width: number;
}

export async function minimisedLines(minimised: Minimised, { style, width }: MinimisedContext): Promise<string[]> {
  const { origin, finding, shown, excerpt, units, events, slice, tried, minimal } = minimised;
  const left = excerpt.batch.length;
  const severity = finding.severity === "error" ? style.red("error") : style.yellow("hazard");
  const head = [
    style.bold(`${printable(origin.path)}: ${left} of ${plural(events, "event")} left`),
    `a slice of ${slice} first, then ${plural(tried, "part")} of it tried: ${minimal ? spared(units) : style.yellow("the budget ran out, and less may do")}`,
    "",
    `${severity}: ${style.bold(printable(shown.object))} [${shown.rule}]`,
    ...indent(
      [
        `at event ${shown.event}, in the recording ${finding.event}, ${finding.time}, ${printable(finding.task)}`,
        ...wrap(printable(shown.message), width - 4),
      ],
      4,
    ),
  ];
  return left > SHORT ? head : [...head, "", ...(await treeLines(minimised, style)), ...witnessLines(minimised, width)];
}

function spared(units: number): string {
  return units === 1
    ? "the one call that is left cannot be spared"
    : `none of the ${units} calls that are left can be spared`;
}

/** Names the calls that the finding does not involve but needs. */
function witnessLines({ excerpt, witnesses }: Minimised, width: number): string[] {
  const named = witnesses.flatMap((event) => {
    const point = points.points[excerpt.batch.point[event - 1]!]!;
    return point.phase === "entry" ? [`${event} ${point.operation.name}`] : [];
  });
  if (named.length === 0) return [];
  return [
    "",
    ...wrap(
      `Not part of it, but nothing could be told without: ${named.join(", ")}. What is never recorded cannot be missing, and a call that no return shows is over when something else happens.`,
      width,
    ),
  ];
}

/** Prints the remaining calls, including those that only prove that a probe was set. */
async function treeLines(minimised: Minimised, style: Style): Promise<string[]> {
  const lines: string[] = [];
  await replayRecording(recordingOf(minimised), {
    everything: true,
    observe: (world) => {
      const chronicle = new Chronicle(world);
      return all(chronicle, ...treeObservers(world, chronicle, style, (line) => lines.push(line)));
    },
  });
  return lines;
}

/** `FILE: no finding missing-module-reference; there is use-after-free (event 1402)`. */
export function unfoundLine({ origin, findings, hazards }: Unfound, wanted: string | undefined): string {
  const all = [...findings, ...hazards];
  const offered = all.slice(0, OFFERED).map(({ rule, event }) => `${rule} (event ${event})`);
  const there =
    all.length === 0
      ? "nothing was found"
      : `there ${all.length === 1 ? "is" : "are"} ${offered.join(", ")}${all.length > OFFERED ? ` and ${all.length - OFFERED} more` : ""}`;
  return `${printable(origin.path)}: ${wanted === undefined ? "no finding" : `no finding ${wanted}`}${wanted === undefined && all.length === 0 ? "" : `; ${there}`}`;
}

/** `written`: the file that was written, if any. */
export function minimisedJson(
  result: Minimised | Unfound,
  written: { readonly path: string; readonly format: string } | undefined,
): { readonly [name: string]: Json } {
  const { origin, events } = result;
  const head = { kreel: "minimise", version: VERSION, trace: { path: origin.path, format: origin.format, events } };
  if (!("excerpt" in result)) {
    const where = ({ rule, event }: Finding): Json => ({ rule, event });
    return { ...head, finding: null, findings: result.findings.map(where), hazards: result.hazards.map(where) };
  }
  const { finding, shown, excerpt, units, witnesses, slice, tried, minimal } = result;
  return {
    ...head,
    finding: findingJson(finding),
    shown: findingJson(shown),
    minimal,
    units,
    slice,
    tried,
    kept: excerpt.numbers,
    witnesses,
    ...(written ? { output: { ...written } } : {}),
  };
}
