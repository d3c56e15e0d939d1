/** fs/statfs.c: statistics of a file system. */
import { EBADF, MNT_NOEXEC, ST_NOEXEC, ST_VALID } from "../../constants.js";
import type { FunctionTable } from "../../kernel.js";
import { pathOf } from "./namei.js";

export const statfs = {
  *fd_statfs(fd) {
    const held = yield* this.fdget(fd);
    if (!held.file) return -EBADF;
    const { mnt } = pathOf(this, held.file);
    // Neither is known of a file system outside the model.
    const buf = {
      f_type: mnt ? yield* this.simple_statfs(this.superBlock(this.get(mnt.mnt_sb))) : 0,
      f_flags: mnt ? yield* this.calculate_f_flags(mnt) : ST_VALID,
    };
    yield* this.fdput(held);
    return buf;
  },

  /** Flags of the mount; those of the superblock that forbid as much (SB_I_NOEXEC) do not show. */
  *calculate_f_flags(mnt) {
    return this.get(mnt.mnt_flags) & MNT_NOEXEC ? ST_VALID | ST_NOEXEC : ST_VALID;
  },
} satisfies FunctionTable;
