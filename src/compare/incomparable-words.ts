/** Words for things that cannot be compared, and why. */
import type { Verdict } from "./candidates.js";
import type { Reason, Side } from "./types.js";

type Hidden = Extract<Verdict, { readonly is: "hidden" }>;

/** `kvm_gmem_get_folio: 64 times after, never before, where what it does is there: inlined, or not probed`. */
export function operationWords(operation: string, times: number, missing: Side, { reason, detail }: Hidden): string {
  const there = missing === "before" ? "after" : "before";
  const often = times === 1 ? "once" : `${times} times`;
  if (reason === "returns") return `${operation}: its returns are never shown ${missing}, so results are not compared`;
  if (reason === "entries") return `${operation}: only its returns are shown ${missing}, so arguments are not compared`;
  if (reason === "markers")
    return `marks of the program (${operation}): ${times} ${there}, none ${missing}, so what user space saw is not compared`;
  return `${operation}: ${often} ${there}, never ${missing}${why(reason, detail)}`;
}

function why(reason: Reason, detail: string): string {
  switch (reason) {
    case "inlined":
      return `: inlined on ${detail}`;
    case "refused":
      return ", where the kernel refused its probe: inlined, or not there";
    case "unprobed":
      return ", where other probes are missing as well: not probed";
    default:
      return ", where what it does is there: inlined, or not probed";
  }
}

/** `kvm_gmem_create size: never before`. */
export function argumentWords(event: string, argument: string, missing: Side): string {
  return `${event} ${argument}: never shown ${missing}`;
}

export function missedWords(operation: string, times: number, missing: Side): string {
  return `${operation}: ${times === 1 ? "one" : times} more ${missing === "before" ? "after" : "before"}; so many at least were missed ${missing}, as its head says`;
}

export function findingWords(rule: string, object: string, missing: Side): string {
  return `${rule} of ${object}: only ${missing === "before" ? "after" : "before"}; the recording ${missing} does not show enough to say`;
}

export function livesWords(counted: string, missing: Side): string {
  return `${counted}, but what makes and ends them is not all shown ${missing}`;
}
