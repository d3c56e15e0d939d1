/** `--from` is the format of input, `--to` that of output. Both were called `--format` once, which still works. */
import { type Command, Option } from "commander";
import { UsageError } from "./trouble.js";

/** Lets every command with `--from` accept `--format` as well, and `report` as its `--to`. */
export function takeFormerOption({ commands }: Command): void {
  for (const command of commands) {
    if (command.options.some(({ long }) => long === "--from"))
      command.addOption(new Option("--format <format>").hideHelp());
  }
}

/**
 * Moves the value of `--format` to the option that replaced it, before a command runs. Returns a warning if it was
 * given.
 */
export function renamed(command: Command): string | undefined {
  const format: unknown = command.getOptionValue("format");
  if (typeof format !== "string") return undefined;
  const name = command.name() === "report" ? "to" : "from";
  if (command.getOptionValueSource(name) === "cli") throw new UsageError(`--format is --${name}: give one of them`);
  command.setOptionValueWithSource(name, format, "cli");
  return `--format is --${name} now`;
}
