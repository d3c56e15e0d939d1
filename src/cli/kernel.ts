/** `--kernel` and `--config`: the simulated kernel, and its configuration. */
import { relative } from "node:path";
import { ALIASES, type KernelDefinition, kernels, withoutPrivateMemory, withSlubDebug } from "../kernels/index.js";
import { isModule, loadKernel } from "../own-kernel/load.js";
import { loadedModules } from "../own-kernel/loaded.js";
import { placeOf } from "../own-kernel/places.js";
import { StalledError, untilRun } from "../own-kernel/watch.js";
import { TroubleError } from "../base/trouble.js";
import type { Scenario } from "../scenario/types.js";
import { pulse } from "../simulate/pulse.js";
import { EndlessError } from "../workload/faults.js";
import { KernelFunctionError } from "../workload/simulate.js";
import { UsageError } from "./trouble.js";

interface Option {
  /** The value that changes the kernel, and the changed kernel. */
  readonly unusual: "y" | "n";
  readonly build: Build;
}

type Build = (kernel: KernelDefinition) => KernelDefinition;

/** The supported options of a kernel's configuration. */
const OPTIONS: { readonly [option: string]: Option } = {
  CONFIG_KVM_PRIVATE_MEM: { unusual: "n", build: withoutPrivateMemory },
  CONFIG_KVM_GUEST_MEMFD: { unusual: "n", build: withoutPrivateMemory },
  CONFIG_SLUB_DEBUG_ON: { unusual: "y", build: withSlubDebug },
};

export const KERNEL_HELP = `${Object.keys(kernels).join(", ")}, ${Object.entries(ALIASES)
  .map(([alias, name]) => `${alias} (${name})`)
  .join(", ")}, or the path of a module that exports one (./my-kernel.js)`;

/** Collects the values of a repeated option. */
export function collect(value: string, before: readonly string[] = []): readonly string[] {
  return [...before, value];
}

export async function kernelOf(name: string, config: readonly string[] = []): Promise<KernelDefinition> {
  const definition = await namedKernel(name);
  return [...new Set(config.map(buildOf))].reduce((kernel, build) => build(kernel), definition);
}

async function namedKernel(name: string): Promise<KernelDefinition> {
  const known: Readonly<Record<string, KernelDefinition>> = kernels;
  const own = Object.hasOwn(ALIASES, name) ? ALIASES[name]! : name;
  if (Object.hasOwn(known, own)) return known[own]!;
  if (isModule(name)) return loadKernel(name);
  throw new UsageError(`no kernel ${name}: there is ${KERNEL_HELP}`);
}

/** Returns the change that an option makes to a kernel. */
function buildOf(option: string): Build {
  const [name, value] = option.split("=", 2) as [string, string?];
  const known = Object.hasOwn(OPTIONS, name) ? OPTIONS[name] : undefined;
  if (!known || (value !== "y" && value !== "n")) {
    const options =
      "CONFIG_KVM_PRIVATE_MEM and CONFIG_KVM_GUEST_MEMFD (one thing, renamed in 6.18), and CONFIG_SLUB_DEBUG_ON";
    throw new UsageError(`--config ${option}: simulated kernels know ${options}, =y or =n`);
  }
  return value === known.unusual ? known.build : asUsual;
}

const asUsual: Build = (kernel) => kernel;

/**
 * Converts errors of a kernel's functions into trouble at the function's file and line, and likewise kernels that never
 * end and functions that never yield a step.
 */
export async function blamingKernel<T>(scenario: Scenario, run: () => Promise<T> | T): Promise<T> {
  try {
    return await untilRun(run);
  } catch (error) {
    if (error instanceof EndlessError)
      throw new TroubleError(error.message, scenario.path, undefined, { cause: error });
    if (error instanceof StalledError) throw stalledTrouble(error, scenario);
    if (!(error instanceof KernelFunctionError)) throw error;
    const place = placeOf(error.cause);
    throw new TroubleError(
      `kernel ${error.kernel}: ${error.message}`,
      place ? relative(process.cwd(), place.path) : scenario.path,
      place?.line,
      { cause: error.cause },
    );
  }
}

function stalledTrouble({ how, place }: StalledError, { path }: Scenario): TroubleError {
  const [module = path] = loadedModules();
  const what =
    how === "endless"
      ? "a function goes on without taking a step: is there an endless loop?"
      : "waits for what nothing will bring";
  return new TroubleError(
    `${what}${pulse.during?.() ?? ""}`,
    place ? relative(process.cwd(), place.path) : module,
    place?.line,
  );
}
