/** Tests that a scan of the heads alone finds as many events as reading them, of the same kinds, at the same times. */
import test from "ava";
import { memoryAccess } from "../../../src/read/trace-dat/access.js";
import { scanTraceDat } from "../../../src/read/trace-dat/scan.js";
import { read, unzipped } from "./reading.js";

const sorted = (counts: ReadonlyMap<string, number>) => [...counts].sort(([a], [b]) => a.localeCompare(b));

for (const name of [
  "linux-7.2-s09-enfile.v6.dat.gz",
  "linux-6.18-s04-bind-unbind.v7.dat.gz",
  "more/two-buffers.v7.dat.gz",
  "more/lossy.v6.dat.gz",
]) {
  test(name, (t) => {
    const bytes = unzipped(name);
    const scan = scanTraceDat(memoryAccess(bytes), name);
    const { events, report } = read(bytes);
    t.is(scan.events, events.length);
    t.is(scan.missed, report.lostLines);
    const counts = new Map<string, number>();
    for (const { operation, phase } of events) {
      const event = phase === "return" ? `${operation}_ret` : operation === "tracing_mark_write" ? "print" : operation;
      counts.set(event, (counts.get(event) ?? 0) + 1);
    }
    const scanned = new Map<string, number>();
    for (const { name: event, count } of scan.byEvent) scanned.set(event, (scanned.get(event) ?? 0) + count);
    t.deepEqual(sorted(scanned), sorted(counts));
    t.is(
      scan.cpus.reduce((sum, cpu) => sum + cpu.events, 0),
      events.length,
    );
    t.deepEqual(
      new Set(scan.cpus.map(({ buffer }) => buffer)),
      new Set(name.includes("two-buffers") ? ["", "scheduler"] : [""]),
    );
    for (const cpu of [0, 1]) {
      const times = events.filter((event) => event.cpu === cpu).map(({ time }) => time);
      const ends = scan.cpus.filter((c) => c.cpu === cpu);
      t.is(
        ends.map(({ first }) => first!).reduce((a, b) => (a < b ? a : b)),
        times[0]!,
      );
      t.is(
        ends.map(({ last }) => last!).reduce((a, b) => (a > b ? a : b)),
        times.at(-1)!,
      );
    }
  });
}
