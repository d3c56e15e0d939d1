/** Bindings of kernels from 7.3.3 on, which prepare them before the memslot is made and commit them with it. */
import test from "ava";
import type { File } from "../../src/reduce/objects.js";
import { RECORDINGS, textOf } from "../support/recordings.js";
import { replayText } from "../support/script.js";

const LINES = textOf(`${RECORDINGS}/linux-7.3/wide/s04-bind-unbind.trace.gz`).split("\n");
/** The first line of an event within an operation of the scenario. */
const lineOf = (operation: string, event: string): number => {
  const start = LINES.findIndex((line) => line.includes(`op: ${operation}`));
  return LINES.findIndex((line, k) => k > start && line.includes(` ${event}: `));
};
const without = (operation: string, event: string): string => LINES.toSpliced(lineOf(operation, event), 1).join("\n");
/** The number of references on the file that were kept until it is closed. */
const kept = async (text: string): Promise<number[]> => {
  const { world } = await replayText(text.slice(0, text.indexOf("op: close g")));
  return [...world.store.live()].filter((o): o is File => o.kind === "file" && o.gmem).map((file) => file.kept.length);
};

test("a commit that succeeds binds, to the file and the offset that the call around it names", async (t) => {
  const { objects, findings } = await replayText(LINES.join("\n"));
  t.deepEqual(objects["memslot"], { born: 2, died: 2, live: 0 });
  t.deepEqual(findings, []);
  const bound = (await replayText(LINES.slice(0, lineOf("unbind v 1", "kvm_gmem_unbind")).join("\n"))).world.store;
  const slots = [...bound.live()].flatMap((o) =>
    o.kind === "memslot" ? [{ slot: o.slot, offset: o.offset, file: bound.get(o.file, "file")?.gmem }] : [],
  );
  t.deepEqual(slots, [
    { slot: 1, offset: "0", file: true },
    { slot: 2, offset: "1048576", file: true },
  ]);
});

test("a slot that goes with its binding is a finding", async (t) => {
  const { findings } = await replayText(without("unbind v 1", "kvm_gmem_unbind"));
  t.deepEqual(
    findings.map((f) => f.rule),
    ["dangling-binding"],
  );
});

test("a commit that fails binds nothing", async (t) => {
  const failing = [
    lineOf("bind v 2", "kvm_gmem_commit_memory_region_ret"),
    lineOf("bind v 2", "kvm_set_memory_region_ret"),
  ];
  const unbinding = [
    lineOf("unbind v 2", "kvm_set_memory_region"),
    lineOf("unbind v 2", "kvm_gmem_unbind"),
    lineOf("unbind v 2", "kvm_set_memory_region_ret"),
  ];
  const { objects, findings } = await replayText(
    LINES.flatMap((line, k) =>
      unbinding.includes(k) ? [] : [failing.includes(k) ? line.replace("err=0", "err=-17") : line],
    ).join("\n"),
  );
  t.deepEqual(objects["memslot"], { born: 1, died: 1, live: 0 });
  t.deepEqual(findings, []);
});

test("the reference that preparing takes is kept by the call if it is not put, and by none that failed to prepare", async (t) => {
  t.deepEqual(await kept(LINES.join("\n")), [0]);
  t.deepEqual(await kept(without("bind v 1", "fput")), [1]);
  const [prepared, put] = [lineOf("bind v 1", "kvm_gmem_prepare_memory_region_ret"), lineOf("bind v 1", "fput")];
  t.deepEqual(
    await kept(LINES.with(prepared, LINES[prepared]!.replace("err=0", "err=-22")).toSpliced(put, 1).join("\n")),
    [0],
  );
});
