/** The comments at the head of a trace, as the tracer `nop` prints them, followed by lines of the writer's own. */
import { Header, findHeader } from "../read/ftrace/header.js";
import type { ReadReport, Remark } from "../read/report.js";
import { MAX_TEXT } from "./ftrace-text.js";

/** Facts about a recording that the header has beside the columns. */
export type HeaderFacts = Pick<ReadReport, "environment" | "entries" | "overrun">;

/** Names that the reader accepts as names of remarks. */
const REMARK = /^[a-z][a-z-]{0,31}$/;

/** `report`: of the recording that is written, as far as it was read; `extra`: lines after the columns. */
export function header(flags: boolean, tgid: boolean, extra: readonly string[], report?: HeaderFacts): string {
  const lines = [
    "# tracer: nop",
    ...(report?.environment.filter(({ name }) => REMARK.test(name)) ?? []).map(remark),
    "#",
    ...entriesLines(report),
    ...(flags ? flagColumns(tgid) : plainColumns(tgid)),
    ...extra.flatMap(comments),
  ];
  return lines.map((line) => `${line}\n`).join("");
}

/**
 * Prints the overwritten entries alone for a recording that does not have the number of entries in the buffer: no event
 * is counted yet.
 */
function entriesLines(report: HeaderFacts | undefined): string[] {
  const entries =
    report?.entries ?? (report && report.overrun > 0 ? { inBuffer: 0, written: report.overrun } : undefined);
  if (!entries) return [];
  return [
    `# entries-in-buffer/entries-written: ${entries.inBuffer}/${entries.written}${entries.cpus === undefined ? "" : `   #P:${entries.cpus}`}`,
    "#",
  ];
}

/** A fact about the recorded machine, on one line. */
function remark({ name, text }: Remark): string {
  return comments(`kreel ${name}: ${text.replaceAll(/[\r\n]/g, "?")}`)[0]!;
}

function flagColumns(tgid: boolean): string[] {
  const space = " ".repeat(tgid ? 12 : 2);
  return [
    `#                            ${space}  _-----=> irqs-off/BH-disabled`,
    `#                            ${space} / _----=> need-resched`,
    `#                            ${space}| / _---=> hardirq/softirq`,
    `#                            ${space}|| / _--=> preempt-depth`,
    `#                            ${space}||| / _-=> migrate-disable`,
    `#                            ${space}|||| /     delay`,
    `#           TASK-PID  ${tgid ? "     TGID   " : "  "} CPU#  |||||  TIMESTAMP  FUNCTION`,
    `#              | |    ${tgid ? "       |    " : "  "}   |   |||||     |         |`,
  ];
}

function plainColumns(tgid: boolean): string[] {
  return [
    `#           TASK-PID    ${tgid ? "   TGID   " : ""} CPU#     TIMESTAMP  FUNCTION`,
    `#              | |      ${tgid ? "     |    " : ""}   |         |         |`,
  ];
}

/** Text that means something to the reader after `# `. */
const MEANS_SOMETHING = /^(?:tracer: |entries-in-buffer\/|[ |/]*_-+=> |#* ?CPU \d+ buffer started)/;

/** Returns a text as comments, one for each of its lines, that mean nothing to the reader: `~` precedes what would. */
export function comments(text: string): string[] {
  return text
    .slice(0, MAX_TEXT)
    .split(/\r\n|\n|\r/)
    .map((words) => {
      const harmless = MEANS_SOMETHING.test(words) ? `~ ${words}` : words;
      // The reader refuses a whole recording that has these words anywhere.
      const line = `# ${harmless}`.trimEnd().replaceAll(/ latency trace (?=v\d)/g, " latency-trace ");
      return looksLikeEvent(line) ? line.replaceAll("[", "(") : line;
    });
}

/** True if the line has the header of an event, whose task would be called `# …`. */
function looksLikeEvent(line: string): boolean {
  const bytes = Buffer.from(`${line}\n`);
  return findHeader(bytes, 0, bytes.length - 1, new Header()) >= 0;
}
