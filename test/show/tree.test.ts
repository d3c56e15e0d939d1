import test from "ava";
import type { Change, Row } from "../../src/describe/chronicle.js";
import { runs, sameObjects, shape } from "../../src/show/collapse.js";
import { nestWithin } from "../../src/show/nesting.js";
import { InOrder } from "../../src/show/order.js";
import { PLAIN, styleOf } from "../../src/show/style.js";
import { type TreeContext, TreePrinter } from "../../src/show/tree.js";
import type { CallNode } from "../../src/reduce/call-tree.js";
import { Frame, Stack } from "../../src/reduce/calls.js";
import type { EventView } from "../../src/log/view.js";
import { points } from "../../events/index.js";
import { node, ref } from "./nodes.js";

function print(trees: readonly CallNode[], rows: readonly Row[] = [], style = PLAIN): string[] {
  const lines: string[] = [];
  const context: TreeContext = {
    style,
    task: (id) => `task-${id}`,
    row: (seq) => rows.find((r) => r.seq === seq),
    print: (line) => lines.push(line),
  };
  const printer = new TreePrinter(context);
  for (const tree of trees) printer.add(tree);
  printer.flush();
  return lines;
}

function row(seq: number, ...changes: readonly Partial<Change>[]): Row {
  return {
    seq,
    operation: "",
    phase: "entry",
    task: "",
    line: 0,
    time: "",
    result: "",
    changes: changes.map((c) => ({
      id: 0,
      kind: "inode",
      label: "inode 0x1",
      note: "",
      from: null,
      to: null,
      taken: [],
      given: [],
      passed: [],
      ...c,
    })),
  };
}

const vm = ref("vm", 0xa0);
const module = ref("module", 0xb0, "module kvm_amd");

test("a call is one line: event, time, arguments with what they are, result", (t) => {
  const tree = node("kvm_gmem_create", { seq: 7, args: { kvm: vm, size: "65536", flags: "0x0" }, result: -23 });
  t.deepEqual(print([tree]), [
    "task-1",
    "      7  5.000007  kvm_gmem_create(kvm=vm 0xa0, size=65536, flags=0x0) = -ENFILE",
  ]);
});

test("an error pointer and a NULL read as the kernel writes them", (t) => {
  t.regex(
    print([node("alloc_empty_file", { seq: 1, args: { flags: "0x2" }, result: -12 })])[1]!,
    /= ERR_PTR\(-ENOMEM\)$/,
  );
  t.regex(print([node("d_alloc_pseudo", { seq: 1, result: "NULL" })])[1]!, /= NULL$/);
});

test("a module is named once, without its address", (t) => {
  t.regex(
    print([node("try_module_get", { seq: 1, args: { module, name: '"kvm_amd"', refcnt: "2" }, result: 1 })])[1]!,
    /try_module_get\(module=kvm_amd, refcnt=2\) = 1$/,
  );
});

test("what it changed stands under it, who took and who gave back included; what changed nothing does not", (t) => {
  const tree = node("try_module_get", { seq: 3, args: { module }, result: 1 });
  const lines = print(
    [tree],
    [
      row(
        4,
        { id: module.id, kind: "module", label: "module kvm_amd", from: 2, to: 3, taken: ["kvm_gmem_create"] },
        { id: 9, from: 1, to: 1 },
      ),
    ],
  );
  t.deepEqual(lines.slice(2), [`${" ".repeat(21)}~ module: refcnt 2 → 3, held by kvm_gmem_create`]);
});

test("changes of a return that called something carry its event", (t) => {
  const tree = node("kvm_gmem_create", {
    seq: 3,
    returned: 9,
    args: { kvm: vm },
    result: 5,
    children: [node("kvm_get_kvm", { seq: 4, args: { kvm: vm } })],
  });
  t.regex(
    print([tree], [row(9, { id: 1, kind: "file", label: "file 0x1", note: "created" })]).at(-1)!,
    /^ {6}9 +~ file 0x1: created$/,
  );
});

test("two of a kind are told apart by their addresses", (t) => {
  const [a, b] = [ref("memslot", 1), ref("memslot", 2)];
  const tree = node("kvm_gmem_unbind", { seq: 1, args: { slot: a } });
  const lines = print([tree], [row(1, { ...a, note: "unbound" }, { ...b, note: "unbound" })]);
  t.regex(lines[2]!, /memslot 0x1: unbound/);
  t.regex(lines[3]!, /memslot 0x2: unbound/);
});

test("a run of one operation is one line", (t) => {
  const children = Array.from({ length: 16 }, (_, k) =>
    node("filemap_add_folio", { seq: 2 + 2 * k, args: { index: String(k) }, result: 0 }),
  );
  const lines = print([node("kvm_gmem_fallocate", { seq: 1, result: 0, children })]);
  t.is(lines.length, 3);
  t.regex(lines[2]!, /filemap_add_folio\(index=0\) = 0 {2}× 16, to event 33$/);
});

