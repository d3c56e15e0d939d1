import test from "ava";
import {
  catalogue,
  KERNELS,
  operations,
  points,
  subsystems,
  type ArgumentDefinition,
  type OperationDefinition,
} from "../../events/index.js";

const byName = new Map(catalogue.map((operation) => [operation.name, operation]));
/** The registers of the first six arguments of a call on x86-64. */
const REGISTERS = ["di", "si", "dx", "cx", "r8", "r9"];

interface Prototype {
  readonly returns: string;
  readonly name: string;
  readonly parameters: readonly { readonly type: string; readonly name: string }[];
}

function parse(prototype: string): Prototype | undefined {
  const match = /^([\w ]+?[ *]+)(\w+)\((.*)\)$/.exec(prototype);
  if (!match) return undefined;
  const parameters = match[3] === "void" ? [] : match[3]!.split(", ").map((text) => /^([\w ]+?[ *]+)(\w+)$/.exec(text));
  if (parameters.includes(null)) return undefined;
  return {
    returns: match[1]!.trim(),
    name: match[2]!,
    parameters: parameters.map((p) => ({ type: p![1]!.trim(), name: p![2]! })),
  };
}

function prototypeOf(operation: OperationDefinition): Prototype {
  const prototype = parse(operation.prototype);
  if (!prototype) throw new Error(`${operation.name}: cannot read the prototype ${operation.prototype}`);
  return prototype;
}

test("every operation is defined once, under its own name", (t) => {
  t.is(byName.size, catalogue.length);
  t.deepEqual(Object.keys(operations).sort(), [...byName.keys()].sort());
  for (const [key, operation] of Object.entries(operations)) t.is(key, operation.name);
  for (const { title, operations: list } of subsystems)
    t.deepEqual(
      list.map((o) => o.name),
      list.map((o) => o.name).sort(),
      title,
    );
});

test("points are numbered from 1 and found by the name of their event", (t) => {
  t.is(points.points[0], undefined);
  const events = points.points.slice(1).map((point) => point!.event);
  t.is(new Set(events).size, events.length);
  events.forEach((event, i) => t.is(points.byEvent(event)?.id, i + 1));
  t.is(points.byEvent("no_such_event"), undefined);
});

test("an operation without a return probe reaches catalogued operations only", (t) => {
  for (const { name, calls, result } of catalogue) {
    if (!calls) continue;
    t.is(result, undefined, `${name} ends with its return event`);
    t.is(new Set(calls).size, calls.length, name);
    for (const callee of calls) t.true(byName.has(callee), `${name} calls ${callee}`);
  }
});

test("prototypes are those of the probed symbol", (t) => {
  for (const operation of catalogue) {
    const expected = operation.probe === "tracepoint" ? `trace_${operation.name}` : operation.symbol;
    t.is(prototypeOf(operation).name, expected);
  }
});

test("what is fetched from a register or a parameter exists in the prototype", (t) => {
  for (const operation of catalogue) {
    if (operation.probe !== "kprobe") continue;
    const { parameters } = prototypeOf(operation);
    for (const arg of operation.args) {
      const where = `${operation.name} ${arg.name}=${arg.fetch}`;
      const register = /%(\w+)/.exec(arg.fetch)?.[1];
      if (register !== undefined) {
        const parameter = parameters[REGISTERS.indexOf(register)];
        t.truthy(parameter, where);
        const followed = arg.type === "ptr" || arg.fetch.startsWith("+");
        t.is(parameter!.type.endsWith("*"), followed, where);
      } else {
        const base = /^(\w+)->/.exec(arg.fetch)?.[1];
        t.truthy(base, where);
        // A probe that names a parameter wrongly cannot be set up, and then no recording has the event.
        if (!parameters.some((p) => p.name === base)) t.deepEqual(operation.unseen?.kernels, KERNELS, where);
      }
    }
  }
});

test("a fetch expression prints the type that the catalogue says", (t) => {
  const suffixes: Record<ArgumentDefinition["type"], readonly string[]> = {
    ptr: ["", "x64"],
    x64: ["", "x64"],
    string: ["string", "ustring"],
    s32: ["", "s32"],
    u8: ["u8"],
    u32: ["u32"],
    x32: ["x32"],
    s64: ["s64"],
    u64: ["u64"],
  };
  for (const operation of catalogue) {
    if (operation.probe !== "kprobe") continue;
    for (const arg of operation.result ? [...operation.args, operation.result] : operation.args) {
      const suffix = /:(\w+)$/.exec(arg.fetch)?.[1] ?? "";
      t.true(suffixes[arg.type].includes(suffix), `${operation.name} ${arg.name}=${arg.fetch}`);
      t.is(arg.object !== undefined, arg.type === "ptr", `${operation.name} ${arg.name}`);
    }
  }
});

test("a result fails as its C type can", (t) => {
  for (const operation of catalogue) {
    const { returns } = prototypeOf(operation);
    const failure = operation.result?.failure;
    if (operation.result === undefined) continue;
    if (returns.endsWith("*")) t.true(failure === "ERR_PTR" || failure === "NULL", operation.name);
    else if (returns === "bool") t.is(failure, "zero", operation.name);
    else t.true(failure === "errno" && / ?(int|long)$/.test(returns), operation.name);
  }
});

test("probes are described as their kind needs", (t) => {
  for (const operation of catalogue) {
    t.is(operation.tracepoint !== undefined, operation.probe === "tracepoint", operation.name);
    const printed = [...(operation.tracepoint?.print.matchAll(/\{(\w+)\}/g) ?? [])].map((match) => match[1]);
    if (operation.tracepoint)
      t.deepEqual(
        printed,
        operation.args.map((arg) => arg.name),
        operation.name,
      );
    if (operation.unseen) {
      t.true(operation.probed, operation.name);
      for (const kernel of operation.unseen.kernels)
        t.true(operation.kernels.includes(kernel), `${operation.name} ${kernel}`);
    }
  }
});

test("RCU callbacks are marked", (t) => {
  t.deepEqual(
    catalogue
      .filter((o) => o.context === "rcu")
      .map((o) => o.name)
      .sort(),
    ["delayed_free_vfsmnt", "free_inode_nonrcu", "i_callback", "kvm_gmem_free_inode"],
  );
});

test("every operation is documented", (t) => {
  for (const operation of catalogue) {
    t.regex(operation.summary, /^\S.*\.$/, operation.name);
    t.regex(operation.source, /^[a-z0-9_/-]+\.[ch]$/, operation.name);
    if (operation.notes !== undefined) t.regex(operation.notes, /^\S.*\.$/, operation.name);
    for (const arg of operation.args) t.regex(arg.meaning, /^\S.*[^.\s]$/, `${operation.name} ${arg.name}`);
  }
});
