/** A table for each operation of the catalogue, with a row for each of its entries. */
import { hasReturn, type OperationDefinition } from "../../../events/definition.js";
import { catalogue, points } from "../../../events/index.js";
import { column, type Table } from "../table.js";
import { argumentColumn, type EventColumn, eventColumn, columnType } from "./event-columns.js";

const common: readonly EventColumn[] = [
  eventColumn("seq", "event of the entry: the same in calls and events"),
  eventColumn("time"),
  eventColumn("cpu"),
  eventColumn("task"),
  eventColumn("pid"),
  eventColumn("line"),
];
const ofReturn = [
  column("end", "integer", "time of the return; NULL where it was not seen"),
  column("duration", "integer", "nanoseconds until then"),
  column("returned", "integer", "event of the return"),
];

export interface OperationTable {
  readonly table: Table;
  /** The point of its entry. */
  readonly point: number;
  /** True if its return is probed, and fills the other columns. */
  readonly returns: boolean;
  /** The columns that the entry fills. */
  readonly columns: readonly EventColumn[];
}

function tableOf(operation: OperationDefinition): OperationTable {
  const { result } = operation;
  const returned = [
    ...(hasReturn(operation) ? ofReturn : []),
    ...(result
      ? [
          column("result", columnType(result), result.meaning),
          column("error", "text", "the error that it returned, as ENOMEM; NULL of a call that did not fail with one"),
        ]
      : []),
  ];
  const taken = new Set([...common, ...returned].map(({ name }) => name));
  const columns = [
    ...common,
    ...operation.args.map((arg, k) => argumentColumn(arg, k, taken.has(arg.name) ? `${arg.name}_arg` : arg.name)),
  ];
  return {
    table: { name: operation.name, summary: operation.summary, columns: [...columns, ...returned] },
    point: points.byEvent(operation.name)!.id,
    returns: hasReturn(operation),
    columns,
  };
}

export const operationTables: readonly OperationTable[] = catalogue.map(tableOf);
