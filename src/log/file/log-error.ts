/** Why a log file cannot be read or written, in words that follow its name. */
export class LogError extends Error {
  override readonly name = "LogError";

  constructor(
    readonly what: string,
    readonly path: string,
    options?: ErrorOptions,
  ) {
    super(`${path}: ${what}`, options);
  }
}
