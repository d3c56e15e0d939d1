/**
 * Differences between any two runs that mean nothing: each is made to a real recording, and the diff with the original
 * is empty.
 */
import test from "ava";
import { compareHistories } from "../../src/compare/diff.js";
import type { Difference } from "../../src/compare/types.js";
import { nameOf, recordingsOf, scenarioOf, textOf } from "../support/recordings.js";
import { history, historyOfText, diffOf, diffWithEdit, LINE, nameIn, told } from "./histories.js";

/** Scenarios that between them hold every kind of operation, error paths, forks and threads. */
const SCENARIOS = /s01|s04|s09|s10|s12|s13|s15|s16|s18/;
const RECORDINGS = recordingsOf("linux-6.12", "linux-6.12-patched", "linux-7.2").filter((p) =>
  SCENARIOS.test(scenarioOf(p)),
);

const isMarker = (line: string): boolean => nameIn(line) === "tracing_mark_write";
/** A generator of whole numbers below `n`, the same each time. */
function dice(seed: number): (n: number) => number {
  let state = seed;
  return (n) => {
    state = (state * 1103515245 + 12345) % 2147483648;
    return state % n;
  };
}

interface Edit {
  readonly what: string;
  readonly edit: (lines: string[]) => string[];
}

/** Inserts lines of other tasks after every `every`-th event. */
function interspersed(lines: readonly string[], every: number, make: (at: string, k: number) => string[]): string[] {
  let events = 0;
  return lines.flatMap((line) => {
    const match = LINE.exec(line);
    if (!match || ++events % every !== 0) return [line];
    return [line, ...make(match[7]!, events)];
  });
}

/** The pointers of guest_memfd's own files, dentries and mount, from where they are made to where they end. */
function lookups(lines: readonly string[]): string[] {
  let file = "";
  let mount = "";
  let inside = false;
  return lines.flatMap((line) => {
    const name = nameIn(line);
    if (name === "kvm_gmem_create") inside = true;
    if (inside && name === "alloc_file_pseudo") mount = /mnt=(0x[0-9a-f]+)/.exec(line)![1]!;
    if (inside && name === "fd_install") file = /file=(0x[0-9a-f]+)/.exec(line)![1]!;
    if (name === "kvm_gmem_create_ret") {
      inside = false;
      if (file === "" || / fd=-/.test(line)) return [line];
      const time = LINE.exec(line)![7]!;
      const other = (event: string, args: string): string =>
        `            ps-999     [000] ..... ${time}: ${event}: (${event}+0x4/0x40) ${args}`;
      // The effects of reading /proc/PID/fd/N.
      return [line, other("mntget", `mnt=${mount}`), other("fput", `file=${file}`), other("mntput", `mnt=${mount}`)];
    }
    return [line];
  });
}

