/** The object graph in the language of Graphviz: `dot -Tsvg`. */
import { isKind, kinds } from "../../events/kinds/index.js";
import { printable } from "../base/trouble.js";
import type { Graph, GraphNode } from "./graph.js";

/** Of what is no object. */
const SHAPES: { readonly [kind: string]: string | undefined } = { call: "cds", unseen: "none" };

/** A graph in the language of Graphviz, safe whatever its labels hold. References are solid, pointers dotted. */
export function dotText({ title, nodes, edges }: Graph): string {
  const lines = [
    "digraph kreel {",
    `  label=${quoted(title)};`,
    "  labelloc=t;",
    "  rankdir=LR;",
    '  node [shape=box, fontname="monospace", fontsize=10];',
    '  edge [fontname="monospace", fontsize=9];',
    ...nodes.map((node) => `  ${node.id} [${attributes(node)}];`),
    ...edges.map(
      ({ from, to, label, holds }) => `  ${from} -> ${to} [label=${quoted(label)}${holds ? "" : ", style=dotted"}];`,
    ),
    "}",
  ];
  return `${lines.join("\n")}\n`;
}

function attributes({ kind, lines }: GraphNode): string {
  const shape = isKind(kind) ? kinds[kind].drawn.shape : SHAPES[kind];
  return [
    `label=${quoted(...lines)}`,
    `class=${kind}`,
    ...(shape === undefined ? [] : [`shape=${shape}`]),
    ...(kind === "call" ? ["style=dashed"] : []),
  ].join(", ");
}

/** A string of DOT, a line each. A backslash begins an escape there (`\N` is the node's name), and is doubled. */
function quoted(...lines: readonly string[]): string {
  return `"${lines.map((line) => printable(line).replaceAll("\\", "\\\\").replaceAll('"', '\\"')).join("\\n")}"`;
}
