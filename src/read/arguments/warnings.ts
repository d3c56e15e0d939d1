/**
 * Warnings about arguments: those that events lack, the probe that would print them, and the names taken for others.
 */
import { catalogue, points } from "../../../events/index.js";
import type { Point } from "../../../events/points.js";
import { probeLines } from "../../../events/probe-file.js";
import { list, plural } from "../../base/text.js";
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
  /** The events are useless without one of them. */
  readonly isEssential: boolean;
}

function lackingWarnings(lacking: SavedArguments["lacking"]): string[] {
  const lacks = Object.entries(lacking).map(([event, of]): Lack => {
    const point = points.byEvent(event);
    const missing = Object.entries(of);
    const essential = point?.args.filter((_, k) => (point.essential & (1 << k)) !== 0) ?? [];
    const isEssential = essential.some(({ name }) => Object.hasOwn(of, name));
    const times = Math.max(...missing.map(([, n]) => n));
    return { event, point, arguments: missing, times, isEssential };
  });
  lacks.sort((a, b) => b.times - a.times || (a.event < b.event ? -1 : 1));
  const blind = lacks.filter(({ isEssential }) => isEssential);
  const vague = lacks.filter(({ isEssential }) => !isEssential);
  return [...few(blind, blindSentence, blindRest), ...(vague.length === 0 ? [] : [vagueSentence(vague)])];
}

/** Returns a sentence for each of the first, and one for the rest. */
function few<One>(
  all: readonly One[],
  sentence: (one: One) => string,
  rest: (others: readonly One[]) => string,
): string[] {
  const others = all.slice(SHOWN);
  return [...all.slice(0, SHOWN).map(sentence), ...(others.length === 0 ? [] : [rest(others)])];
}

/** `12 events of module_put lack module=`. */
function lackWords({ event, arguments: missing, times }: Lack): string {
  const names = missing.map(([name, of]) => (of === times ? `${name}=` : `${name}= (${of})`));
  return `${plural(times, "event")} of ${event} ${times === 1 ? "lacks" : "lack"} ${list(names)}`;
}

function blindSentence(lack: Lack): string {
  const { event, point, times } = lack;
  const isReturn = point?.phase === "return";
  const [them, are] = times === 1 ? ["it", "is"] : ["they", "are"];
  const about = isReturn ? `what ${them} returned` : `what ${them} ${are} about`;
  const line = point && probeLines(point.operation)[isReturn ? 1 : 0];
  const probe = line === undefined ? "" : `; probe ${line}`;
  return `${lackWords(lack)}: ${about} is not known, as if ${event} were not probed${probe}`;
}

function blindRest(others: readonly Lack[]): string {
  const events = named(others.map(({ event, times }) => `${event} (${times})`));
  return `so do events of ${events}, as if those were not probed; ${PRINTS_PROBES}`;
}

/** Describes events that lack only arguments that are not essential. */
function vagueSentence(lacks: readonly Lack[]): string {
  const more = lacks.length - SHOWN;
  const words = lacks.slice(0, SHOWN).map(lackWords);
  if (more > 0) words.push(`${plural(more, "more operation")} some, too`);
  return `${list(words)}: nothing is concluded from what is not there; ${PRINTS_PROBES}`;
}

function takenWarnings(taken: SavedArguments["taken"]): string[] {
  const rest = (others: readonly (readonly [string, unknown])[]): string => {
    const events = named(others.map(([event]) => event));
    return `arguments have other names also in ${events}: they are recognised by place or kind`;
  };
  return few(inCatalogueOrder(Object.entries(taken)), ([event, of]) => `${event}: ${takenWords(of)}`, rest);
}

/** `arg1= is taken for module=, arg2= for name=`. */
function takenWords(of: Readonly<Record<string, readonly string[]>>): string {
  const words = Object.entries(of).map(([argument, names], n) => {
    const are = n > 0 ? "" : names.length > 1 ? "are taken " : "is taken ";
    return `${list(names.map((name) => `${name}=`))} ${are}for ${argument}=`;
  });
  return list(words);
}

function refusedWarnings(refused: readonly Refusal[]): string[] {
  const rest = (others: readonly Refusal[]): string => {
    const events = named([...new Set(others.map(({ event }) => event))]);
    return `other names, too, turned out to be something else, in ${events}`;
  };
  return few(refused, refusedSentence, rest);
}

function refusedSentence({ event, name, argument, line, file }: Refusal): string {
  const where = [...(file === undefined ? [] : [file]), ...(line > 0 ? [`line ${line}`] : [])].join(", ");
  const at = where === "" ? "" : ` (${where})`;
  const missing = `from there on ${argument}= is missing, and what it was before is in doubt`;
  return `${event}: ${name}= is not ${argument}= after all${at}: ${missing}`;
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