const EDITS: readonly Edit[] = [
  { what: "without the markers", edit: (lines) => lines.filter((line) => !isMarker(line)) },
  {
    what: "with other names and pids of threads",
    edit: (lines) =>
      lines.map((line) =>
        line.replace(LINE, (whole: string, _: string, comm: string, pid: string, gap: string, ...rest: string[]) =>
          /^(?:<idle>|ksoftirqd|kworker|rcu)/.test(comm)
            ? whole
            : `${"prog".padStart(16)}-${String(Number(pid) + 5000).padEnd(7)}${gap.trimStart().padStart(2)}${rest.slice(0, 6).join("")}`,
        ),
      ),
  },
  {
    what: "with other addresses",
    edit: (lines) =>
      lines.map((line) => line.replaceAll(/0xffff888([0-9a-f]{9})\b/g, (_, low: string) => `0xffff9a1${low}`)),
  },
  {
    what: "with times of another machine",
    edit: (lines) =>
      lines.map((line) =>
        line.replace(LINE, (whole, ...groups: string[]) =>
          whole.replace(groups[6]!, `${Number(groups[6]!.split(".")[0]) + 777}.${groups[6]!.split(".")[1]}`),
        ),
      ),
  },
  {
    what: "with events on other CPUs",
    edit: (lines) => lines.map((line) => (/^\s*<idle>|\.\.s/.test(line) ? line : line.replace(/\[00[01]\]/, "[003]"))),
  },
  {
    what: "with somebody else's files, mounts and modules in between",
    edit: (lines) =>
      interspersed(lines, 7, (time, k) => {
        const other = (event: string, args: string): string =>
          `            sh-4242    [001] ..... ${time}: ${event}: (${event}+0x4/0x40) ${args}`;
        const page = k.toString(16).padStart(6, "0");
        return [
          other("mntget", `mnt=0xffffa00${page}020`),
          other("dput", `dentry=0xffffa00${page}0c0`),
          other("mntput", `mnt=0xffffa00${page}020`),
          other("fput", `file=0xffffa00${page}100`),
          other("module_put", `module=0x0 name=(fault) refcnt=0`),
        ];
      }),
  },
  {
    what: "with the page cache of other files filled in between",
    edit: (lines) =>
      interspersed(lines, 11, (time, k) => [
        `            cp-777     [001] ..... ${time}: filemap_add_folio: (filemap_add_folio+0x4/0xc0) mapping=0xffffa00000001000 folio=0xffffea00${k.toString(16).padStart(8, "0")} index=${k}`,
        `            cp-777     [001] ..... ${time}: filemap_add_folio_ret: (page_cache_ra_unbounded+0x4/0xc0 <- filemap_add_folio) err=0`,
      ]),
  },
  { what: "with a look at each new file through /proc by another process", edit: (lines) => lookups(lines) },
  {
    what: "with some RCU callbacks missed by their probes",
    edit: (lines) => {
      const roll = dice(7);
      return lines.filter((line) => !/^(?:i_callback|free_inode_nonrcu)$/.test(nameIn(line)) || roll(3) > 0);
    },
  },
  {
    what: "from a little later on",
    edit: (lines) => [
      ...lines.slice(0, 12).filter((line) => line.startsWith("#")),
      ...lines.slice(lines.findIndex((line) => LINE.test(line)) + 5),
    ],
  },
  {
    what: "to a little earlier",
    edit: (lines) => lines.slice(0, lines.findLastIndex(isMarker) + 1),
  },
];

/** A result that only user space sees: it goes with the markers. */
const isResult = (d: Difference): boolean => d.kind === "result-changed" && d.operation === undefined;

for (const path of RECORDINGS) {
  for (const { what, edit } of EDITS) {
    test(`a recording and the same ${what} do not differ: ${nameOf(path)}`, async (t) => {
      t.not(edit(textOf(path).split("\n")).join("\n"), textOf(path), "something was edited");
      const d = await diffWithEdit(path, edit);
      t.deepEqual(d.differences.map(told), []);
      t.deepEqual(d.hunks, []);
    });
  }
}

test("without markers the same operations of the patch are told, and all that is missing is what only markers show", async (t) => {
  const strip = EDITS[0]!.edit;
  for (const scenario of ["s01-create-close", "s04-bind-unbind", "s09-enfile", "s12-rmmod-busy"]) {
    const [before, after] = ["linux-6.12", "linux-6.12-patched"].map(
      (kernel) => `fixtures/recordings/${kernel}/${scenario}.trace.gz`,
    ) as [string, string];
    const histories = await Promise.all(
      [before, after].map((path) => historyOfText(strip(textOf(path).split("\n")).join("\n"))),
    );
    const stripped = compareHistories(histories[0]!, histories[1]!);
    const marked = await diffOf(before, after);
    const operations = (differences: readonly Difference[]): string[] =>
      differences.filter((d) => !isResult(d)).map((d) => `${d.kind} ${d.operation ?? d.object}: ${d.message}`);
    t.deepEqual(operations(stripped.differences), operations(marked.differences));
    t.true(stripped.differences.every((d) => !isResult(d)));
    t.true(
      stripped.hunks.every((h) => / by /.test(h.where)),
      "places are named by operation and thread",
    );
  }
});

