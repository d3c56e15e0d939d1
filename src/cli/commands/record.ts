/** `kreel record`: makes a recording, or prints a script that makes one elsewhere. */
import type { Command } from "commander";
import { bpftraceProgram } from "../../../events/bpftrace.js";
import { type Kernel, KERNELS } from "../../../events/definition.js";
import { probeFile } from "../../../events/probe-file.js";
import { record } from "../../record/run.js";
import { recordScript } from "../../record/script.js";
import type { Terminal } from "../terminal.js";
import { UsageError } from "../trouble.js";

interface Flags {
  readonly print?: true;
  /** A kernel's name, if one was given. */
  readonly bpftrace?: true | string;
  readonly perf?: true;
  readonly traceCmd?: true;
  readonly script?: true;
  readonly output?: string;
  readonly buffer?: string;
  readonly clock?: string;
}

const SCRIPT_HINT =
  "run it, as root, where the kernel is:   sh SCRIPT [-o FILE] [-b KB] [-c CLOCK] COMMAND [ARGUMENT...]";

export function addRecord(program: Command, terminal: Terminal, done: (code: number) => void): void {
  program
    .command("record")
    .summary("record a command, or print the probes to record with")
    .description(
      "Records what the kernel does while COMMAND runs, as root, into one file for kreel replay. Exit status: COMMAND's, 2 for trouble. The other forms print what does the same elsewhere.",
    )
    .argument("[command...]", "what to record, after --")
    .option(
      "-o, --output <file>",
      "the recording (default: kreel-RELEASE-DATE.trace.gz); packed if its name ends in .gz",
    )
    .option("--buffer <kb>", "buffer, KB a CPU (default: an eighth of the free memory, at most 65536)")
    .option("--clock <name>", "the trace clock (default: mono)")
    .option(
      "--script",
      "print the shell script that records, for machines without Node; with --bpftrace, one that records with bpftrace",
    )
    .option("--print", "print the probes, one kprobe_events line each (what record does without a command)")
    .option("--perf", "print a shell script that records with perf")
    .option("--trace-cmd", "print a shell script that records with trace-cmd")
    .option(
      "--bpftrace [kernel]",
      `print the probes as a bpftrace program, of what a kernel has: ${KERNELS.join(", ")}`,
    )
    .action(async (command: readonly string[], flags: Flags) => done(await runRecord(command, flags, terminal)));
}

async function runRecord(command: readonly string[], flags: Flags, terminal: Terminal): Promise<number> {
  const script = flags.bpftrace === true && flags.script === true;
  const printed = (["script", "print", "perf", "traceCmd", "bpftrace"] as const).filter(
    (flag) => flags[flag] !== undefined,
  );
  if (printed.length > (script ? 2 : 1))
    throw new UsageError("record prints one thing at a time: --print, --script, --perf, --trace-cmd or --bpftrace");
  if (command.length > 0) {
    if (printed.length > 0) throw new UsageError("record prints, or records a command: leave one of the two away");
    if (process.platform !== "linux")
      throw new UsageError("record -- COMMAND: only Linux records; kreel record --script prints what to run there");
    return record(command, flags);
  }
  const ofRecording = (["output", "buffer", "clock"] as const).find((flag) => flags[flag] !== undefined);
  if (ofRecording) throw new UsageError(`--${ofRecording} is of a recording: give what to record, after --`);
  if (script) return print(recordScript("bpftrace"), [SCRIPT_HINT], terminal);
  if (flags.script) return print(recordScript(), [SCRIPT_HINT], terminal);
  if (flags.perf) return print(recordScript("perf"), [SCRIPT_HINT], terminal);
  if (flags.traceCmd) return print(recordScript("trace-cmd"), [SCRIPT_HINT], terminal);
  if (flags.bpftrace !== undefined) {
    const kernel = flags.bpftrace === true ? undefined : kernelNamed(flags.bpftrace);
    // bpftrace attaches before the workload starts: functions of a module can only be probed once it is loaded.
    return print(
      bpftraceProgram(undefined, kernel),
      [
        "run it, as root, with kvm loaded:   BPFTRACE_MISSING_PROBES=warn BPFTRACE_MAX_STRLEN=256 bpftrace -f json -o LINES PROGRAM",
        "then run the workload, end bpftrace, and read what it printed in the order of its times:   sort -s -t[ -k2n LINES | kreel replay -",
        "bpftrace up to 0.23 ends over a function that the kernel does not have; kreel record --script --bpftrace looks before",
      ],
      terminal,
    );
  }
  return print(
    probeFile(),
    [
      'set them, as root:   cd /sys/kernel/tracing; while read -r p; do echo "$p" >> kprobe_events; done < PROBES 2>/dev/null; echo 1 > events/gmem/enable',
      "then run the workload, and read them:   cat trace > TRACE; kreel replay TRACE",
    ],
    terminal,
  );
}

/** Prints the text, and instructions on standard error. */
function print(text: string, hints: readonly string[], { out, err }: Terminal): number {
  out.write(text);
  out.flush();
  for (const hint of hints) err.line(hint);
  err.flush();
  return 0;
}

function kernelNamed(name: string): Kernel {
  const kernel = KERNELS.find((k) => k === name);
  if (!kernel) throw new UsageError(`--bpftrace ${name}: none of ${KERNELS.join(", ")}`);
  return kernel;
}
