import { descriptors as table, kind } from "./definition.js";

export const descriptors = kind({
  name: "descriptors",
  plural: "descriptor tables",
  struct: "struct files_struct",
  source: "include/linux/fdtable.h",
  summary: "The descriptors of a process, as far as calls show them.",
  count: { name: "count" },
  fields: { files: table("what each descriptor refers to") },
  numbered: "descriptor table",
  counted: false,
  arguments: [],
  facts: [],
  drawn: { column: 4 },
});