test("without markers a mistake is told as it is with them", async (t) => {
  const strip = EDITS[0]!.edit;
  for (const recording of [
    "no-iput-on-error/s09-enfile",
    "double-unmount/s01-create-close",
    "bind-no-fput/s04-bind-unbind",
    "unbind-double-fput/s04-bind-unbind",
  ]) {
    const path = `fixtures/recordings/mistakes/${recording}.trace.gz`;
    const healthy = `fixtures/recordings/mistakes/healthy/${recording.split("/")[1]}.trace.gz`;
    const histories = await Promise.all(
      [healthy, path].map((p) => historyOfText(strip(textOf(p).split("\n")).join("\n"))),
    );
    const stripped = compareHistories(histories[0]!, histories[1]!);
    const marked = await diffOf(healthy, path);
    const operations = (differences: readonly Difference[]): string[] =>
      differences.filter((d) => !isResult(d)).map((d) => `${d.kind} ${d.operation ?? d.object?.split(" ")[0]}`);
    t.deepEqual(operations(stripped.differences), operations(marked.differences));
  }
});

test("a program under another name, with a mistake, differs by the mistake alone", async (t) => {
  const path = "fixtures/recordings/mistakes/extra-ihold/s01-create-close.trace.gz";
  const healthy = "fixtures/recordings/mistakes/healthy/s01-create-close.trace.gz";
  const renamed = await diffWithEdit(healthy, EDITS[1]!.edit, path);
  t.deepEqual(renamed.differences.map(told), (await diffOf(healthy, path)).differences.map(told));
});

test("a real difference is told through the noise of others", async (t) => {
  const noise = EDITS.find((e) => e.what.startsWith("with somebody else's"))!.edit;
  const path = "fixtures/recordings/mistakes/no-security-hook/s01-create-close.trace.gz";
  const d = await diffWithEdit("fixtures/recordings/mistakes/healthy/s01-create-close.trace.gz", noise, path);
  t.deepEqual(
    d.differences.map((x) => `${x.kind} ${x.operation}`),
    ["operation-removed anon_inode_make_secure_inode", "operation-removed security_inode_init_security_anon"],
  );
});

test("a recording that begins with the module loaded claims nothing about the file system of inodes", async (t) => {
  for (const kernel of ["linux-6.12-patched", "linux-7.2"]) {
    const d = await diffWithEdit(`fixtures/recordings/${kernel}/s01-create-close.trace.gz`, (lines) => {
      const from = lines.findIndex((line) => isMarker(line) && line.includes(" op: vm v"));
      return [...lines.filter((line) => line.startsWith("#")), ...lines.slice(from)];
    });
    t.true(
      d.differences.every((x) => !(x.kind === "state-changed" && x.where.startsWith("gmem "))),
      d.differences.map(told).join("; "),
    );
    t.true(d.differences.every((x) => !isResult(x)));
    t.true(d.differences.every((x) => x.kind !== "finding-introduced"));
  }
});

test("a call dropped from any operation is told, at its place", async (t) => {
  const path = "fixtures/recordings/linux-7.2/s01-create-close.trace.gz";
  const d = await diffWithEdit(path, (lines) => {
    const created = lines.findIndex((line) => nameIn(line) === "kvm_gmem_create");
    const at = lines.findIndex((line, i) => i > created && nameIn(line) === "kvm_get_kvm");
    return lines.filter((_, i) => i !== at);
  });
  const [first] = d.differences;
  t.is(`${first!.kind} ${first!.operation} ${first!.where}`, "operation-removed kvm_get_kvm gmem g v 2M");
  t.is((await history(path)).findings.length, 0);
});
