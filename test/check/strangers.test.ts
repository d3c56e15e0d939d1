/** Mistakes with files, inodes, mounts and descriptors that are not guest_memfd's, which no kernel makes with any. */
import test from "ava";
import { readFileSync } from "node:fs";
import { openRecording } from "../../src/read/recording.js";
import { type Replay, replay, replayRecording } from "../../src/replay/replay.js";
import { summaryLines } from "../../src/show/summary.js";
import { styleOf } from "../../src/show/style.js";
import { HEALTHY, nameOf, recordingsOf } from "../support/recordings.js";

const lines = (name: string): readonly string[] =>
  readFileSync(`fixtures/strangers/${name}.trace.txt`, "utf8").split("\n");
const INODE_KEPT = lines("inode-kept");
const DESCRIPTOR_KEPT = lines("descriptor-kept");

async function all(text: readonly string[], judged?: "guest-memfd"): Promise<Replay> {
  const input = (async function* () {
    yield Buffer.from(text.join("\n"));
  })();
  const recording = await openRecording("-", { input });
  return replayRecording(recording, { everything: true, ...(judged ? { judged } : {}) });
}
const told = ({ findings }: Replay): string[] =>
  findings.map(({ rule, object }) => `${rule} ${object.replace(/ 0x.*/, "")}`);
/** The index of line `n` among those of an event. */
const nth = (text: readonly string[], event: string, n: number): number =>
  text.flatMap((line, k) => (line.includes(` ${event}: `) ? [k] : []))[n]!;
