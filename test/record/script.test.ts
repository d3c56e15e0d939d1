/** Tests the generated scripts, as far as possible without a kernel to set probes in. */
import { spawnSync } from "node:child_process";
import { chmodSync, mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test from "ava";
import { operations } from "../../events/index.js";
import { probeFile, recordedProbes, standardProbes } from "../../events/probe-file.js";
import { registersFunction } from "../../src/record/registers.js";
import { recordScript } from "../../src/record/script.js";
import { COMMON, RECORDERS, type Recorder } from "../../src/record/shell.js";
import { probesFunction, programFunction } from "../../src/record/table.js";
import { SHELLS } from "./shells.js";

const RECORDER_NAMES = Object.keys(RECORDERS) as Recorder[];
/** Runs a text in a shell, with functions of the script in it, and arguments. */
function run(
  [shell, ...flags]: readonly string[],
  text: string,
  args: readonly string[] = [],
  env: NodeJS.ProcessEnv = {},
): { readonly out: string; readonly err: string; readonly code: number | null } {
  const { stdout, stderr, status } = spawnSync(shell!, [...flags, "-c", text, "sh", ...args], {
    env: { ...process.env, ...env },
  });
  return { out: stdout.toString(), err: stderr.toString(), code: status };
}

for (const recorder of RECORDER_NAMES) {
  for (const shell of SHELLS) {
    test(`${shell.join(" ")} can read the script for ${recorder}`, (t) => {
      const { stderr, status } = spawnSync(shell[0]!, [...shell.slice(1), "-n"], { input: recordScript(recorder) });
      t.is(stderr.toString(), "");
      t.is(status, 0);
    });
  }
}

test("the script fits into one argument of a command, as which kreel record passes it on", (t) => {
  for (const recorder of RECORDER_NAMES) t.true(Buffer.byteLength(recordScript(recorder)) < 128 * 1024);
});

test("nothing in the script is of one shell only", (t) => {
  for (const recorder of RECORDER_NAMES)
    t.notRegex(recordScript(recorder), /\[\[|\blocal\b|\bfunction\b |<\(|[\s=(]\$'|\bdeclare\b|&>|\becho -[en]|\|&/);
});

test("the table has every line that record --print prints, as it is", (t) => {
  const table = run(["sh"], `${probesFunction(standardProbes)}probes`)
    .out.split("\n")
    .filter((line) => /^[pr]:/.test(line));
  t.deepEqual(table, probeFile(undefined, "GROUP").trimEnd().split("\n"));
  for (const { name } of standardProbes) t.true(table.some((line) => line.startsWith(`p:GROUP/${name} `)));
});

test("it has what the catalogue has come to know since, and what newer kernels have", (t) => {
  for (const { name } of recordedProbes) t.true(probesFunction().includes(`\np:GROUP/${name} `), name);
  t.regex(
    probesFunction(),
    /\np:GROUP\/kvm_gmem_commit_memory_region kvm:kvm_gmem_commit_memory_region kvm=%di slot=%si\n/,
  );
});

test("what stands in for a probe follows it", (t) => {
  const lines = probesFunction([operations.kvm_set_memory_region, operations.iput]).split("\n").slice(2, -3);
  t.deepEqual(
    lines.map((line) => line.split(" ").slice(0, 3).join(" ")),
    [
      "p:GROUP/kvm_set_memory_region kvm:kvm_set_memory_region kvm=%di",
      "or p:GROUP/kvm_set_memory_region kvm:__kvm_set_memory_region",
      "r:GROUP/kvm_set_memory_region_ret kvm:kvm_set_memory_region err=$retval:s32",
      "or r:GROUP/kvm_set_memory_region_ret kvm:__kvm_set_memory_region",
      "p:GROUP/iput iput inode=%di",
      "untyped p:GROUP/iput iput",
    ],
  );
  t.is(lines.at(-1), "untyped p:GROUP/iput iput inode=%di", "without the kernel's types only what is in registers");
});

/** Returns the table for a machine: `uname` is a function that prints the given name. */
function tableOf(machine: string, { builtin = false, events = "kprobe_events", said = "" } = {}): string[] {
  const fakes = `uname() { echo ${machine}; }\ngrep() { return ${builtin ? 0 : 1}; }\nname=kreel_1_2 tracefs=/t events=/t/${events}\n`;
  const { out, err } = run(
    ["sh"],
    `${registersFunction()}${probesFunction()}${COMMON}${RECORDERS.ftrace.functions}${fakes}choose_means; probes_here`,
  );
  if (err !== said) throw new Error(err);
  return out.trimEnd().split("\n");
}

test("on x86-64 the table is the catalogue's", (t) => {
  t.deepEqual(
    tableOf("x86_64").filter((line) => /^[pr]:/.test(line)),
    probeFile(recordedProbes, "kreel_1_2").trimEnd().split("\n"),
  );
});

const argument = (lines: readonly string[], event: string): string =>
  lines.find((line) => line.startsWith(`p:kreel_1_2/${event} `))!;

test("on arm64 arguments are in x0 to x5", (t) => {
  const lines = tableOf("aarch64");
  t.is(
    argument(lines, "kvm_gmem_bind"),
    "p:kreel_1_2/kvm_gmem_bind kvm:kvm_gmem_bind kvm=%x0 slot=%x1 fd=%x2:s32 offset=%x3:u64",
  );
  t.is(argument(lines, "kern_mount"), "p:kreel_1_2/kern_mount kern_mount type=%x0 name=+0(+0(%x0)):string");
  t.true(argument(lines, "alloc_file_pseudo").endsWith("flags=%x3 fops=%x4"));
  t.true(argument(lines, "iput").includes("i_count=inode->i_count.counter:s32"), "what is found by types stays");
  t.false(lines.some((line) => /%(?:di|si|dx|cx|r8|r9)/.test(line)));
  t.deepEqual(tableOf("arm64"), lines);
});

test("on other machines arguments go by their number, and that is said", (t) => {
  const lines = tableOf("riscv64", {
    said: "kreel: the registers of riscv64 are not known, so kprobes, arguments by number\n",
  });
  t.is(
    argument(lines, "kvm_gmem_bind"),
    "p:kreel_1_2/kvm_gmem_bind kvm:kvm_gmem_bind kvm=$arg1 slot=$arg2 fd=$arg3:s32 offset=$arg4:u64",
  );
});

test("a kernel without kprobes has fprobes: no module in front, arguments by number, returns by their mark", (t) => {
  const lines = tableOf("x86_64", {
    events: "dynamic_events",
    said: "kreel: no kprobes in this kernel, so fprobes, arguments by number; of modules only what is loaded\n",
  });
  for (const expected of [
    "f:kreel_1_2/kvm_gmem_bind kvm_gmem_bind kvm=$arg1 slot=$arg2 fd=$arg3:s32 offset=$arg4:u64",
    "f:kreel_1_2/kvm_gmem_bind_ret kvm_gmem_bind%return err=$retval:s32",
    "or f:kreel_1_2/kvm_set_memory_region_ret __kvm_set_memory_region%return err=$retval:s32",
    "untyped f:kreel_1_2/iput iput inode=$arg1",
    "f:kreel_1_2/kern_mount kern_mount type=$arg1 name=+0(+0($arg1)):string",
  ])
    t.true(lines.includes(expected), expected);
  t.true(lines.every((line) => /^(?:or |untyped )?f:/.test(line)));
});

test("a KVM that is built in is in no module", (t) => {
  const lines = tableOf("aarch64", { builtin: true });
  t.is(argument(lines, "kvm_exit"), "p:kreel_1_2/kvm_exit kvm_exit");
  t.false(lines.some((line) => / kvm:/.test(line)));
  t.true(lines.some((line) => / kvm=/.test(line)));
});

const HOSTILE = [
  "",
  " ",
  "it's",
  "''",
  "$(touch /tmp/no)",
  "`id`",
  "a\\b",
  "-n",
  "--",
  "*",
  "ü",
  '"',
  "a b\tc",
  "$HOME",
  "!x",
  "# kreel",
  "%s%n",
  "\\n",
];

for (const shell of SHELLS) {
  test(`a command is noted so that a shell reads it back, whatever is in it: ${shell.join(" ")}`, (t) => {
    const { out } = run(shell, `${COMMON}quoted "$@"`, HOSTILE);
    t.false(out.includes("\n"));
    t.deepEqual(
      run(shell, `eval "set -- $(cat)"; for a; do printf '%s|' "$a"; done`.replace("$(cat)", "$NOTED"), [], {
        NOTED: out,
      }).out,
      HOSTILE.map((word) => `${word}|`).join(""),
    );
  });

  test(`no argument makes a line of its own, or a terminal do things: ${shell.join(" ")}`, (t) => {
    const { out } = run(shell, `${COMMON}one_line "$1"`, ["a\n# tracer: function\r\x1b[2Jü\x7f"]);
    t.is(out, "a?# tracer: function??[2Jü?");
  });

  test(`a process is known by its number and its start, however it calls itself: ${shell.join(" ")}`, (t) => {
    const directory = mkdtempSync(join(tmpdir(), "kreel-"));
    const odd = join(directory, "a) S (b) 1");
    writeFileSync(odd, "#!/bin/sh\nread -r line\n");
    chmodSync(odd, 0o755);
    const text = `${COMMON}
      "$1" <"$2" & pid=$!
      exec 9>"$2"; sleep 0.2; name=kreel_\${pid}_$(started $pid)
      echo "$name" | grep -qx "kreel_[0-9]*_[0-9]*" || echo "no name: $name"
      alive "$name" || echo "not alive"
      alive "kreel_\${pid}_1" && echo "another with its number is alive"
      exec 9>&-; wait $pid
      alive "$name" && echo "alive when gone"
      alive kreel_$$_$(started $$) && echo end`;
    const fifo = join(directory, "fifo");
    t.is(spawnSync("mkfifo", [fifo]).status, 0);
    t.is(run(shell, text, [odd, fifo]).out, "end\n");
  });
}

for (const shell of SHELLS) {
  const running = `${COMMON}name=kreel_1_2; trap 'caught 15' TERM\n`;

  test(`a command has the standard input and gives its status: ${shell.join(" ")}`, (t) => {
    const { stdout } = spawnSync(
      shell[0]!,
      [...shell.slice(1), "-c", `${running}run sh -c 'cat; exit 7'; echo "$status $signal $phase"`],
      { input: "what is put in\n" },
    );
    t.is(stdout.toString(), "what is put in\n7 0 collecting\n");
  });

  test(`a signal ends the command, whatever is recorded until then is still to be kept: ${shell.join(" ")}`, (t) => {
    t.is(
      run(shell, `${running}(sleep 0.3; kill -TERM $$) & run sleep 60; echo "$signal $signals $phase"`).out,
      "15 1 collecting\n",
    );
  });

  test(`two signals may be one, with the third a command that hears none is killed: ${shell.join(" ")}`, (t) => {
    const deaf = `sh -c 'trap "" TERM; exec sleep 20'`;
    t.is(
      run(
        shell,
        `${running}(for k in 1 2 3; do sleep 0.3; kill -TERM $$; done) >/dev/null & run ${deaf} >/dev/null; echo "$signal $signals $phase"; caught 15; echo not reached`,
      ).out,
      "15 3 collecting\n",
    );
  });

  test(`a signal before there is a command ends it all: ${shell.join(" ")}`, (t) => {
    const { out, code } = run(shell, `${running}caught 15; echo not reached`);
    t.is(out, "");
    t.is(code, 143);
  });
}

for (const shell of SHELLS) {
  test(`bpftrace gets what of its program the kernel has: ${shell.join(" ")}`, (t) => {
    const directory = mkdtempSync(join(tmpdir(), "kreel-"));
    const here = (...functions: readonly string[]): { readonly probes: string[]; readonly err: string } => {
      writeFileSync(join(directory, "available_filter_functions"), functions.map((f) => `${f}\n`).join(""));
      const program = programFunction([operations.kvm_set_memory_region, operations.iput, operations.try_module_get]);
      const { out, err } = run(
        shell,
        `${program}${COMMON}${RECORDERS.bpftrace.functions}tracefs=$1 part=$1/recording; program_here`,
        [directory],
      );
      return {
        probes: out
          .trimEnd()
          .split("\n")
          .map((line) => line.split(" ")[0]!),
        err,
      };
    };
    t.deepEqual(here("vfs_write", "iput", "try_module_get", "kvm_set_memory_region [kvm]"), {
      probes: [
        "BEGIN",
        "kprobe:kvm_set_memory_region",
        "kretprobe:kvm_set_memory_region",
        "kprobe:iput",
        "kprobe:try_module_get",
        "kretprobe:try_module_get",
        "kprobe:vfs_write",
      ],
      err: "",
    });
    t.deepEqual(
      here(
        "vfs_write",
        "iput_not_last",
        "try_module_get",
        "__kvm_set_memory_region [kvm]",
        "kvm_set_memory_region_x [kvm]",
      ),
      {
        probes: [
          "BEGIN",
          "kprobe:__kvm_set_memory_region",
          "kretprobe:__kvm_set_memory_region",
          "kprobe:try_module_get",
          "kretprobe:try_module_get",
          "kprobe:vfs_write",
        ],
        err: [
          "stands in for kprobe:kvm_set_memory_region: kprobe:__kvm_set_memory_region",
          "stands in for kretprobe:kvm_set_memory_region: kretprobe:__kvm_set_memory_region",
          "not here: kprobe:iput",
        ]
          .map((line) => `kreel: ${line}\n`)
          .join(""),
      },
    );
    t.deepEqual(here("vfs_write").probes, ["BEGIN", "kprobe:vfs_write"]);
  });
}

test("perf and trace-cmd record what the script sets, with the same clock, and stop there", (t) => {
  t.regex(recordScript("perf"), /\nrun perf record -q -a -k "\$clock" -e "\$name:\*" .*-o "\$data" -- "\$@"\n/);
  t.regex(recordScript("perf"), /perf script --ns -F comm,pid,tid,cpu,time,event,trace -i "\$data"/);
  t.regex(recordScript("trace-cmd"), /\nrun trace-cmd record -q -C "\$clock" -e "\$name" .*-o "\$part" "\$@"\n/);
  for (const recorder of RECORDER_NAMES)
    t.is(recordScript(recorder).includes("\nset_probes\n"), recorder !== "bpftrace", "which sets its own");
});
