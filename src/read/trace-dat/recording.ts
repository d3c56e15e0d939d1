/** A trace.dat as a stream of batches, from any source. */
import type { PointTable } from "../../../events/points.js";
import type { Batch } from "../../log/batch.js";
import type { Tables } from "../../log/tables.js";
import type { ReadReport } from "../report.js";
import type { Source } from "../source.js";
import { readTraceDat } from "./index.js";
import { openAccess } from "./spool.js";

/** `path`: the file itself, if it can be read at any offset; `undefined` if only the source has it. */
export async function* readTraceDatFrom(
  source: Source,
  path: string | undefined,
  points: PointTable,
  tables: Tables,
  report: ReadReport,
): AsyncGenerator<Batch> {
  const access = await openAccess(source.name, source.compression === undefined ? path : undefined, source);
  try {
    yield* readTraceDat(access, source.name, points, tables, report);
  } finally {
    access.close();
  }
}
