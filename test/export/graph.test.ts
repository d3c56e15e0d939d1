/** Tests the object graph in DOT and in Mermaid: well-formed for any names, deterministic, and true. */
import test from "ava";
import fc from "fast-check";
import { dotText } from "../../src/export/dot.js";
import { type Graph, graphOf } from "../../src/export/graph.js";
import { mermaidText } from "../../src/export/mermaid.js";
import { replay, replayRecording } from "../../src/replay/replay.js";
import { stateOf } from "../../src/show/state.js";
import { hostileText, madeRecordings } from "./logs.js";

const RUNS = Number(process.env["KREEL_TEST_RUNS"] ?? 300);
const CREATE = "fixtures/recordings/linux-6.12-patched/s01-create-close.trace.gz";
const BINDING = "fixtures/recordings/linux-7.2/s04-bind-unbind.trace.gz";
const FAILING = "fixtures/recordings/linux-6.12-patched/s09-enfile.trace.gz";

interface Parsed {
  /** Text of each node, by id. */
  readonly nodes: ReadonlyMap<string, string>;
  readonly edges: readonly string[];
}

const STRING = String.raw`"(?:[^"\\\n]|\\.)*"`;
const ATTRIBUTE = String.raw`[a-z]+=(?:[A-Za-z0-9_]+|${STRING})`;
const LIST = String.raw`\[${ATTRIBUTE}(?:, ${ATTRIBUTE})*\]`;

