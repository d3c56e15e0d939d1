/** Runs `kreel ui` with its page in the folder named first, and its options as JSON. */
import { openTerminal } from "../../src/cli/terminal.js";
import { troubleText } from "../../src/cli/trouble.js";
import { runUi, type UiFlags } from "../../src/cli/commands/ui.js";

const [folder, flags, ...traces] = process.argv.slice(2);
const terminal = openTerminal(process.env);
try {
  process.exitCode = await runUi(traces, JSON.parse(flags!) as UiFlags, terminal, folder);
} catch (error) {
  terminal.err.line(troubleText(error, false));
  terminal.err.flush();
  process.exitCode = 2;
}
process.exit();
