#!/usr/bin/env node
/**
 * The command `kreel`. Results go to standard output, everything else to standard error; trouble is one line and status
 * 2.
 */
import "./compiler.js";
import { earlyEnd, loadedModules, strayTrouble } from "../own-kernel/loaded.js";
import { ended, run } from "./program.js";
import { openTerminal } from "./terminal.js";

const terminal = openTerminal(process.env);

// Prints Node's own warnings as lines like any other, unless Node was told not to warn.
if (process.listenerCount("warning") > 0) {
  process.removeAllListeners("warning");
  process.on("warning", ({ name, message }) => {
    terminal.err.line(`kreel: ${name}: ${message}`);
    terminal.err.flush();
  });
}

/** True once the exit status is certain. */
let over = false;

function finish(code: number): void {
  over = true;
  process.exitCode = code;
}

/** Handles errors that no code awaits, or that a timer threw: in a user's module, or an internal error. */
function stray(error: unknown): void {
  if (over) return;
  finish(ended(strayTrouble(error) ?? error, terminal, undefined));
  process.exit();
}

process.on("uncaughtException", stray).on("unhandledRejection", stray);
process.on("exit", () => {
  if (!over) finish(ended(earlyEnd(), terminal, undefined));
});
const code = await run(process.argv.slice(2), terminal);
// Pending work of a user's module shows now, or never.
if (loadedModules().length > 0) await new Promise((resolve) => setImmediate(resolve));
finish(code);
// Standard input may still be open, and nothing more is read from it.
process.exit();
