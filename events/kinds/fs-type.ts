import { kind, pointer, text } from "./definition.js";

export const fs_type = kind({
  name: "fs_type",
  plural: "file system types",
  struct: "struct file_system_type",
  source: "include/linux/fs.h",
  summary: "What can be mounted under a name.",
  count: { name: "count" },
  fields: { name: text("its name"), module: pointer("module", "its `owner`") },
  named: { field: "name" },
  counted: false,
  arguments: ["type"],
  facts: ["{name}"],
  drawn: { column: 4 },
});
