/** `--require RULE|all`: exit status 1 if the recording is not enough to judge the rule. */
import { Option } from "commander";
import type { Judgement } from "../check/checker.js";
import { RULES } from "../check/finding.js";
import { requiredRules, type Required, unjudged } from "../check/required.js";
import { UsageError } from "./trouble.js";

export const requireOption = (): Option =>
  new Option(
    "--require <rule>",
    "exit with 1 also where the recording is not enough to judge this rule; all: any; several with commas, or the option again",
  ).argParser((rule: string, before: readonly string[] = []) => [...before, rule]);

export function requiredOf(names: readonly string[] | undefined): Required {
  try {
    return requiredRules(names ?? []);
  } catch (error) {
    if (error instanceof RangeError)
      throw new UsageError(`--require ${error.message}: all, or one of ${RULES.join(", ")}`);
    throw error;
  }
}

/** Returns a line for each required rule that could not be judged. */
export function unjudgedLines(path: string, judgements: readonly Judgement[], required: Required): string[] {
  return unjudged(judgements, required).map(({ rule, unseen }) => {
    const why = unseen.length > 0 ? `${unseen.join(", ")} not seen` : "events are missing where it mattered";
    return `kreel: ${path}: ${rule} is required and cannot be judged: ${why}`;
  });
}
