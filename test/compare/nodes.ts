/** Calls of a tree, as literals. */
import { points } from "../../events/index.js";
import type { CallNode, ObjectRef, Value } from "../../src/reduce/call-tree.js";

let seq = 0;

/** An argument as an object, or as its text (numbers such as `-22`, too). */
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

/** Makes a call: arguments in the catalogue's order, followed by its result if it has one, and its callees. */
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
