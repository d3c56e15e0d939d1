/** The comments at the head of a trace, as the tracer `nop` prints them, and lines of the writer's own behind them. */
import { Header, findHeader } from "../read/ftrace/header.js";
import { MAX_TEXT } from "./ftrace-text.js";

/** Without the line of the entries in the buffer: how many there will be is not known when the text begins. */
export function header(flags: boolean, tgid: boolean, extra: readonly string[]): string {
  const lines = ["# tracer: nop", "#", ...(flags ? flagColumns(tgid) : plainColumns(tgid)), ...extra.flatMap(comments)];
  return lines.map((line) => `${line}\n`).join("");
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
  return [`#           TASK-PID    ${tgid ? "   TGID   " : ""} CPU#     TIMESTAMP  FUNCTION`, `#              | |      ${tgid ? "     |    " : ""}   |         |         |`];
}

/** What the reader takes a meaning from when it stands behind `# `. */
const MEANS_SOMETHING = /^(?:tracer: |entries-in-buffer\/|[ |/]*_-+=> |#* ?CPU \d+ buffer started)/;

/** A text as comments, one for each of its lines, which mean nothing to the reader: `~` stands before what would. */
export function comments(text: string): string[] {
  return text
    .slice(0, MAX_TEXT)
    .split(/\r\n|\n|\r/)
    .map((words) => {
      const harmless = MEANS_SOMETHING.test(words) ? `~ ${words}` : words;
      // The reader refuses a whole recording for these words, wherever they stand.
      const line = `# ${harmless}`.trimEnd().replaceAll(/ latency trace (?=v\d)/g, " latency-trace ");
      return looksLikeEvent(line) ? line.replaceAll("[", "(") : line;
    });
}

/** Whether the line has the header of an event, whose task would be called `# …`. */
function looksLikeEvent(line: string): boolean {
  const bytes = Buffer.from(`${line}\n`);
  return findHeader(bytes, 0, bytes.length - 1, new Header()) >= 0;
}
