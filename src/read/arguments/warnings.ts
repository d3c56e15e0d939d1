/** In words: what events lack, what probe would print it, and which names were taken for which. */
import { catalogue, points } from "../../../events/index.js";
import type { Point } from "../../../events/points.js";
import { probeLines } from "../../../events/probe-file.js";
import { list, plural } from "../../show/text.js";
import type { ArgumentReport, Refusal, SavedArguments } from "./report.js";

/** Events that have a sentence of their own, of each kind; the others share one. */
const SHOWN = 5;
const PRINTS_PROBES = "kreel record --print prints the probes that have it";
/** Names in a sentence. */
const NAMES = 20;

export function argumentWarnings(report: ArgumentReport): string[] {
  const { lacking, taken, refused } = report.saved();
  return [...lackingWarnings(lacking), ...takenWarnings(taken), ...refusedWarnings(refused)];
}

interface Lack {
  readonly event: string;
  readonly point: Point | undefined;
  readonly arguments: readonly (readonly [name: string, times: number])[];
  readonly times: number;
  /** Without one of them the events do not say what they are about. */
  readonly isEssential: boolean;
}

function lackingWarnings(lacking: SavedArguments["lacking"]): string[] {
  const lacks = Object.entries(lacking).map(([event, of]): Lack => {
    const point = points.byEvent(event);
    const essential = (point?.args ?? []).filter((_, k) => (point!.essential & (1 << k)) !== 0).map(({ name }) => name);
    const missing = Object.entries(of);
    return { event, point, arguments: missing, times: Math.max(...missing.map(([, times]) => times)), isEssential: missing.some(([name]) => essential.includes(name)) };
  });
  lacks.sort((a, b) => b.times - a.times || (a.event < b.event ? -1 : 1));
  const blind = lacks.filter(({ isEssential }) => isEssential);
  const rest = blind.slice(SHOWN);
  const also = rest.length === 0 ? [] : [`so do events of ${named(rest.map(({ event, times }) => `${event} (${times})`))}, as if those were not probed; ${PRINTS_PROBES}`];
  return [...blind.slice(0, SHOWN).map(blindSentence), ...also, ...vagueSentence(lacks.filter(({ isEssential }) => !isEssential))];
}

/** `12 events of module_put lack module=`. */
function lackWords({ event, arguments: missing, times }: Lack): string {
  return `${plural(times, "event")} of ${event} ${times === 1 ? "lacks" : "lack"} ${list(missing.map(([name, of]) => (of === times ? `${name}=` : `${name}= (${of})`)))}`;
}

function blindSentence(lack: Lack): string {
  const { event, point, times } = lack;
  const isReturn = point?.phase === "return";
  const them = times === 1 ? "it" : "they";
  const probe = point && probeLines(point.operation)[isReturn ? 1 : 0];
  const about = isReturn ? `what ${them} returned` : `what ${them} ${times === 1 ? "is" : "are"} about`;
  return `${lackWords(lack)}: ${about} is not known, as if ${event} were not probed${probe === undefined ? "" : `; probe ${probe}`}`;
}

/** Of events that say what they are about, and no more than that. */
function vagueSentence(lacks: readonly Lack[]): string[] {
  if (lacks.length === 0) return [];
  const rest = lacks.slice(SHOWN);
  const more = rest.length === 0 ? [] : [`${plural(rest.length, "more operation")} some, too`];
  return [`${list([...lacks.slice(0, SHOWN).map(lackWords), ...more])}: nothing is concluded from what is not there; ${PRINTS_PROBES}`];
}

function takenWarnings(taken: SavedArguments["taken"]): string[] {
  const events = inCatalogueOrder(Object.entries(taken));
  const rest = events.slice(SHOWN);
  return [...events.slice(0, SHOWN).map(([event, of]) => `${event}: ${takenWords(of)}`), ...(rest.length === 0 ? [] : [`arguments have other names also in ${named(rest.map(([event]) => event))}: they are recognised by place or kind`])];
}

function takenWords(of: Readonly<Record<string, readonly string[]>>): string {
  const entries = Object.entries(of);
  return list(entries.map(([argument, names], n) => `${list(names.map((name) => `${name}=`))} ${n > 0 ? "" : names.length > 1 ? "are taken " : "is taken "}for ${argument}=`));
}

function refusedWarnings(refused: readonly Refusal[]): string[] {
  const rest = refused.slice(SHOWN);
  const sentence = ({ event, name, argument, line, file }: Refusal): string => {
    const where = [...(file === undefined ? [] : [file]), ...(line > 0 ? [`line ${line}`] : [])].join(", ");
    return `${event}: ${name}= is not ${argument}= after all${where === "" ? "" : ` (${where})`}: from there on ${argument}= is missing, and what it was before is in doubt`;
  };
  return [...refused.slice(0, SHOWN).map(sentence), ...(rest.length === 0 ? [] : [`other names, too, turned out to be something else, in ${named([...new Set(rest.map(({ event }) => event))])}`])];
}

const ORDER = new Map(catalogue.flatMap(({ name }) => [name, `${name}_ret`]).map((event, n) => [event, n]));

function inCatalogueOrder<Entry extends readonly [string, unknown]>(entries: readonly Entry[]): Entry[] {
  const order = ([event]: Entry): number => ORDER.get(event) ?? ORDER.size;
  return [...entries].sort((a, b) => order(a) - order(b));
}

function named(names: readonly string[]): string {
  const more = names.length - NAMES;
  return more > 0 ? `${names.slice(0, NAMES).join(", ")} and ${more} more events` : list(names);
}
