/** Tests the catalogue against the output of real kernels. */
import { join } from "node:path";
import test from "ava";
import { catalogue, KERNELS, points } from "../../events/index.js";
import { byScript, eventsOf, namesIn, RECORDINGS, recordingsIn } from "./recordings.js";

for (const path of recordingsIn(RECORDINGS)) {
  test(`every event of ${path} is in the catalogue`, (t) => {
    const names = namesIn(path);
    t.true(names.size > 10);
    for (const name of names) t.truthy(points.byEvent(name), name);
  });
}

for (const kernel of KERNELS) {
  const recorded = new Set(recordingsIn(join(RECORDINGS, kernel)).flatMap((path) => [...namesIn(path)]));

  test(`${kernel} has every operation that its recordings show`, (t) => {
    for (const name of recorded) t.true(points.byEvent(name)?.operation.kernels.includes(kernel), name);
  });

  test(`the recordings of ${kernel} show every operation that it has, or the catalogue says why not`, (t) => {
    for (const { name, kernels, probed, result, unseen } of catalogue) {
      if (!probed || !kernels.includes(kernel)) continue;
      t.is(recorded.has(name), !unseen?.kernels.includes(kernel), name);
      if (result) t.is(recorded.has(`${name}_ret`), recorded.has(name), `${name}_ret`);
    }
  });
}

test("what is not among the standard probes is in no recording that was made with them alone", (t) => {
  const standard = recordingsIn(RECORDINGS).filter((path) => !path.includes("/wide/") && !byScript(path));
  const recorded = new Set(standard.flatMap((path) => [...namesIn(path)]));
  for (const { name, probed } of catalogue) if (!probed) t.false(recorded.has(name), name);
});

/** Operations that the kernel only ever starts from other catalogued operations, as far as the scenarios go. */
const INNER = [
  "__destroy_inode",
  "clear_inode",
  "d_alloc_pseudo",
  "destroy_inode",
  "evict",
  "generic_shutdown_super",
  "init_pseudo",
  "kern_mount",
  "kern_unmount",
  "kill_anon_super",
  "kvm_arch_destroy_vm",
  "kvm_destroy_vm",
  "kvm_gmem_alloc_inode",
  "kvm_gmem_destroy_inode",
  "kvm_gmem_exit",
  "kvm_gmem_get_folio",
  "kvm_gmem_init",
  "kvm_gmem_init_fs_context",
  "kvm_gmem_invalidate_begin",
  "kvm_gmem_invalidate_start",
  "kvm_gmem_release",
  "kvm_vm_release",
  "misc_deregister",
  "misc_register",
  "security_inode_init_security_anon",
  "truncate_inode_pages_final",
];

const byName = new Map(catalogue.map((operation) => [operation.name, operation]));
const reach = new Map(
  catalogue.map(({ name }) => {
    const inside = new Set<string>();
    const visit = (of: string): void => {
      for (const callee of byName.get(of)?.calls ?? []) {
        if (inside.has(callee)) continue;
        inside.add(callee);
        visit(callee);
      }
    };
    visit(name);
    return [name, inside];
  }),
);

for (const kernel of KERNELS) {
  test(`what an operation may call accounts for how operations nest on ${kernel}`, (t) => {
    const orphans: string[] = [];
    for (const path of recordingsIn(join(RECORDINGS, kernel))) {
      const stacks = new Map<string, string[]>();
      for (const { name: event, task, interrupt } of eventsOf(path)) {
        const point = points.byEvent(event);
        if (!point || point.operation.context === "rcu" || interrupt !== ".") continue;
        const { name } = point.operation;
        const stack = stacks.get(task) ?? [];
        stacks.set(task, stack);
        if (point.phase === "return") {
          stack.length = Math.max(0, stack.lastIndexOf(name));
          continue;
        }
        for (
          let top = stack.at(-1);
          top !== undefined && !byName.get(top)?.result && !reach.get(top)?.has(name);
          top = stack.at(-1)
        )
          stack.pop();
        if (stack.length === 0 && INNER.includes(name)) orphans.push(`${name} in ${path}`);
        stack.push(name);
      }
    }
    t.deepEqual([...new Set(orphans)], []);
  });
}
