/**
 * A call as one line: `kvm_gmem_create(kvm=vm 0x…, size=65536, flags=0x0) = -ENFILE`. All text of the recording is
 * escaped.
 */
import { type Kind, KINDS, kinds } from "../../events/kinds/index.js";
import { errnoName } from "../base/errno.js";
import { printable } from "../base/trouble.js";
import type { CallNode, ObjectRef, Value } from "../reduce/call-tree.js";

/** Argument names that already say the kind of their object, so that the kind is not repeated. */
const NAMED_AS = new Map<string, Kind>(
  KINDS.flatMap((kind) => kinds[kind].arguments.map((argument) => [argument, kind] as const)),
);

/** Every line that names a module has its name, so its address and its name argument are left out. */
function shortLabel(object: ObjectRef): string {
  return object.label.slice(object.kind.length + 1);
}

export function argument(value: Value): string {
  const { object, name } = value;
  if (!object) return printable(value.text);
  return printable(NAMED_AS.get(name) === object.kind ? shortLabel(object) : object.label);
}

/** An ellipsis stands for the arguments of a call of which only the name is known. */
function args(node: CallNode): string {
  if (node.args.length > 0 && node.args.every((a) => a.text === "(fault)")) return "…";
  const named = new Set(node.args.flatMap((a) => (a.object ? [JSON.stringify(shortLabel(a.object))] : [])));
  return node.args
    .filter((a) => !(a.name === "name" && named.has(a.text)))
    .map((a) => `${a.name}=${argument(a)}`)
    .join(", ");
}

/** `5`, `-ENFILE`, `ERR_PTR(-ENOMEM)`, `file 0xffff…`. */
function result(value: Value): string {
  const { number, definition, text } = value;
  if (value.object) return printable(value.object.label);
  if (
    number !== undefined &&
    number < 0 &&
    number >= -4095 &&
    (definition.failure === "errno" || definition.failure === "ERR_PTR")
  ) {
    return definition.failure === "errno" ? `-${errnoName(number)}` : `ERR_PTR(-${errnoName(number)})`;
  }
  return printable(text);
}

/** True if the call returned an error. */
function failed(node: CallNode): boolean {
  const value = node.result;
  if (!value || value.number === undefined) return false;
  switch (value.definition.failure) {
    case "errno":
    case "ERR_PTR":
      return value.number < 0;
    case "NULL":
    case "zero":
      return value.number === 0;
    default:
      return false;
  }
}

export const call = { args, result, failed };
