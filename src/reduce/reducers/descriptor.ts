/** Descriptors: reserved, installed, closed (fs/file.c). */
import type { Context } from "../context.js";
import type { Reducers } from "../handlers.js";
import { set } from "../transitions.js";

export const descriptorReducers = {
  get_unused_fd_flags: {
    return({ w, e, stack }) {
      if (e.fd < 0) return;
      w.descriptors.reserved(e.taskId, e.fd, (fact) => w.facts(fact));
      w.descriptorInUse(e.taskId, e.fd);
      const owner = w.callOwner(stack);
      if (owner) owner.reserved.push(e.fd, e.seq);
      else w.strangers?.reserved(stack, w.descriptors.processOf(e.taskId), e.fd, e);
    },
  },
  put_unused_fd: {
    entry(c) {
      const { w, e } = c;
      unreserve(c, e.fd);
      w.strangers?.settled(w.descriptors.processOf(e.taskId), e.fd);
    },
  },
  fd_install: {
    entry(c) {
      const { w, e, stack } = c;
      unreserve(c, e.fd);
      w.strangers?.settled(w.descriptors.processOf(e.taskId), e.fd);
      w.descriptors.inUse(e.taskId, e.fd);
      w.descriptorInUse(e.taskId, e.fd);
      const last = w.at("file", e.file);
      if (last?.death && last.gmem && stack.find("kvm_gmem_create"))
        w.facts({
          type: "touched-dead",
          event: e,
          certain:
            w.since(last.death) && last.birth > stack.find("kvm_gmem_create")!.seq && w.shows("alloc_empty_file_ret"),
          object: last,
          operation: "fd_install",
        });
      if (!last || last.death) return;
      // It was released by a task without later events, and a file whose birth has no probe is at its address now.
      if (last.stage === "releasing" && !w.shows("alloc_empty_file_ret")) {
        w.died(last, e);
        return;
      }
      const file = w.descriptors.installed(e.taskId, e.fd, last, e);
      const creating = stack.find("kvm_gmem_create");
      if (creating) creating.file = file.id;
      w.touch(file, e, `descriptor ${e.fd}`);
    },
  },
  file_close_fd: {
    entry({ w, e, stack }) {
      w.descriptors.inUse(e.taskId, e.fd);
      w.descriptorInUse(e.taskId, e.fd);
      const file = w.descriptors.closed(e.taskId, e.fd);
      if (!file) return;
      const now = w.touch(file, e, `descriptor ${e.fd} closed`);
      // close(2) releases the file at once when this was the last reference: see World.closing.
      if (now.gmem && now.descriptors === 0 && !now.shared && now.kept.length > 0 && !w.descriptors.unnamed(now))
        w.closing.set(stack, now.id);
    },
  },
  close_fd: {
    entry({ w, e }) {
      const file = w.descriptors.fileOf(e.taskId, e.fd);
      if (file) w.touch(file, e);
    },
  },
  kvm_gmem_mmap: {
    entry({ w, e }) {
      const file = w.at("file", e.file);
      if (file && file.death === 0) w.touch(w.store.apply(file, set({ shared: true })), e, "mapped");
    },
  },
} satisfies Reducers;

/** Settles a descriptor's reservation, which any call of the stack may have made. */
function unreserve({ stack }: Context, fd: number): void {
  for (let up = 0; up < stack.depth; up++) {
    const { reserved } = stack.at(up)!;
    for (let i = 0; i < reserved.length; i += 2) {
      if (reserved[i] !== fd) continue;
      reserved.splice(i, 2);
      return;
    }
  }
}
