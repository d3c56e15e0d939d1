/**
 * A simulated kernel: its functions, its configuration, and the functions that the standard probes show.
 */
import type { Kernel as Release } from "../../events/definition.js";
import { type Config, Environment } from "../simulate/environment.js";
import type { Functions, PatchFunctions } from "./prototypes.js";

/** The `this` of kernel functions: the other functions, memory, and the current task. */
export interface Kernel extends Environment, Functions, PatchFunctions {}

/** Some functions of a kernel, written against the whole of it. */
export type FunctionTable = Partial<Functions & PatchFunctions> & ThisType<Kernel>;

/**
 * A simulated kernel: its functions and configuration. `with` gives the same kernel with some functions replaced, as a
 * patch does.
 */
export class KernelDefinition {
  constructor(
    readonly name: string,
    /** The recorded kernel whose symbols it has: no probe shows a function that is inlined there. */
    readonly release: Release,
    readonly functions: Kernel,
    readonly config: Config,
  ) {}

  /**
   * The same kernel with some functions replaced or added, as a patch does. The replaced are at hand as
   * `base.functions.NAME`.
   */
  with(name: string, functions: FunctionTable, config: Partial<Config> = {}): KernelDefinition {
    return new KernelDefinition(name, this.release, Object.assign(Object.create(this.functions) as Kernel, functions), {
      ...this.config,
      ...config,
    });
  }
}

/** A kernel from all of its functions. */
export function kernel(name: Release, functions: Functions & ThisType<Kernel>, config: Config): KernelDefinition {
  return new KernelDefinition(
    name,
    name,
    Object.assign(Object.create(Environment.prototype) as Kernel, functions),
    config,
  );
}

/** The changes from kernel `from` to another one, in the order in which they were made. */
interface Changes {
  readonly from: KernelDefinition;
  readonly apply: readonly FunctionTable[];
  /** The default is that of `from`. */
  readonly config?: Config;
}

/** Another recorded kernel: an existing one with changes applied. */
export function release(name: Release, { from, apply, config = from.config }: Changes): KernelDefinition {
  const { functions } = from.with(name, Object.assign({}, ...apply) as FunctionTable);
  return new KernelDefinition(name, name, functions, config);
}
