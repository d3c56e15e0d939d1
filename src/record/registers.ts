/** The registers that a function finds its arguments in, by machine; the catalogue speaks of those of x86-64. */

/** What `uname -m` says of a machine, as a pattern of the shell, and its registers in the order of the arguments. */
interface Machine {
  readonly names: string;
  readonly registers: readonly string[];
}

const X86_64 = ["%di", "%si", "%dx", "%cx", "%r8", "%r9"];

const MACHINES: readonly Machine[] = [
  { names: "x86_64", registers: X86_64 },
  { names: "aarch64 | arm64", registers: ["%x0", "%x1", "%x2", "%x3", "%x4", "%x5"] },
  // Whatever else can say where its arguments are says it by their number; registers are what every kernel knows.
  { names: "*", registers: ["$arg1", "$arg2", "$arg3", "$arg4", "$arg5", "$arg6"] },
];

/** A shell function that prints the sed program which puts the registers of the machine into a line of the table. */
export function registersFunction(): string {
  const cases = MACHINES.map(({ names, registers }) => {
    const program = registers.flatMap((register, k) => (register === X86_64[k] ? [] : [`s/${X86_64[k]}/${register}/g`])).join("; ");
    return `    ${names}) echo '${program}' ;;`;
  });
  return ["registers() {", "  case $(uname -m) in", ...cases, "  esac", "}", ""].join("\n");
}
