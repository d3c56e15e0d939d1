/**
 * A recording of the tour, replayed once: its call trees, the effects of each event, its findings, and any moment on
 * demand.
 */
import { join } from "node:path";
import type { Finding } from "../check/finding.js";
import { kernels } from "../kernels/index.js";
import { openRecording } from "../read/recording.js";
import type { Recorded } from "../read/report.js";
import { CallTrees, type CallNode } from "../reduce/call-tree.js";
import type { World } from "../reduce/world.js";
import { replayRecording } from "../replay/replay.js";
import { readScenario } from "../scenario/parse.js";
import { Chronicle, type Row } from "../describe/chronicle.js";
import { Evidence } from "../show/evidence.js";
import type { ShownStep } from "../show/findings.js";
import { all } from "../replay/observers.js";
import { InOrder } from "../show/order.js";
import { simulate } from "../workload/simulate.js";
import { PACKAGE } from "./recordings.js";
import type { Simulated, Source } from "./types.js";

export interface Replayed {
  /** In the order of their first events. */
  readonly trees: readonly CallNode[];
  readonly findings: readonly Finding[];
  /** For a simulated run: the number of the fault. */
  readonly fault: number | undefined;
  row(seq: number): Row | undefined;
  task(id: number): string;
  steps(finding: Finding): readonly ShownStep[];
  /** Returns the state after an event. */
  at(event: number): Promise<World>;
}

interface Opened {
  readonly fault?: number;
  open(): Promise<Recorded>;
}

export async function replayed(source: Source): Promise<Replayed> {
  const { open, fault } =
    typeof source === "string" ? { open: () => openRecording(join(PACKAGE, source)) } : await simulated(source);
  const recording = await open();
  const trees: CallNode[] = [];
  let chronicle: Chronicle;
  let evidence: Evidence;
  const { findings } = await replayRecording(recording, {
    observe: (world) => {
      chronicle = new Chronicle(world);
      evidence = new Evidence(chronicle, world, recording);
      const order = new InOrder((tree) => trees.push(tree));
      return all(chronicle, new CallTrees(world, (tree) => order.take(tree)), order, evidence);
    },
    onFinding: (finding) => evidence.found(finding),
  });
  return {
    trees,
    findings,
    fault,
    row: (seq) => chronicle.row(seq),
    task: (id) => recording.tables.tasks.get(id).name,
    steps: (finding) => evidence.steps(finding),
    at: async (event) => (await replayRecording(await open(), { at: { event } })).world,
  };
}

async function simulated({ scenario: path, kernel: name, site }: Simulated): Promise<Opened> {
  const scenario = await readScenario(join(PACKAGE, path));
  const kernel = kernels[name];
  const { number } = simulate(kernel, scenario).faults.find(
    ({ fault, line }) => fault.site === site && line?.operation.type === "gmem",
  )!;
  const { recording } = simulate(kernel, scenario, { fail: { number } });
  return { fault: number, open: async () => recording };
}
