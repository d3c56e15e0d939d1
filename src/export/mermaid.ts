/** The object graph as a Mermaid flowchart, which Markdown viewers draw. */
import { printable } from "../read/trouble.js";
import type { Graph, GraphNode } from "./graph.js";

/** What means nothing to Mermaid, to Markdown or to HTML. All else is written as the number of its character. */
const PLAIN = /[^\w .,:+()/→-]/gu;
const CALL = "call";

export function mermaidText({ title, nodes, edges }: Graph): string {
  const lines = [
    `%% ${comment(title)}`,
    "flowchart LR",
    ...nodes.map((node) => `  ${node.id}${shaped(node)}`),
    ...edges.map(({ from, to, label, holds }) => `  ${from} ${holds ? "-->" : "-.->"}|"${escaped(label)}"| ${to}`),
    ...(nodes.some((n) => n.kind === CALL) ? ["  classDef call stroke-dasharray: 4 3", `  class ${nodes.filter((n) => n.kind === CALL).map((n) => n.id).join(",")} call`] : []),
  ];
  return `${lines.join("\n")}\n`;
}

function shaped({ kind, lines }: GraphNode): string {
  const text = `"${lines.map(escaped).join("<br/>")}"`;
  if (kind === CALL) return `(${text})`;
  return kind === "module" ? `[[${text}]]` : `[${text}]`;
}

function escaped(text: string): string {
  return printable(text).replace(PLAIN, (c) => `#${c.codePointAt(0)!};`);
}

/** A line that Mermaid leaves out, and that must not look like a directive (`%%{init: …}%%`). */
function comment(text: string): string {
  return printable(text).replace(/[{}%]/g, "?");
}
