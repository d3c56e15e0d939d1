#!/usr/bin/env node
/** The command `kreel`. Results go to standard output, everything else to standard error; trouble is one line and status 2. */
import "./compiler.js";
import { run } from "./program.js";
import { openTerminal } from "./terminal.js";

const terminal = openTerminal(process.env);

// Node's own warnings are lines like any other, unless it was told not to warn.
if (process.listenerCount("warning") > 0) {
  process.removeAllListeners("warning");
  process.on("warning", ({ name, message }) => {
    terminal.err.line(`kreel: ${name}: ${message}`);
    terminal.err.flush();
  });
}

process.exitCode = await run(process.argv.slice(2), terminal);
// Standard input may still be open, and nothing more is wanted from it.
process.exit();
