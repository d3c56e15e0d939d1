/** kernel/params.c and lib/kstrtox.c: the values that parameters of modules accept. */

/** Parameters by module: those whose value is a yes or no, and those whose value is a number of so many bits. */
const PARAMETERS: Readonly<
  Record<
    string,
    {
      readonly bool: readonly string[];
      readonly int?: readonly string[];
      readonly uint: readonly string[];
      readonly ushort?: readonly string[];
    }
  >
> = {
  kvm: {
    bool: [
      "mmio_caching",
      "flush_on_reuse",
      "tdp_mmu",
      "lapic_timer_advance",
      "ignore_msrs",
      "report_ignored_msrs",
      "kvmclock_periodic_sync",
      "vector_hashing",
      "enable_vmware_backdoor",
      "pi_inject_timer",
      "enable_pmu",
      "eager_page_split",
      "mitigate_smt_rsb",
      "enable_virt_at_load",
      "allow_unsafe_mappings",
    ],
    int: ["force_emulation_prefix"],
    uint: [
      "min_timer_period_us",
      "tsc_tolerance_ppm",
      "halt_poll_ns",
      "halt_poll_ns_grow",
      "halt_poll_ns_grow_start",
      "halt_poll_ns_shrink",
    ],
  },
  kvm_amd: {
    bool: [
      "force_avic",
      "avic",
      "npt",
      "gmet",
      "enable_device_posted_irqs",
      "enable_ipiv",
      "enable_mediated_pmu",
      "dump_invalid_vmcb",
      "intercept_smi",
      "vnmi",
    ],
    int: ["nested", "nrips", "vls", "vgif", "lbrv", "tsc_scaling"],
    uint: [],
    ushort: [
      "pause_filter_thresh",
      "pause_filter_count",
      "pause_filter_count_grow",
      "pause_filter_count_shrink",
      "pause_filter_count_max",
    ],
  },
};

/** True if a module accepts the value; `undefined` is a parameter without one, which only a bool accepts. */
export function isParameterValue(module: string, parameter: string, value: string | undefined): boolean {
  const types = Object.hasOwn(PARAMETERS, module) ? PARAMETERS[module]! : undefined;
  if (!types) return true;
  if (types.bool.includes(parameter)) return value === undefined || kstrtobool(value) !== undefined;
  if (types.uint.includes(parameter)) return isNumber(value, 0, 2 ** 32 - 1);
  if (types.ushort?.includes(parameter)) return isNumber(value, 0, 2 ** 16 - 1);
  if (types.int?.includes(parameter)) return isNumber(value, -(2 ** 31), 2 ** 31 - 1);
  return true;
}

/** The first letter decides, or the second after an o. */
export function kstrtobool(value: string): boolean | undefined {
  if (/^([yYtT1]|[oO][nN])/.test(value)) return true;
  return /^([nNfF0]|[oO][fF])/.test(value) ? false : undefined;
}

function isNumber(value: string | undefined, least: number, most: number): boolean {
  if (
    value === undefined ||
    !/^[+-]?(0[xX][0-9a-fA-F]+|0[0-7]*|[1-9][0-9]*)$/.test(value) ||
    (least === 0 && value.startsWith("-"))
  )
    return false;
  const digits = value.replace(/^[+-]/, "");
  const number = Number(/^0[0-7]+$/.test(digits) ? `0o${digits.slice(1)}` : digits) * (value.startsWith("-") ? -1 : 1);
  return number >= least && number <= most;
}
