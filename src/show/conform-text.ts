/** The result of matching a recording against a simulated kernel, in words. */
import { type Blocked, type Conformance, GIVEN_UP } from "../conform/verdict.js";
import { printable } from "../base/trouble.js";
import type { Style } from "./style.js";
import { indent, pathOf, plural, table, wrap } from "../base/text.js";

export function conformanceLines(result: Conformance, style: Style, width: number): string[] {
  const { verdict, kernel, trace, events, states, blocked, reasons } = result;
  const colour = verdict === "admitted" ? style.green : verdict === "inconclusive" ? style.yellow : style.red;
  const lines = [
    `${colour(verdict)}: ${printable(trace.path)} ${relation(result)} ${printable(kernel)}`,
    `${events.explained} of ${plural(events.total, "event")} that it must account for, ${plural(states, "state")} of the kernel gone through`,
  ];
  for (const reason of reasons) lines.push(...wrap(printable(reason), width));
  if (blocked.length === 0) return lines;
  lines.push("");
  if (blocked.length > 1) lines.push(`at the furthest, the kernel can be in ${blocked.length} states:`, "");
  blocked.forEach((state, k) => {
    if (blocked.length > 1) lines.push(style.bold(`state ${k + 1}`));
    for (const task of state) lines.push(...blockedLines(task, trace.path, style, width), "");
  });
  while (lines.at(-1) === "") lines.pop();
  return lines;
}

function relation({ verdict, reasons }: Conformance): string {
  if (verdict === "admitted") return "is a run of";
  if (verdict === "not admitted") return "is no run of";
  return reasons.includes(GIVEN_UP) ? "may be a run of" : "decides nothing about";
}

function blockedLines(
  { task, during, step, reason, event, file, line }: Blocked,
  path: string,
  style: Style,
  width: number,
): string[] {
  const place = line === undefined ? printable(path) : `${printable(pathOf(path, file))}:${line}`;
  const head = `${style.bold(place)}: ${printable(task)}${during ? `, in ${printable(during)}` : ""}${event === undefined ? "" : `, at event ${event}`}`;
  const rows = table([
    ["the kernel's next step", printable(step)],
    ["what stands against it", printable(reason)],
  ]);
  return [
    head,
    ...indent(
      rows.flatMap((row) => (row.length + 4 <= width ? [row] : wrap(row, Math.max(40, width - 4)))),
      4,
    ),
  ];
}
