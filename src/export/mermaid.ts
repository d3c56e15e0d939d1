/** The object graph as a Mermaid flowchart, which Markdown viewers draw. */
import { printable } from "../base/trouble.js";
import type { Graph, GraphNode } from "./graph.js";

/** What means nothing to Mermaid, to Markdown or to HTML. All else is written as the number of its character. */
const PLAIN = /[^\w .,:+()/→-]/gu;
const CALL = "call";
/** What Mermaid calls a call in progress: `call` itself is a word of its language. */
const RUNNING = "running";

/** A graph as a Mermaid flowchart, safe whatever its labels hold. References are solid, pointers dotted. */
export function mermaidText({ title, nodes, edges }: Graph): string {
  const lines = [
    `%% ${comment(title)}`,
    "flowchart LR",
    ...nodes.map((node) => `  ${node.id}${shaped(node)}`),
    ...edges.map(({ from, to, label, holds }) => `  ${from} ${holds ? "-->" : "-.->"}|${quoted(label)}| ${to}`),
    ...(nodes.some((n) => n.kind === CALL)
      ? [
          `  classDef ${RUNNING} stroke-dasharray: 4 3`,
          `  class ${nodes
            .filter((n) => n.kind === CALL)
            .map((n) => n.id)
            .join(",")} ${RUNNING}`,
        ]
      : []),
  ];
  return `${lines.join("\n")}\n`;
}

function shaped({ kind, lines }: GraphNode): string {
  const text = quoted(...lines);
  if (kind === CALL) return `(${text})`;
  return kind === "module" ? `[[${text}]]` : `[${text}]`;
}

/** Text that cannot be empty: Mermaid takes two quotes with nothing between them for a mistake. */
function quoted(...lines: readonly string[]): string {
  return `"${lines.map(escaped).join("<br/>") || " "}"`;
}

function escaped(text: string): string {
  return printable(text).replace(PLAIN, (c) => `#${c.codePointAt(0)!};`);
}

/** A line that Mermaid leaves out, and that must not look like a directive (`%%{init: …}%%`). */
function comment(text: string): string {
  return printable(text).replace(/[{}%]/g, "?");
}