test("a run of several is shown once and counted; an error ends it", (t) => {
  const pair = (k: number, ok: number): CallNode[] => [
    node("try_module_get", { seq: 10 + 3 * k, args: { module }, result: ok }),
    node("module_put", { seq: 12 + 3 * k, args: { module } }),
  ];
  const lines = print([0, 1, 2, 3, 4, 5].flatMap((k) => pair(k, k === 4 ? 0 : 1)));
  t.regex(lines.join("\n"), /the same 2 calls 3 more times, to event 21/);
  t.is(lines.filter((line) => line.includes("= 0")).length, 1);
});

test("calls on different objects never stand for each other at the top, and calls of different shape nowhere", (t) => {
  const create = (seq: number, file: number): CallNode => node("alloc_empty_file", { seq, result: ref("file", file) });
  t.is(
    runs(
      [1, 2, 3, 4].map((k) => create(k, k)),
      sameObjects,
    ).length,
    4,
  );
  t.is(
    runs(
      [1, 2, 3, 4].map((k) => create(k, k)),
      shape,
    ).length,
    1,
  );
  t.is(
    runs(
      [
        node("iput"),
        node("iput", { children: [node("evict")] }),
        node("iput"),
        node("iput", { children: [node("evict")] }),
      ],
      shape,
    ).length,
    4,
  );
});

test("markers are headings, tasks stand on lines of their own where they change, and nothing is obeyed", (t) => {
  const marker = (seq: number, text: string, task = 1): CallNode =>
    node("tracing_mark_write", { seq, task, args: { text: JSON.stringify(text) } });
  const lines = print([
    marker(1, "op: \u001b[2J"),
    node("kvm_exit", { seq: 2 }),
    marker(3, "ret: done"),
    marker(4, "op: next"),
    node("kvm_exit", { seq: 5, task: 2 }),
  ]);
  t.deepEqual(lines, [
    "task-1",
    "      1  5.000001  # op: \\x1b[2J",
    "      2  5.000002  kvm_exit()",
    "      3  5.000003  # ret: done",
    "",
    "      4  5.000004  # op: next",
    "",
    "task-2",
    "      5  5.000005  kvm_exit()",
  ]);
});

test("colour adds to words, and words say it without", (t) => {
  const tree = node("kvm_gmem_create", { seq: 7, result: -23 });
  // eslint-disable-next-line no-control-regex
  const plain = (line: string): string => line.replace(/\u001b\[\d+m/g, "");
  t.deepEqual(print([tree], [], styleOf(true)).map(plain), print([tree]));
});

test("a call that came first belongs inside the call around it", (t) => {
  const inner = node("try_module_get", { seq: 5, result: 1 });
  const outer = node("anon_inode_getfile", { seq: 4, returned: 9, result: ref("file", 1) });
  const later = node("module_put", { seq: 10 });
  t.deepEqual(nestWithin([outer, inner, later]), [outer, later]);
  t.deepEqual(outer.children, [inner]);
  t.is(
    nestWithin([
      node("anon_inode_getfile", { seq: 4, returned: 9, task: 2, result: 1 }),
      node("module_put", { seq: 5 }),
    ]).length,
    2,
  );
});

/** Completes trees in the order of hand-written stacks. */
class History {
  readonly order: number[] = [];
  readonly #inOrder = new InOrder((tree) => this.order.push(tree.seq));
  readonly #stacks = new Map<number, Stack>();

  enter(task: number, seq: number): void {
    const stack = this.#stack(task);
    const point = points.byEvent("kvm_gmem_create")!;
    const frame = stack.push(point, seq, true);
    this.#inOrder.entered();
    this.#inOrder.reduced({ point, seq } as EventView, stack, frame);
  }

  leave(task: number, tree: CallNode): void {
    const stack = this.#stack(task);
    stack.depth--;
    this.#inOrder.take(tree);
    this.#inOrder.reduced(
      { point: points.byEvent("kvm_gmem_create_ret")!, seq: tree.returned } as EventView,
      stack,
      new Frame(),
    );
  }

  finish(): void {
    this.#inOrder.finish();
  }

  #stack(task: number): Stack {
    let stack = this.#stacks.get(task);
    if (!stack) this.#stacks.set(task, (stack = new Stack(task)));
    return stack;
  }
}

test("trees come in the order of their first events, as soon as nothing older is open", (t) => {
  const history = new History();
  history.enter(1, 1);
  history.enter(2, 2);
  history.leave(2, node("kvm_gmem_create", { seq: 2, task: 2, returned: 3, result: 5 }));
  t.deepEqual(history.order, []);
  history.leave(1, node("kvm_gmem_create", { seq: 1, task: 1, returned: 4, result: 6 }));
  t.deepEqual(history.order, [1, 2]);
  history.enter(1, 5);
  history.finish();
  t.deepEqual(history.order, [1, 2]);
});

test("a task that never comes back holds nobody up for good", (t) => {
  const history = new History();
  history.enter(1, 1);
  const total = 50_000;
  for (let k = 1; k <= total; k++) {
    history.enter(2, 2 * k);
    history.leave(2, node("kvm_gmem_create", { seq: 2 * k, task: 2, returned: 2 * k + 1, result: 5 }));
  }
  t.true(history.order.length > total / 2);
  t.deepEqual(
    history.order,
    [...history.order].sort((a, b) => a - b),
  );
});
