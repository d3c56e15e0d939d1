/** The scenarios that recordings of the repository show. */
import { existsSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { readScenario } from "../../src/scenario/parse.js";
import type { Scenario } from "../../src/scenario/types.js";

const SCENARIOS = "fixtures/scenarios";

/** Returns the scenario by the kernel's folder or the recording's own; `undefined` if it is not in the repository. */
export function scenarioPathOf(recording: string): string | undefined {
  const name = `${basename(recording, ".trace.gz")}.scn`;
  const own = /(?:^|\/)linux-6\.12|\/broken\/|\/mistakes\//.test(recording);
  const folder = dirname(recording);
  return [
    join(folder, name),
    ...(own ? [join(folder, "../scenarios/linux-6.12", name)] : []),
    join(folder, "../scenarios", name),
    ...(own ? [join(SCENARIOS, "linux-6.12", name)] : []),
    join(SCENARIOS, name),
  ].find((path) => existsSync(path));
}

export async function scenarioFor(recording: string): Promise<Scenario | undefined> {
  const path = scenarioPathOf(recording);
  return path === undefined ? undefined : readScenario(path);
}
