/** `--from` says how a recording is read, `--to` what is written. Each was called `--format` once, and may be still. */
import { type Command, Option } from "commander";
import { UsageError } from "./trouble.js";

/** Lets every command that has `--from` take it as `--format` too, and `report` its `--to`. */
export function takeFormerOption({ commands }: Command): void {
  for (const command of commands) {
    if (command.options.some(({ long }) => long === "--from"))
      command.addOption(new Option("--format <format>").hideHelp());
  }
}

/** Before a command runs: what was given as `--format`. Returns the words of a warning, if it was. */
export function renamed(command: Command): string | undefined {
  const format: unknown = command.getOptionValue("format");
  if (typeof format !== "string") return undefined;
  const name = command.name() === "report" ? "to" : "from";
  if (command.getOptionValueSource(name) === "cli") throw new UsageError(`--format is --${name}: give one of them`);
  command.setOptionValueWithSource(name, format, "cli");
  return `--format is --${name} now`;
}
