import { kind, observed, pointer, stage, text } from "./definition.js";

export const superblock = kind({
  name: "superblock",
  plural: "superblocks",
  struct: "struct super_block",
  source: "include/linux/fs.h",
  summary: "One instance of a file system: its inodes are on it, and mounts show it.",
  count: { name: "s_active" },
  fields: {
    fsName: text("the name of its file system type"),
    magic: observed("the magic number of its file system"),
    stage: stage(["live", "shutting down", "dead"], "shutting down from `generic_shutdown_super` on", {
      usual: ["live"],
      ending: "shutting down",
    }),
    module: pointer("module", "the module whose init mounted it"),
  },
  named: { field: "fsName" },
  counted: true,
  lasting: true,
  arguments: ["sb"],
  facts: ["{fsName}", "{stage}"],
  ends: ["deactivate_super", "generic_shutdown_super"],
  drawn: { colour: ["#8f6fd6", "#b79df0"], column: 3 },
});
