/** What is said where no rule found anything: of what was read, and no more than that. */
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
