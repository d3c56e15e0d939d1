/** Rules that a gate requires to have been judged: a rule that cannot tell is not fine. */
import type { Judgement } from "./checker.js";
import { RULES, type RuleName } from "./finding.js";

export type Required = ReadonlySet<RuleName>;

/**
 * The rules with these names; `all` names every rule.
 *
 * @throws {RangeError} With a name that is not a rule's.
 */
export function requiredRules(names: readonly string[]): Required {
  const rules = new Set<RuleName>();
  for (const name of names.flatMap((text) => text.split(","))) {
    if (name === "all") for (const rule of RULES) rules.add(rule);
    else if ((RULES as readonly string[]).includes(name)) rules.add(name as RuleName);
    else throw new RangeError(name);
  }
  return rules;
}

/** The required rules on which the recording is not enough for a verdict. */
export function unjudged(judgements: readonly Judgement[], required: Required): readonly Judgement[] {
  return judgements.filter(({ rule, verdict }) => verdict === "cannot tell" && required.has(rule));
}
