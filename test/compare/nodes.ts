/** Calls of a tree, as literals. */
import { points } from "../../events/index.js";
import type { CallNode, ObjectRef, Value } from "../../src/reduce/call-tree.js";

let seq = 0;

/** What stands for an argument: an object, or its text (`-22` and the like are numbers too). */
export type Given = ObjectRef | string;

function value(given: Given, definition: Value["definition"]): Value {
  if (typeof given !== "string")
    return { name: definition.name, text: "0xffff888000000000", object: given, number: undefined, definition };
  const number = Number(given);
  return {
    name: definition.name,
    text: given,
    object: undefined,
    number: Number.isNaN(number) ? undefined : number,
    definition,
  };
}

/** A call with its arguments in the catalogue's order, its result behind them where it has one, and what it calls. */
export function node(
  operation: string,
  args: readonly Given[],
  children: readonly CallNode[] = [],
  touched: readonly ObjectRef[] = [],
): CallNode {
  const point = points.byEvent(operation)!;
  const { result } = point.operation;
  const own = args.slice(0, point.args.length);
  const returned = args[point.args.length];
  return {
    operation,
    seq: ++seq,
    point: point.id,
    task: 0,
    line: seq + 10,
    timeHigh: 0,
    timeLow: seq,
    timeDigits: 6,
    place: 0,
    returned: 0,
    args: own.map((given, k) => value(given, point.args[k]!)),
    result: result && returned !== undefined ? value(returned, result) : undefined,
    touched: touched.map((object) => ({ object, note: "" })),
    children: [...children],
    rcu: false,
  };
}

let id = 0;
export function object(kind: ObjectRef["kind"], name = "", address = "0xffff888000000000"): ObjectRef {
  return { kind, id: ++id, label: `${kind} ${address}`, name, older: false };
}
