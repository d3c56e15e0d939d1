/** The registers in which a function finds its arguments, by machine; the catalogue names those of x86-64. */

/** The output of `uname -m` as a shell pattern, and the machine's registers in the order of the arguments. */
interface Machine {
  readonly names: string;
  readonly registers: readonly string[];
}

const X86_64 = ["%di", "%si", "%dx", "%cx", "%r8", "%r9"];

const MACHINES: readonly Machine[] = [
  { names: "x86_64", registers: X86_64 },
  { names: "aarch64 | arm64", registers: ["%x0", "%x1", "%x2", "%x3", "%x4", "%x5"] },
];

/** Other kernels, and probes of other kinds, know arguments by their number if at all. */
const NUMBERS = ["$arg1", "$arg2", "$arg3", "$arg4", "$arg5", "$arg6"];

/**
 * Returns shell functions that tell whether a machine's registers are known, and print the sed program that puts them
 * into a line of the table.
 */
export function registersFunction(): string {
  const program = (registers: readonly string[]): string =>
    registers.flatMap((register, k) => (register === X86_64[k] ? [] : [`s/${X86_64[k]}/${register}/g`])).join("; ");
  return [
    "has_known_registers() {",
    "  case $1 in",
    `    ${MACHINES.map(({ names }) => names).join(" | ")}) ;;`,
    "    *) return 1 ;;",
    "  esac",
    "}",
    "registers() {",
    "  case $1 in",
    ...MACHINES.map(({ names, registers }) => `    ${names}) echo '${program(registers)}' ;;`),
    `    *) echo '${program(NUMBERS)}' ;;`,
    "  esac",
    "}",
    "",
  ].join("\n");
}
