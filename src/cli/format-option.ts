/** `--from` says how a recording is read, `--to` what is written. Each was called `--format` once, and may be still. */
import { type Command, Option } from "commander";
import { UsageError } from "./trouble.js";

/** Added beside `--from`, or in `report` beside `--to`. */
export const formerOption = (): Option => new Option("--format <format>").hideHelp();

/** Before a command runs: what was given as `--format`. Returns the words of a warning, if it was. */
export function renamed(command: Command): string | undefined {
  const format: unknown = command.getOptionValue("format");
  if (typeof format !== "string") return undefined;
  const name = command.name() === "report" ? "to" : "from";
  if (command.getOptionValueSource(name) === "cli") throw new UsageError(`--format is --${name}: give one of them`);
  command.setOptionValueWithSource(name, format, "cli");
  return `--format is --${name} now`;
}