const twice = (
  text: readonly string[],
  event: string,
  n: number,
  change = (line: string): string => line,
): string[] => {
  const at = nth(text, event, n);
  return [...text.slice(0, at + 1), change(text[at]!), ...text.slice(at + 1)];
};
/** The strangers' part without the failing call: it has no mistake. */
const HEALTHY_TEXT = ((): string[] => {
  const failing = INODE_KEPT.findIndex((line) => line.includes("0xffffffffffffffe9"));
  const from = INODE_KEPT.findLastIndex((line, k) => k < failing && line.includes(" get_unused_fd_flags: "));
  const to = INODE_KEPT.findIndex((line, k) => k > failing && line.includes(" get_unused_fd_flags: "));
  return INODE_KEPT.toSpliced(from, to - from).map((line) => line.replace(/\d+\/\d+ {3}#P:2/, "1/1   #P:1"));
})();

test("files that are made, closed and released are well", async (t) => {
  const result = await all(HEALTHY_TEXT);
  t.deepEqual(told(result), []);
  t.true(result.strangers!.objects > result.strangers!.judged && result.strangers!.judged > 0);
});

test("an inode that the caller of a failed alloc_file_pseudo keeps", async (t) => {
  const result = await all(INODE_KEPT);
  t.deepEqual(told(result), ["leaked-inode inode"]);
  t.regex(
    result.findings[0]!.message,
    /^alloc_file_pseudo failed with ENFILE at event \d+, and whoever called it left inode .* behind/,
  );
  const put = INODE_KEPT.findIndex((line) => line.includes(" put_unused_fd: "));
  const iput = `${INODE_KEPT[put]!.slice(0, INODE_KEPT[put]!.indexOf("put_unused_fd"))}iput: (iput+0x4/0x70) inode=0xffff888004b22000 i_count=1 i_nlink=1 sb=0xffff888004478000`;
  t.deepEqual(told(await all(INODE_KEPT.toSpliced(put, 0, iput))), [], "and it is put");
  t.deepEqual(
    told(await all(INODE_KEPT.filter((line) => !/ iput: /.test(line)))),
    [],
    "where puts are not probed nobody can tell",
  );
});

test("a descriptor that is reserved and never used, where its giving back would show", async (t) => {
  t.deepEqual(told(await all(DESCRIPTOR_KEPT)), [], "put_unused_fd may not be probed");
  const reserved = nth(DESCRIPTOR_KEPT, "get_unused_fd_flags_ret", 4);
  const head = (k: number): string => DESCRIPTOR_KEPT[k]!.slice(0, DESCRIPTOR_KEPT[k]!.indexOf("get_unused_fd_flags"));
  const event = (name: string, fd: number): string =>
    `${head(reserved)}${name}: (${name}+0x4/0x70) fd=${fd}${name === "fd_install" ? " file=0xffff888004a1ff00" : ""}`;
  // Another descriptor is given back, so that the probe is set.
  const probed = [...DESCRIPTOR_KEPT.slice(0, 12), event("put_unused_fd", 77), ...DESCRIPTOR_KEPT.slice(12)];
  const fd = /fd=(\d+)/.exec(probed[nth(probed, "get_unused_fd_flags_ret", 3)]!)![1]!;
  const found = await all(probed);
  t.deepEqual(told(found), [`leaked-descriptor descriptor ${fd}`]);
  for (const name of ["put_unused_fd", "fd_install"]) {
    const at = nth(probed, "get_unused_fd_flags_ret", 3) + 1;
    t.deepEqual(told(await all(probed.toSpliced(at, 0, event(name, Number(fd))))), [], name);
  }
});

test("a second release, in the same task or in another", async (t) => {
  const result = await replay("fixtures/strangers/put-after-install.trace.txt", { everything: true });
  t.deepEqual(told(result), ["double-free file"]);
  for (const n of [0, 1, 2]) {
    const release = HEALTHY_TEXT[nth(HEALTHY_TEXT, "__fput", n)]!;
    const after = nth(HEALTHY_TEXT, "mntput", n);
    t.deepEqual(told(await all(HEALTHY_TEXT.toSpliced(after + 1, 0, release))), ["double-free file"], `release ${n}`);
  }
});

test("a put of an inode at zero", async (t) => {
  for (const n of [0, 1, 2]) {
    const put = HEALTHY_TEXT[nth(HEALTHY_TEXT, "iput", n)]!.replace("i_count=1", "i_count=0");
    const after = nth(HEALTHY_TEXT, "mntput", n);
    t.deepEqual(told(await all(HEALTHY_TEXT.toSpliced(after + 1, 0, put))), ["refcount-underflow inode"], `inode ${n}`);
  }
});

test("a mount that a release puts twice", async (t) => {
  for (const n of [0, 1, 2]) {
    const later = (line: string): string =>
      line.replace(/(\d+\.\d+):/, (_, time: string) => `${(Number(time) + 0.000002).toFixed(6)}:`);
    t.deepEqual(told(await all(twice(HEALTHY_TEXT, "mntput", n, later))), ["refcount-underflow mount"], `release ${n}`);
    const again = twice(HEALTHY_TEXT, "mntput", n, later);
    const got = HEALTHY_TEXT[nth(HEALTHY_TEXT, "mntget", n)]!;
    t.deepEqual(told(await all(again.toSpliced(nth(HEALTHY_TEXT, "mntput", n) + 1, 0, got))), [], "taken in between");
  }
});

test("the summary says of how many objects no rule knows anything", async (t) => {
  const result = await all(HEALTHY_TEXT);
  const { objects, judged } = result.strangers!;
  t.true(
    summaryLines(result, styleOf(false)).includes(
      `${objects} objects that are not guest_memfd's: no rule could judge ${objects - judged} of them; who is to hold them no rule knows`,
    ),
  );
  t.is((await replay("fixtures/strangers/inode-kept.trace.txt")).strangers, undefined);
  t.deepEqual(told(await all(INODE_KEPT, "guest-memfd")), [], "followed and not judged");
});

for (const path of recordingsOf(...HEALTHY, "linux-7.3", "odd-closes", "noexec")) {
  test(`nothing is found where everything is judged: ${nameOf(path)}`, async (t) => {
    t.deepEqual((await replay(path, { everything: true })).findings, []);
  });
}
