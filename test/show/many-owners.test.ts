/**
 * With any number of owners of an object, every view of a recording agrees on them: a get is a get, and a put is one
 * put.
 */
import test from "ava";
import { kernels } from "../../src/kernels/index.js";
import { perfettoText } from "../../src/export/perfetto/index.js";
import type { Module } from "../../src/reduce/objects.js";
import { replayRecording } from "../../src/replay/replay.js";
import { parseScenario } from "../../src/scenario/parse.js";
import { Chronicle, type Row } from "../../src/describe/chronicle.js";
import { simulate } from "../../src/workload/simulate.js";
import { ftraceText } from "../../src/write/ftrace.js";
import { fileOf } from "../cli/run.js";
import { ask } from "../query/answers.js";
import { engineOf } from "../ui/engine/over.js";

/** Holds this many files of guest_memfd at once, of which two are closed and one is created anew. */
async function holding(count: number) {
  const lines = [
    "load kvm",
    "load kvm-amd",
    "vm v",
    ...Array.from({ length: count }, (_, k) => `gmem g${k} v 4096`),
    "close g0",
    `close g${count - 1}`,
    "gmem h v 4096",
  ];
  const { recording } = simulate(kernels["linux-6.12-patched"], parseScenario(`${lines.join("\n")}\n`, "many.scn"));
  const rows: Row[] = [];
  await replayRecording(recording, { observe: (world) => new Chronicle(world, (row) => rows.push(row)) });
  // The process exits, and its files are released.
  const last = rows.findLast(({ operation, phase }) => operation === "kvm_gmem_create" && phase === "return")!.seq;
  const { world } = await replayRecording(recording, { at: { event: last } });
  const module = [...world.store.live()].find((o): o is Module => o.kind === "module" && o.name === "kvm_amd")!;
  return {
    recording,
    rows: rows.filter(({ seq }) => seq <= last),
    last,
    module,
    owners: module.references.map(({ owner }) => world.label(world.store.any(owner)!)),
  };
}

for (const count of [2, 255, 256, 257, 1000]) {
  test(`${count} files at once, in the chronicle, in SQL, in Perfetto and in the viewer`, async (t) => {
    const { recording, rows, last, module, owners } = await holding(count);
    const changes = rows.flatMap((row) => row.changes.filter(({ id }) => id === module.id));
    t.true(
      changes.every(({ taken, given }) => taken.length + given.length <= 1),
      "one get or one put an event",
    );
    const sum = (of: (change: (typeof changes)[number]) => number): number =>
      changes.reduce((n, change) => n + of(change), 0);
    t.is(
      sum(({ taken, given }) => taken.length - given.length),
      owners.length,
    );

    const held = await ask(
      recording,
      `SELECT owner FROM "references" WHERE object = 'module kvm_amd' AND get <= ${last} AND (put IS NULL OR put > ${last})`,
    );
    t.deepEqual(held.map((row) => row["owner"] as string).sort(), [...owners].sort());

    const text = [];
    for await (const piece of perfettoText(recording)) text.push(piece);
    const { traceEvents } = JSON.parse(text.join("")) as { traceEvents: { ph: string; name: string; ts: number }[] };
    let [open, most] = [0, 0];
    for (const { ph, name } of traceEvents)
      if ((ph === "b" || ph === "e") && name.startsWith("module kvm_amd held by file "))
        most = Math.max(most, (open += ph === "b" ? 1 : -1));
    // One is the file of the VM; two were closed, and one was created anew.
    t.is(owners.length, count);
    t.is(most, count + 1);

    const log = [];
    for (const piece of ftraceText(recording.sealed, recording.tables)) log.push(piece);
    const survey = await (await engineOf(fileOf(log.join("")))).survey();
    const lane = survey.lanes.label.indexOf("module kvm_amd");
    const { start, from, to, owner } = survey.holdings;
    const at = (event: number): number =>
      Array.from({ length: start[lane + 1]! - start[lane]! }, (_, k) => start[lane]! + k).filter(
        (k) => from[k]! <= event && (to[k] === 0 || event < to[k]!) && owner[k]! > 0,
      ).length;
    t.is(at(last), count);
  });
}
