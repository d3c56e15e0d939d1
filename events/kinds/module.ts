import { event, flag, kind, pointer, stage, text } from "./definition.js";

export const module = kind({
  name: "module",
  plural: "modules",
  struct: "struct module",
  source: "include/linux/module.h",
  summary: "A loaded module: its code cannot go while a reference on it is held.",
  count: { name: "refcnt", base: { references: 1, name: "MODULE_REF_BASE" } },
  fields: {
    name: text("its name, once an event says it"),
    // Not every kernel has a probe for the step from `coming` to `live`: only an end is certain.
    stage: stage(["coming", "live", "exiting", "freed"], "coming until its init is over", {
      met: "live",
      usual: ["coming", "live"],
    }),
    ownsGmem: flag("`kvm_init` ran on its behalf: guest_memfd's files belong to it", { remembered: true }),
    unpinned: event(
      "the `__fput` that last gave a reference on it back before the file's inode was gone; 0: none did",
      { remembered: true },
    ),
    cache: pointer("cache", "the one slab cache that guest_memfd's init made on its behalf"),
  },
  named: { field: "name", inLabel: true },
  counted: true,
  lasting: true,
  arguments: ["module"],
  facts: ["{stage}"],
  givenBack: {
    onError: "module_put before the call returns",
    onRelease: "module_put in __fput (fops_put, fs/file_table.c)",
  },
  ends: ["module_put", "free_module"],
  drawn: { colour: ["#d55e00", "#f08a3c"], column: 4, shape: "component" },
});
