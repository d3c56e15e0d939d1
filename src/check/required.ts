/** Rules that a gate requires to have been judged: one that could not see is not fine. */
import type { Judgement } from "./checker.js";
import { RULES, type RuleName } from "./finding.js";

export type Required = ReadonlySet<RuleName>;

/** The rules that are named, `all` for every one. Throws a `RangeError` with the name that is none. */
export function requiredRules(names: readonly string[]): Required {
  const rules = new Set<RuleName>();
  for (const name of names.flatMap((text) => text.split(","))) {
    if (name === "all") for (const rule of RULES) rules.add(rule);
    else if ((RULES as readonly string[]).includes(name)) rules.add(name as RuleName);
    else throw new RangeError(name);
  }
  return rules;
}

/** Of the rules that are required, those that the recording is not enough for. */
export function unjudged(judgements: readonly Judgement[], required: Required): readonly Judgement[] {
  return judgements.filter(({ rule, verdict }) => verdict === "cannot tell" && required.has(rule));
}
