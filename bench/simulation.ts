/** The workload of simulated kernels: a scenario long enough to outlast warm-up. */
import { readFileSync } from "node:fs";
import { parseScenario } from "../src/scenario/parse.js";
import type { Scenario } from "../src/scenario/types.js";

/** Makes, binds and closes guest memory, round after round. */
const CHURN_SCENARIO = "fixtures/scenarios/t01-churn.scn";

/** Returns the churn scenario with so many times its rounds, begun and ended once. */
export function longScenario(times: number): Scenario {
  const lines = readFileSync(CHURN_SCENARIO, "utf8").split("\n");
  const first = lines.indexOf("vm v") + 1;
  const end = lines.indexOf("rcu");
  const rounds = lines.slice(first, end);
  const repeated = Array.from({ length: times }, () => rounds).flat();
  return parseScenario([...lines.slice(0, first), ...repeated, ...lines.slice(end)].join("\n"), CHURN_SCENARIO);
}
