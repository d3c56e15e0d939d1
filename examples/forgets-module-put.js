/**
 * The patch with one mistake: when the file cannot be made, the reference on the module is kept. Try
 *
 *     kreel simulate fixtures/scenarios/linux-6.12/s09-enfile.scn --kernel ./examples/forgets-module-put.js
 */
import { kernels } from "kreel/kernels";

const patched = kernels["linux-6.12-patched"];

export default patched.with("forgets module_put", {
  *kvm_gmem_inode_create_getfile(...args) {
    return yield* patched.functions.kvm_gmem_inode_create_getfile.apply(this.with({ *module_put() {} }), args);
  },
});
