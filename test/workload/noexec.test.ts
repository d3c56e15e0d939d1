/** Flags that the patch sets on its mount and its files, and what user space can tell of them. */
import test from "ava";
import { type FunctionTable, KernelDefinition, kernels } from "../../src/kernels/index.js";
import { parseScenario } from "../../src/scenario/parse.js";
import { store } from "../../src/simulate/step.js";
import { simulate } from "../../src/workload/simulate.js";

/** The result of each line of `lines`, given a VM `v` and a guest_memfd `g`. */
function answers(kernel: KernelDefinition, lines: readonly string[], flags = "0"): string[] {
  const before = ["load kvm", "load kvm-amd", "vm v", `gmem g v 64K ${flags}`];
  const { output } = simulate(kernel, parseScenario([...before, ...lines].join("\n"), "noexec.scn"));
  return output.slice(before.length, before.length + lines.length).map((line) => line.split(" = ")[1]!);
}

/** A kernel whose mount of guest_memfd, and whose superblock, may be run from. */
function mayRun(name: "linux-6.12-patched" | "linux-7.2", changed: FunctionTable = {}): KernelDefinition {
  const { functions } = kernels[name];
  return kernels[name].with("without MNT_NOEXEC", {
    *kvm_gmem_init_mount() {
      const error = yield* functions.kvm_gmem_init_mount.call(this);
      if (!error) {
        const mnt = this.mount(this.get(this.system.kvm_gmem_mnt));
        const sb = this.superBlock(this.get(mnt.mnt_sb));
        yield store("mnt_flags = 0; s_iflags = 0", [mnt.mnt_flags, 0], [sb.s_iflags, 0]);
      }
      return error;
    },
    ...changed,
  });
}

test("MNT_NOEXEC is what the patch's statfs and its mmap(PROT_EXEC) differ by", (t) => {
  const lines = ["statfs g", "mapexec g 0 4K", "execveat g"];
  t.deepEqual(answers(kernels["linux-6.12-patched"], lines), ["0 f_type=474d454d f_flags=28", "-1 EPERM", "-1 EACCES"]);
  t.deepEqual(answers(mayRun("linux-6.12-patched"), lines), ["0 f_type=474d454d f_flags=20", "-1 ENODEV", "-1 EACCES"]);
});

test("guest memory that may be run can be mapped to be run, or protected so afterwards, and then not written", (t) => {
  const lines = ["mapexec g 0 4K", "map m g 0 4K", "poke m", "protectexec m", "refcnt kvm_amd"];
  t.deepEqual(answers(kernels["linux-7.2"], lines, "3"), ["-1 EPERM", "0", "0", "-1 EACCES", "0 refcnt=2"]);
  t.deepEqual(answers(mayRun("linux-7.2"), lines, "3"), ["0", "0", "0", "0", "0 refcnt=2"]);
  const { output } = simulate(
    mayRun("linux-7.2"),
    parseScenario(
      ["load kvm", "load kvm-amd", "vm v", "gmem g v 64K 3", "map m g 0 4K", "protectexec m", "poke m", "stat g"].join(
        "\n",
      ),
      "killed.scn",
    ),
  );
  t.true(output.includes("protectexec m = 0"));
  t.deepEqual(
    output.filter((line) => /^(poke|stat)/.test(line)),
    [],
  );
});

test("a file that somebody may run is opened before it is refused: anonymous inodes cannot be opened again", (t) => {
  const executable: FunctionTable = {
    *inode_permission(_inode, _mask) {
      return 0;
    },
  };
  t.deepEqual(
    answers(mayRun("linux-6.12-patched", executable), ["execveat g", "close g", "close v", "unload kvm_amd"]),
    ["-1 ENXIO", "0", "0", "0"],
  );
  t.deepEqual(answers(kernels["linux-6.12-patched"].with("executable", executable), ["execveat g"]), ["-1 EACCES"]);
});

test("the limit on files of the system holds for a file that is only looked at", (t) => {
  t.deepEqual(answers(kernels["linux-7.2"], ["dropcaps", "execveat g"]), ["0", "-1 EACCES"]);
  t.deepEqual(answers(kernels["linux-7.2"], ["filemax 0", "dropcaps", "execveat g", "execveat nobody", "close g"]), [
    "0",
    "0",
    "-1 ENFILE",
    "-1 ENFILE",
    "0",
  ]);
});

test("a descriptor may have come to be that of a file that nothing is known of", (t) => {
  for (const line of ["stat g", "statfs g", "getfl g", "mapexec g 0 4K", "execveat g"]) {
    const lines = ["@ta close g", "@tb load irqbypass", "@tb refcnt kvm", `@tc ${line}`, `@tc ${line}`, "go"];
    const before = ["load kvm", "load kvm-amd", "vm v", "gmem g v 64K"];
    const scenario = parseScenario([...before, ...lines].join("\n"), "replaced.scn");
    for (let seed = 1; seed <= 400; seed++)
      t.is(simulate(kernels["linux-7.2"], scenario, { seed }).ending.type, "finished", `${line} ${seed}`);
  }
});

test("threads that share descriptors hold the file meanwhile", (t) => {
  const lines = ["execveat g", "statfs g", "getfl g", "mapexec g 0 4K"].map((line) => `@ta ${line}`);
  const scenario = parseScenario(
    [
      "load kvm",
      "load kvm-amd",
      "vm v",
      "gmem g v 64K",
      ...lines,
      "@tb close g",
      "go",
      "close v",
      "unload kvm_amd",
    ].join("\n"),
    "threads.scn",
  );
  for (const kernel of Object.values(kernels)) {
    for (let seed = 1; seed <= 40; seed++) {
      const { output, ending } = simulate(kernel, scenario, { seed });
      t.is(ending.type, "finished");
      t.true(output.includes("unload kvm_amd = 0"), `${kernel.name} ${seed}: ${output.join("; ")}`);
    }
  }
});
