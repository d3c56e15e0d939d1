/** The words if no rule found anything; they claim it only for what was read. */
export function nothingWrong({
  events,
  lost,
  skipped,
}: {
  readonly events: number;
  readonly lost: number;
  readonly skipped: number;
}): string {
  if (events === 0) return "no event to judge";
  return lost + skipped > 0 ? "nothing wrong in what could be read" : "nothing wrong";
}
