/** Returns the same recording as another process may read it: with other numbers for every address, task and place. */
import { points } from "../../events/index.js";
import type { Batch } from "../../src/log/batch.js";
import { createTables } from "../../src/log/tables.js";
import type { Read } from "./recordings.js";

export function elsewhere({ batches, tables }: Read): Read {
  const other = createTables();
  const backwards = (size: number): number[] => Array.from({ length: size }, (_, k) => size - 1 - k);
  const addresses: number[] = [];
  for (const id of backwards(tables.addresses.size))
    addresses[id] = other.addresses.intern(tables.addresses.low(id), tables.addresses.high(id));
  const tasks: number[] = [];
  for (const id of backwards(tables.tasks.size)) {
    const { comm, pid, tgid } = tables.tasks.get(id);
    tasks[id] = other.tasks.intern(comm, pid, tgid);
  }
  const places: number[] = [];
  for (const id of backwards(tables.places.size)) places[id] = other.places.intern(tables.places.text(id));
  return {
    tables: other,
    batches: batches.map((batch) => ({
      ...batch,
      low: renumbered(batch, addresses),
      task: batch.task.map((id) => tasks[id]!),
      place: batch.place.map((id) => places[id]!),
    })),
  };
}

function renumbered(batch: Batch, addresses: readonly number[]): Uint32Array {
  const low = batch.low.slice();
  for (let i = 0; i < batch.length; i++) {
    points.points[batch.point[i]!]?.args.forEach(({ type }, k) => {
      const at = batch.argStart[i]! + k;
      if (type === "ptr" && (batch.fault[i]! & (1 << k)) === 0) low[at] = addresses[low[at]!]!;
    });
  }
  return low;
}
