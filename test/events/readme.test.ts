import { readFileSync } from "node:fs";
import test from "ava";
import { catalogue, operations } from "../../events/index.js";
import { presence, referenceMarkdown } from "../../events/markdown.js";

test("the committed reference documentation is the one that the catalogue generates", (t) => {
  t.is(readFileSync("events/README.md", "utf8"), referenceMarkdown());
});

test("it has a section for every operation, and links lead to sections", (t) => {
  const page = referenceMarkdown();
  const sections = new Set([...page.matchAll(/^### (\w+)$/gm)].map((match) => match[1]!.toLowerCase()));
  t.is(sections.size, catalogue.length);
  for (const match of page.matchAll(/\]\(#([^)]+)\)/g)) t.true(sections.has(match[1]!), match[1]);
});

test("it tells recorded, unseen, unprobed and absent operations apart", (t) => {
  t.is(presence(operations.kvm_gmem_alloc_inode, "linux-7.2"), "recorded");
  t.is(presence(operations.kvm_gmem_alloc_inode, "linux-6.18"), "absent");
  t.is(presence(operations.kern_mount, "linux-6.12"), "unseen");
  t.is(presence(operations.rcu_barrier, "linux-6.12"), "unprobed");
});
