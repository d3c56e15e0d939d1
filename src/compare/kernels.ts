/**
 * Compares two simulated kernels by one scenario: first the runs without faults, then, fault by fault, the error paths.
 * A fault of one kernel corresponds to one of the other if it lies in the same operation of the scenario, at the same
 * site, for the n-th time.
 */
import { errnoName } from "../base/errno.js";
import type { KernelDefinition } from "../kernels/kernel.js";
import type { Line, Scenario } from "../scenario/types.js";
import {
  type FaultRun,
  type FaultWalk,
  plan,
  type PlannedFault,
  shown,
  walkFaults,
  type WalkOptions,
} from "../workload/faults.js";
import type { Outcome, Simulation } from "../workload/simulate.js";
import { diff } from "./diff.js";
import type { Diff, Difference, Site } from "./types.js";

/** The first step at which two runs differ. */
export interface Divergence {
  /** The operation of the scenario, as `Difference.where`. */
  readonly where: string;
  /** Its line in the scenario; `undefined` outside operations. */
  readonly line: number | undefined;
  /** The kernel's operation. */
  readonly operation: string;
  /** The call as text. */
  readonly text: string;
  /** Null if this kernel does not perform it. */
  readonly before: Site | null;
  readonly after: Site | null;
}

/** The effect of one fault on the two kernels. */
export interface ErrorPath {
  readonly line: Line | undefined;
  readonly task: string;
  readonly site: string;
  readonly nth: number;
  readonly errno: number;
  /** The run of each kernel; `undefined` if the fault cannot happen on it. */
  readonly before: FaultRun | undefined;
  readonly after: FaultRun | undefined;
  /** True if the outcome of the operation differs, apart from numbers that the kernel chooses. */
  readonly outcome: boolean;
  /** Number of calls added, removed or changed within that operation of the scenario, by operation of the kernel. */
  readonly added: ReadonlyMap<string, number>;
  readonly removed: ReadonlyMap<string, number>;
  readonly changed: ReadonlyMap<string, number>;
}

/** The diff of two simulated kernels: that of their runs, the first step at which they differ, and every error path. */
export interface KernelDiff extends Diff {
  readonly firstDivergence: Divergence | null;
  readonly errorPaths: readonly ErrorPath[];
  /** Number of faults left out on both kernels (see `FaultWalk.skipped`). */
  readonly skipped: number;
}

/**
 * Carries a scenario out on two simulated kernels and compares the runs; then injects every possible fault on both.
 *
 * @throws {KernelFunctionError} If a function of a kernel throws in the run without faults.
 * @throws {EndlessError} If that run reaches the limit of steps.
 */
export async function compareKernels(
  before: KernelDefinition,
  after: KernelDefinition,
  scenario: Scenario,
  options: WalkOptions = {},
): Promise<KernelDiff> {
  const a = await walkFaults(before, scenario, options);
  const b = await walkFaults(after, scenario, options);
  const plain = await diff(a.plain.recording, b.plain.recording);
  return {
    ...plain,
    firstDivergence: firstDivergence(plain, a.plain, b.plain),
    errorPaths: await errorPaths(a, b),
    skipped: a.skipped + b.skipped,
  };
}

function firstDivergence({ hunks }: Diff, before: Simulation, after: Simulation): Divergence | null {
  const hunk = hunks[0];
  const step = hunk?.lines.find((line) => line.mark !== "=");
  if (!hunk || !step) return null;
  const { where } = hunk;
  const at = (site: Site | null, { outcomes }: Simulation): Outcome | undefined =>
    site
      ? outcomes.find(({ line, from, to }) => line.marker === where && from <= site.event && site.event <= to)
      : undefined;
  const line = (at(step.before, before) ?? at(step.after, after))?.line.line;
  return {
    where,
    line,
    operation: /^\w+(?=\()/.exec(step.text)?.[0] ?? "tracing_mark_write",
    text: step.text,
    before: step.before,
    after: step.after,
  };
}

/** Returns a key that a fault shares with its counterpart on another kernel. */
export function faultKey({ point, errno, nth }: PlannedFault): string {
  return `${point.line?.line ?? 0} ${point.task} ${point.fault.site} ${nth} ${errno}`;
}

async function errorPaths(a: FaultWalk, b: FaultWalk): Promise<ErrorPath[]> {
  const ofA = new Set(plan(a.plain.faults).map(faultKey));
  const ofB = new Map(plan(b.plain.faults).map((fault) => [faultKey(fault), fault]));
  const paths: ErrorPath[] = [];
  for (const fault of a.planned) {
    const other = ofB.get(faultKey(fault));
    paths.push(await errorPath(fault, await a.run(fault), other && (await b.run(other))));
  }
  for (const fault of b.planned)
    if (!ofA.has(faultKey(fault))) paths.push(await errorPath(fault, undefined, await b.run(fault)));
  return paths.sort((x, y) => (x.line?.line ?? Infinity) - (y.line?.line ?? Infinity)).map(light);
}

async function errorPath(
  { point, errno, nth }: PlannedFault,
  before: FaultRun | undefined,
  after: FaultRun | undefined,
): Promise<ErrorPath> {
  const counts = {
    added: new Map<string, number>(),
    removed: new Map<string, number>(),
    changed: new Map<string, number>(),
  };
  if (before?.simulation && after?.simulation && point.line) {
    const { differences } = await diff(before.simulation.recording, after.simulation.recording);
    for (const difference of differences) {
      if (!liesIn(difference, before.outcome, after.outcome)) continue;
      const which =
        difference.kind === "operation-added"
          ? counts.added
          : difference.kind === "operation-removed"
            ? counts.removed
            : difference.operation === undefined
              ? undefined
              : counts.changed;
      which?.set(difference.operation!, (which.get(difference.operation!) ?? 0) + 1);
    }
  }
  const outcome = before !== undefined && after !== undefined && shown(before.outcome) !== shown(after.outcome);
  return { line: point.line, task: point.task, site: point.fault.site, nth, errno, before, after, outcome, ...counts };
}

/** True if a difference lies in the operation with these outcomes. */
function liesIn({ before: x, after: y }: Difference, before: Outcome | undefined, after: Outcome | undefined): boolean {
  const inside = (site: Site | null, outcome: Outcome | undefined): boolean =>
    site !== null && outcome !== undefined && outcome.from <= site.event && site.event <= outcome.to;
  return inside(x, before) || inside(y, after);
}

/** Drops the recordings of the runs, of which there are hundreds. */
function light(path: ErrorPath): ErrorPath {
  const without = (run: FaultRun | undefined): FaultRun | undefined => run && { ...run, simulation: undefined };
  return { ...path, before: without(path.before), after: without(path.after) };
}

/** True if both kernels react to the fault in the same way. */
export function isSame({ before, after, outcome, added, removed, changed }: ErrorPath): boolean {
  return (
    before !== undefined &&
    after !== undefined &&
    !outcome &&
    added.size + removed.size + changed.size === 0 &&
    wrongOf(before).join() === wrongOf(after).join()
  );
}

/** Describes the trouble of a run in words that do not depend on the kernel. */
export function wrongOf({ findings, waiting, failure }: FaultRun): string[] {
  return [
    ...findings.map(({ rule, object }) => `${rule}: ${object.replaceAll(/ 0x\S+/g, "")}`),
    ...waiting.map((w) => `deadlock: ${w.task} waits for ${w.for}`),
    ...(failure ? [failure.message] : []),
  ].sort();
}

/** `EACCES` for -13. */
export function errorOf({ errno }: Pick<ErrorPath, "errno">): string {
  return errnoName(errno);
}
