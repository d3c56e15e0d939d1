import { event, kind, pointer, text } from "./definition.js";

export const mount = kind({
  name: "mount",
  plural: "mounts",
  struct: "struct vfsmount",
  source: "include/linux/mount.h",
  summary: "A file system made visible, to user space or (kern_mount) to the kernel alone.",
  count: { name: "mnt_count" },
  fields: {
    superblock: pointer("superblock", "what it shows", { arrow: "of" }),
    fsName: text("the name of its file system type"),
    module: pointer("module", "the module whose init mounted it"),
    unmounted: event("`kern_unmount` of it", { life: true, became: "unmounted" }),
  },
  named: { field: "fsName" },
  counted: true,
  lasting: true,
  arguments: ["mnt"],
  facts: ["{fsName}", "unmounted at event {unmounted}"],
  givenBack: {
    onError: "mntput by path_put in alloc_file_pseudo (fs/file_table.c)",
    onRelease: "mntput at the end of __fput (fs/file_table.c)",
  },
  // A mount ends with its superblock, which the mount's root inode identifies.
  ends: ["mntput", "new_inode", "kern_unmount", "deactivate_super"],
  drawn: { colour: ["#009e73", "#2fc79b"], column: 2 },
});
