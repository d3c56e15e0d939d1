/** Call trees and events written by hand. */
import { points } from "../../events/index.js";
import type { ArgumentDefinition } from "../../events/definition.js";
import type { CallNode, ObjectRef, Value } from "../../src/reduce/call-tree.js";
import type { Kind } from "../../src/reduce/objects.js";

let nextSeq = 1;

export function ref(kind: Kind, id: number, label = `${kind} 0x${id.toString(16)}`): ObjectRef {
  return { kind, id, label, name: "", older: false };
}

export function value(
  definition: ArgumentDefinition,
  text: string,
  more: { readonly number?: number; readonly object?: ObjectRef } = {},
): Value {
  return { name: definition.name, text, number: more.number, object: more.object, definition };
}

/** A call of an operation of the catalogue; arguments by name, as text or as the object that they name. */
export function node(
  operation: string,
  more: {
    readonly seq?: number;
    readonly task?: number;
    readonly args?: Readonly<Record<string, string | ObjectRef>>;
    readonly result?: number | ObjectRef | string;
    readonly children?: readonly CallNode[];
    readonly touched?: readonly { readonly object: ObjectRef; readonly note: string }[];
    readonly returned?: number;
  } = {},
): CallNode {
  const point = points.byEvent(operation)!;
  const seq = more.seq ?? nextSeq++;
  const args = point.args.flatMap((definition) => {
    const given = more.args?.[definition.name];
    if (given === undefined) return [];
    return [
      typeof given === "string"
        ? value(definition, given)
        : value(definition, given.label.split(" ").at(-1)!, { object: given }),
    ];
  });
  const { result } = more;
  const definition = point.operation.result!;
  return {
    operation,
    seq,
    point: point.id,
    task: more.task ?? 1,
    line: seq + 10,
    timeHigh: 5,
    timeLow: seq * 1000,
    timeDigits: 6,
    place: 0,
    returned: more.returned ?? (result === undefined ? 0 : seq + 1),
    args,
    result:
      result === undefined
        ? undefined
        : typeof result === "number"
          ? value(definition, String(result), { number: result })
          : typeof result === "string"
            ? value(definition, result)
            : value(definition, result.label, { object: result }),
    touched: [...(more.touched ?? [])],
    children: [...(more.children ?? [])],
    rcu: point.operation.context === "rcu",
  };
}