/** Parses the part of DOT's grammar that is used: throws for anything else. */
function parseDot(text: string): Parsed {
  const lines = text.split("\n");
  const nodes = new Map<string, string>();
  const edges: string[] = [];
  if (lines[0] !== "digraph kreel {" || lines.at(-2) !== "}" || lines.at(-1) !== "") throw new Error("the frame");
  for (const line of lines.slice(1, -2)) {
    const node = new RegExp(`^ {2}(n\\d+) (${LIST});$`).exec(line);
    const edge = new RegExp(`^ {2}(n\\d+) -> (n\\d+) (${LIST});$`).exec(line);
    const label = (list: string): string =>
      /label="((?:[^"\\]|\\.)*)"/
        .exec(list)![1]!
        .replaceAll("\\n", "\n")
        .replace(/\\(["\\])/g, "$1");
    if (node) nodes.set(node[1]!, label(node[2]!));
    else if (edge) edges.push(`${edge[1]} ${edge[2]} ${label(edge[3]!)}`);
    else if (!new RegExp(`^ {2}(?:(?:node|edge) ${LIST}|${ATTRIBUTE});$`).test(line))
      throw new Error(`no statement: ${line}`);
  }
  return { nodes, edges };
}

const MERMAID_TEXT = String.raw`"((?:[\w .,:+()/→-]|#\d+;|<br/>)+)"`;

/** Parses Mermaid in the same way. */
function parseMermaid(text: string): Parsed {
  const lines = text.split("\n");
  const nodes = new Map<string, string>();
  const edges: string[] = [];
  if (!/^%% [^{}%]*$/.test(lines[0]!) || lines[1] !== "flowchart LR" || lines.at(-1) !== "")
    throw new Error("the frame");
  const plain = (label: string): string =>
    label
      .replace(/^ $/, "")
      .replaceAll("<br/>", "\n")
      .replace(/#(\d+);/g, (_, code: string) => String.fromCodePoint(Number(code)));
  for (const line of lines.slice(2, -1)) {
    const node = new RegExp(
      String.raw`^ {2}(n\d+)(?:\[${MERMAID_TEXT}\]|\[\[${MERMAID_TEXT}\]\]|\(${MERMAID_TEXT}\))$`,
    ).exec(line);
    const edge = new RegExp(String.raw`^ {2}(n\d+) (?:-->|-\.->)\|${MERMAID_TEXT}\| (n\d+)$`).exec(line);
    if (node) nodes.set(node[1]!, plain(node[2] ?? node[3] ?? node[4]!));
    else if (edge) edges.push(`${edge[1]} ${edge[3]} ${plain(edge[2]!)}`);
    else if (!/^ {2}class(?:Def running .*| n\d+(?:,n\d+)* running)$/.test(line))
      throw new Error(`no statement: ${line}`);
  }
  return { nodes, edges };
}

/** Parses both texts, which must agree. */
function parsed(graph: Graph): Parsed {
  const [dot, mermaid] = [parseDot(dotText(graph)), parseMermaid(mermaidText(graph))];
  if (JSON.stringify([...dot.nodes, dot.edges]) !== JSON.stringify([...mermaid.nodes, mermaid.edges]))
    throw new Error(`DOT and Mermaid differ: ${dotText(graph)}\n${mermaidText(graph)}`);
  for (const edge of dot.edges)
    for (const end of edge.split(" ").slice(0, 2))
      if (!dot.nodes.has(end)) throw new Error(`an edge to nowhere: ${edge}`);
  return dot;
}

for (const [path, event, everything] of [
  [CREATE, 1100, false],
  [CREATE, 1064, false],
  [CREATE, 1100, true],
  [BINDING, 1000, false],
  [BINDING, 1300, false],
  [FAILING, 1104, false],
] as const) {
  test(`${path} after event ${event}${everything ? ", everything" : ""}: every object is a node, every reference an edge`, async (t) => {
    const { world } = await replay(path, { at: { event }, everything });
    const { nodes, edges } = parsed(graphOf(world, "a moment", everything));
    const state = stateOf(world, everything);
    const shown = [...nodes.values()].map((text) => text.split("\n")[0]!);
    for (const { label, references } of state.objects) {
      const at = [...nodes].find(([, text]) => text.split("\n")[0] === label);
      t.truthy(at, label);
      for (const { by, event: taken } of references)
        t.true(
          edges.some((edge) => edge.endsWith(` ${at![0]} ${by}, event ${taken}`)),
          `${label}: ${by} at ${taken}`,
        );
    }
    t.true(shown.length >= state.objects.length);
    const references = state.objects.reduce((sum, o) => sum + o.references.length, 0);
    t.is(edges.filter((edge) => /, event \d+$/.test(edge)).length, references);
  });
}

test("a call in progress holds what it took; the same moment gives the same text", async (t) => {
  const graph = async (): Promise<Graph> => graphOf((await replay(FAILING, { at: { event: 1090 } })).world, "x");
  const once = await graph();
  const holder = once.nodes.find((n) => n.kind === "call")!;
  t.regex(holder.lines.join(" "), /^kvm_gmem_create of gmemrun-\d+ in progress since event 1085$/);
  t.true(once.edges.some((e) => e.from === holder.id && e.label.startsWith("try_module_get, ")));
  t.is(dotText(once), dotText(await graph()));
  t.is(mermaidText(once), mermaidText(await graph()));
});

test("at a moment when nothing lives there is an empty graph", (t) => {
  t.is(parsed({ title: "nothing", nodes: [], edges: [] }).nodes.size, 0);
});

test("no name breaks out of its string", (t) => {
  const graphs = fc.record({
    title: hostileText,
    nodes: fc.array(
      fc.record({
        kind: fc.constantFrom("inode", "file", "module", "call", "unseen"),
        lines: fc.array(hostileText, { minLength: 1, maxLength: 3 }),
      }),
      { minLength: 1, maxLength: 5 },
    ),
    labels: fc.array(hostileText, { maxLength: 5 }),
  });
  fc.assert(
    fc.property(graphs, ({ title, nodes, labels }) => {
      const graph: Graph = {
        title,
        nodes: nodes.map((node, k) => ({ ...node, id: `n${k + 1}`, key: k }) as Graph["nodes"][number]),
        edges: labels.map((label, k) => ({ from: `n${(k % nodes.length) + 1}`, to: "n1", label, holds: k % 2 === 0 })),
      };
      const dot = parseDot(dotText(graph));
      const mermaid = parseMermaid(mermaidText(graph));
      t.is(dot.nodes.size, nodes.length);
      t.is(mermaid.nodes.size, nodes.length);
      t.is(dot.edges.length, labels.length);
      t.is(mermaid.edges.length, labels.length);
    }),
    { numRuns: RUNS * 3 },
  );
  t.pass();
});

test("any log at all has a graph", async (t) => {
  await fc.assert(
    fc.asyncProperty(madeRecordings, fc.boolean(), async (recording, everything) => {
      const { world } = await replayRecording(recording, { everything });
      const graph = graphOf(world, "made", everything);
      t.is(parseDot(dotText(graph)).nodes.size, graph.nodes.length);
      t.is(parseMermaid(mermaidText(graph)).edges.length, graph.edges.length);
    }),
    { numRuns: RUNS },
  );
  t.pass();
});

test("who left a reference behind stands where its holder would", async (t) => {
  const { world } = await replay("fixtures/recordings/broken/leak-module-on-error/s09-enfile.trace.gz");
  const { nodes, edges } = graphOf(world, "");
  const module = nodes.find(({ lines }) => lines[0] === "module kvm_amd")!;
  const left = edges
    .filter(({ to, label }) => to === module.id && label === "try_module_get, event 1095")
    .map(({ from }) => nodes.find(({ id }) => id === from)!.lines);
  t.deepEqual(left, [["kvm_gmem_create", "over, event 1091"]]);
});
