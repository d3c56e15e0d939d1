/** A promise that does not hold. */
export class Problem extends Error {
  override readonly name = "Problem";

  constructor(
    /** The broken promise: the same for all inputs that break it. */
    readonly promise: string,
    /** The evidence in this input. */
    readonly detail: string,
    options?: ErrorOptions,
  ) {
    super(`${promise}: ${detail}`, options);
  }
}

export function hold(holds: boolean, promise: string, detail: () => unknown): void {
  if (!holds) throw new Problem(promise, shown(detail()));
}

const MOST = 600;

export function shown(value: unknown): string {
  const text =
    typeof value === "string"
      ? value
      : (JSON.stringify(value, (_, each: unknown) => (typeof each === "bigint" ? `${each}n` : each)) ?? String(value));
  return text.length > MOST ? `${text.slice(0, MOST)}…` : text;
}
