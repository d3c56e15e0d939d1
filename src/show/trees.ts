/** Call trees of a replay, printed in the order of their first events. */
import { CallTrees } from "../reduce/call-tree.js";
import type { Observer, World } from "../reduce/world.js";
import type { Chronicle } from "../describe/chronicle.js";
import { InOrder } from "./order.js";
import type { Style } from "./style.js";
import { TreePrinter } from "./tree.js";

/** The observers depend on `chronicle`, which must run first. */
export function treeObservers(
  world: World,
  chronicle: Chronicle,
  style: Style,
  print: (line: string) => void,
): Observer[] {
  const printer = new TreePrinter({ style, task: (id) => world.taskName(id), row: (seq) => chronicle.row(seq), print });
  const order = new InOrder((tree) => printer.add(tree));
  return [new CallTrees(world, (tree) => order.take(tree)), order, { finish: () => printer.flush() }];
}
