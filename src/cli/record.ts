/** `kreel record`: the probes that make a kernel record what kreel understands. */
import type { Command } from "commander";
import { bpftraceProgram } from "../../events/bpftrace.js";
import { type Kernel, KERNELS } from "../../events/definition.js";
import { probeFile } from "../../events/probe-file.js";
import type { Terminal } from "./terminal.js";
import { UsageError } from "./trouble.js";

interface Flags {
  readonly print?: true;
  /** A kernel's name, if one was given. */
  readonly bpftrace?: true | string;
}

export function addRecord(program: Command, terminal: Terminal, done: (code: number) => void): void {
  program
    .command("record")
    .summary("print the probes to record with")
    .description("Prints the dynamic events that kreel understands, one kprobe_events line each. A kernel refuses the lines of functions that it does not have; the others work without them.")
    .argument("[command...]", "to be run under the probes (to come)")
    .option("--print", "print the probes (what record does without a command)")
    .option("--bpftrace [kernel]", `print them as a bpftrace program instead, of what a kernel has: ${KERNELS.join(", ")}`)
    .action((command: readonly string[], flags: Flags) => done(runRecord(command, flags, terminal)));
}

function runRecord(command: readonly string[], flags: Flags, terminal: Terminal): number {
  const { out, err } = terminal;
  if (command.length > 0) throw new UsageError("record -- COMMAND: this kreel does not run commands yet; kreel record --print prints the probes to set by hand");
  if (flags.bpftrace !== undefined) return printProgram(flags.bpftrace === true ? undefined : kernelNamed(flags.bpftrace), terminal);
  out.write(probeFile());
  out.flush();
  err.line("set them, as root:   cd /sys/kernel/tracing; while read -r p; do echo \"$p\" >> kprobe_events; done < PROBES 2>/dev/null; echo 1 > events/gmem/enable");
  err.line("then run the workload, and read them:   cat trace > TRACE; kreel replay TRACE");
  err.flush();
  return 0;
}

/** bpftrace attaches before the workload starts: what a module has can only be probed once it is loaded. */
function printProgram(kernel: Kernel | undefined, { out, err }: Terminal): number {
  out.write(bpftraceProgram(undefined, kernel));
  out.flush();
  err.line("run it, as root, with kvm loaded:   BPFTRACE_MISSING_PROBES=warn bpftrace -f json -o LINES PROGRAM");
  err.line("then run the workload, end bpftrace, and read what it printed in the order of its times:   sort -s -t[ -k2n LINES | kreel replay -");
  err.flush();
  return 0;
}

function kernelNamed(name: string): Kernel {
  const kernel = KERNELS.find((k) => k === name);
  if (!kernel) throw new UsageError(`--bpftrace ${name}: none of ${KERNELS.join(", ")}`);
  return kernel;
}
