/** The tables that a statement may read: kreel's own, and one for each operation of the catalogue. */
import { events, losses } from "./fill/batch-rows.js";
import { calls } from "./fill/calls.js";
import { operationTables } from "./fill/operation-tables.js";
import { recording } from "./fill/recording-table.js";
import { findings, hazards, objects, operations, references } from "./fill/state-tables.js";
import type { Table } from "./table.js";

/** In the order in which they are listed. */
export const tables: readonly Table[] = [
  events,
  calls,
  operations,
  objects,
  references,
  findings,
  hazards,
  losses,
  recording,
  ...operationTables.map(({ table }) => table),
];
