/**
 * Dentries of pseudo files: made by `alloc_file_pseudo`, freed by the last `dput`, which drops the inode (fs/dcache.c).
 */
import type { Reducers } from "../handlers.js";
import { UNSEEN } from "../objects.js";
import { set } from "../transitions.js";

export const dentryReducers = {
  d_alloc_pseudo: {
    entry({ w, e, frame }) {
      const superblock = w.at("superblock", e.sb);
      if (frame && superblock) frame.subject = superblock.id;
    },
    return({ w, e, stack, frame }) {
      if (frame) w.passUp(frame, stack);
      if (e.dentry === 0) return;
      const owner = w.callOwner(stack);
      let dentry = w.born("dentry", e.dentry, e, 0);
      if (frame?.subject) dentry = w.store.apply(dentry, set({ superblock: frame.subject }));
      if (stack.find("kvm_gmem_create")) dentry = w.follow(dentry);
      dentry = w.hold(dentry, owner, e, "d_alloc_pseudo");
      owner?.born.push(dentry.id);
      w.touch(dentry, e, "allocated, d_count 1");
    },
  },
  d_instantiate: {
    entry({ w, e, stack }) {
      const inode = w.at("inode", e.inode);
      if (!inode || inode.death) return;
      const mounting = stack.find("kern_mount");
      let dentry = w.at("dentry", e.dentry);
      // A root dentry comes from d_make_root, which has no probe: any dentry at the address before is over.
      if (mounting) dentry = w.born("dentry", e.dentry, e, 1);
      else if (!dentry || dentry.death) {
        if (!inode.focus && !w.everything) return;
        dentry = w.living("dentry", e.dentry, e);
      }
      dentry = w.store.apply(dentry, set({ inode: inode.id }));
      if (inode.focus) dentry = w.follow(dentry);
      // The caller's reference on the inode is the dentry's now.
      const index = w.referenceOfCalls(inode, stack);
      let held = inode;
      if (index >= 0) held = w.pass(inode, inode.references[index]!.owner, dentry.id);
      else if (w.referenceOf(inode, UNSEEN) >= 0) held = w.pass(inode, UNSEEN, dentry.id);
      w.touch(held, e, "its reference is the dentry's");
      w.touch(dentry, e, "has its inode");
    },
  },
  dput: {
    entry({ w, e, stack, frame }) {
      const last = w.at("dentry", e.dentry);
      const dentry =
        last && last.death === 0 ? last : e.dentry !== 0 && w.everything ? w.living("dentry", e.dentry, e) : undefined;
      if (!dentry) return;
      if (frame) frame.subject = dentry.id;
      const file = w.releasing(stack);
      let index = file && file.dentry === dentry.id ? w.referenceOf(dentry, file.id) : -1;
      if (index < 0) index = w.referenceOfCalls(dentry, stack);
      // dget has no probe: a put that settles no reference is that of a path lookup.
      if (index >= 0) w.touch(w.settle(dentry, index), e);
      else w.touch(dentry, e);
    },
  },
} satisfies Reducers;
