/** kernel/rcu: callbacks that wait until no reader is left. */
import { add, change, enter, leave, when } from "../../../simulate/step.js";
import type { FunctionTable } from "../../kernel.js";

/** The functions that `call_rcu` is given, by the number under which they are queued. */
export const RCU_CALLBACKS = ["i_callback", "delayed_free_vfsmnt"] as const;

export const rcu = {
  *call_rcu(callback, object) {
    const { rcu_callbacks, rcu_pending } = this.system;
    yield change(
      `call_rcu(${callback})`,
      { type: "append", list: rcu_callbacks, values: [object.pointer, RCU_CALLBACKS.indexOf(callback)] },
      { type: "add", cell: rcu_pending, value: 1, unless: undefined },
    );
  },

  /** No code of this kernel is inside a read-side critical section across steps: a grace period has always passed. */
  *synchronize_rcu() {},

  *rcu_barrier() {
    yield enter("rcu_barrier", {});
    yield when("rcu_barrier", "rcu_barrier()", { cell: this.system.rcu_pending, is: "<=", value: 0 });
    yield leave("rcu_barrier", null);
  },

  /** rcu_do_batch: one callback whose grace period is over. */
  *rcu_do_batch() {
    yield when(undefined, "a grace period", { cell: this.system.rcu_pending, is: ">=", value: 1 });
    const pointer = this.item(this.system.rcu_callbacks, 0);
    const callback = this.item(this.system.rcu_callbacks, 1);
    yield change("rcu_segcblist_extract_done_cbs(&rdp->cblist)", {
      type: "drop",
      list: this.system.rcu_callbacks,
      value: pointer,
      size: 2,
    });
    if (RCU_CALLBACKS[callback] === "i_callback") yield* this.i_callback(this.inode(pointer));
    else yield* this.delayed_free_vfsmnt(this.mount(pointer));
    yield add(this.system.rcu_pending, -1, "rcu_segcblist_add_len(&rdp->cblist, -1)");
  },
} satisfies FunctionTable;
