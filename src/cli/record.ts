/** `kreel record`: the probes that make a kernel record what kreel understands. */
import type { Command } from "commander";
import { probeFile } from "../../events/probe-file.js";
import type { Terminal } from "./terminal.js";
import { UsageError } from "./trouble.js";

interface Flags {
  readonly print?: true;
}

export function addRecord(program: Command, terminal: Terminal, done: (code: number) => void): void {
  program
    .command("record")
    .summary("print the probes to record with")
    .description("Prints the dynamic events that kreel understands, one kprobe_events line each. A kernel refuses the lines of functions that it does not have; the others work without them.")
    .argument("[command...]", "to be run under the probes (to come)")
    .option("--print", "print the probes (what record does without a command)")
    .action((command: readonly string[], _flags: Flags) => done(runRecord(command, terminal)));
}

function runRecord(command: readonly string[], { out, err }: Terminal): number {
  if (command.length > 0) throw new UsageError("record -- COMMAND: this kreel does not run commands yet; kreel record --print prints the probes to set by hand");
  out.write(probeFile());
  out.flush();
  err.line("set them, as root:   cd /sys/kernel/tracing; while read -r p; do echo \"$p\" >> kprobe_events; done < PROBES 2>/dev/null; echo 1 > events/gmem/enable");
  err.line("then run the workload, and read them:   cat trace > TRACE; kreel replay TRACE");
  err.flush();
  return 0;
}
