/**
 * `kreel/kernels`: what a kernel of one's own is made of. Such a kernel is one of these, with some functions replaced.
 */
export {
  ALIASES,
  KernelDefinition,
  kernels,
  withoutPrivateMemory,
  withSlubDebug,
  type Functions,
  type FunctionTable,
  type Kernel,
  type MemoryRegion,
} from "./kernels/index.js";
export * from "./kernels/constants.js";
export {
  add,
  addUnlessZero,
  allocate,
  allocation,
  change,
  create,
  enter,
  leave,
  mayFail,
  reading,
  sleep,
  spawn,
  store,
  storeList,
  unprobed,
  when,
  type Op,
  type Step,
} from "./simulate/step.js";
export { probed } from "./kernels/probed.js";
export type { Config } from "./simulate/environment.js";
export type { Cell, ListCell } from "./simulate/memory.js";
export type * from "./simulate/structs.js";
