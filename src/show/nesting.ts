/**
 * Puts calls where the kernel makes them. An operation whose return is not probed seems to last for as long as what follows
 * could be inside it: behind the last kvm_put_kvm of a file, the puts by which `__fput` itself ends seem to be inside too.
 * The ledger tells them apart: what gives back the file's own references is done by `__fput`.
 */
import type { CallNode } from "../reduce/call-tree.js";
import type { Row } from "./chronicle.js";

const RELEASE = "__fput";
/** What `__fput` calls that may be left open for want of a return. */
const PASSED_THROUGH = new Set(["kvm_gmem_release", "kvm_vm_release", "kvm_put_kvm", "kvm_destroy_vm", "kvm_arch_destroy_vm"]);
/** By what `__fput` ends. */
const PUTS = new Set(["dput", "iput", "mntput", "module_put"]);

/** Moves calls within a tree, in place. */
export function settleReleases(node: CallNode, row: (seq: number) => Row | undefined): void {
  for (const child of node.children) settleReleases(child, row);
  if (node.operation !== RELEASE) return;
  const lifted = node.children.filter((child) => PASSED_THROUGH.has(child.operation)).flatMap((child) => lift(child, (put) => ends(put, node, row)));
  if (lifted.length === 0) return;
  node.children.push(...lifted);
  node.children.sort((a, b) => a.seq - b.seq);
}

function lift(node: CallNode, wanted: (put: CallNode) => boolean): CallNode[] {
  const lifted = node.children.filter((child) => PUTS.has(child.operation) && wanted(child));
  if (lifted.length > 0) node.children.splice(0, Infinity, ...node.children.filter((child) => !lifted.includes(child)));
  return [...node.children.filter((child) => PASSED_THROUGH.has(child.operation)).flatMap((child) => lift(child, wanted)), ...lifted];
}

/** Whether a put gives back what the file that is released held: by the ledger, or as the inode that it was a view of. */
function ends(put: CallNode, release: CallNode, row: (seq: number) => Row | undefined): boolean {
  const file = release.args.find((a) => a.name === "file")?.object?.label;
  const inode = release.args.find((a) => a.name === "inode")?.object?.id;
  if (put.operation === "iput") return inode !== undefined && put.args.some((a) => a.object?.id === inode);
  return file !== undefined && (row(put.seq)?.changes.some((change) => change.given.includes(file)) ?? false);
}

/** A call that was complete before the call around it turned out to matter belongs inside it. Trees come in order. */
export function nestWithin(trees: readonly CallNode[]): CallNode[] {
  const kept: CallNode[] = [];
  // The outermost calls of one task follow each other: only its latest can be around.
  const latest = new Map<number, CallNode>();
  for (const tree of trees) {
    const around = tree.rcu ? undefined : latest.get(tree.task);
    if (around && around.seq < tree.seq && tree.seq < around.returned) {
      around.children.push(tree);
      if (around.children.at(-2) && around.children.at(-2)!.seq > tree.seq) around.children.sort((a, b) => a.seq - b.seq);
    } else {
      kept.push(tree);
      if (!tree.rcu) latest.set(tree.task, tree);
    }
  }
  return kept;
}
