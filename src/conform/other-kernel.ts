/**
 * Signs that a recording comes from a kernel that no simulated one is meant to be. A mismatch may then be that kernel's
 * own way, and does not prove that it did anything wrong.
 */
import { KERNELS, type OperationDefinition, points } from "../../events/index.js";
import type { KernelDefinition } from "../kernels/kernel.js";
import { type Head, series } from "../read/head.js";
import type { Tables } from "../log/tables.js";
import type { Evidence } from "./evidence.js";

/** The machines of simulated kernels, as `uname -m` calls them. */
const MACHINES = new Set(["x86_64", "amd64"]);
/**
 * System calls as another architecture spells them: `__arm64_sys_close`. On x86-64 they are `__x64_sys_` and
 * `__ia32_sys_`.
 */
const SYSTEM_CALL = /(?:^|[ (])__(arm64|arm|riscv|s390x?|powerpc|loongarch|mips)_sys_\w+/;
/** High word of the addresses of x86-64's kernel and modules, which lie in the last two gigabytes. */
const TEXT_HIGH = 0xffffffff;

/** Returns sentences without a full stop; none if there is no sign. */
export function signsOfAnother({ name, release }: KernelDefinition, evidence: Evidence): string[] {
  const { head, seen, tables, functionAddress, builtIn } = evidence;
  const signs = [...headSigns(name, release, head)];
  const newer = points.points
    .filter((point) => point !== undefined && seen[point.id] !== 0 && isOfNone(point.operation))
    .map((point) => point!.operation.name);
  if (newer.length > 0)
    signs.push(
      `it has ${[...new Set(newer)].join(", ")}, which no simulated kernel up to ${KERNELS.at(-1)!.replace("linux-", "")} has`,
    );
  const call = systemCall(tables);
  if (call !== undefined) signs.push(`it has ${call}, which is not x86-64's`);
  if (functionAddress !== undefined && tables.addresses.high(functionAddress) !== TEXT_HIGH)
    signs.push(`its functions lie at ${tables.addresses.hex(functionAddress)}, where x86-64 has none`);
  if (builtIn) signs.push(`KVM is built into its kernel, and is a module of ${name}`);
  return signs;
}

function* headSigns(name: string, release: string, head: Head): Generator<string> {
  const own = /\d+\.\d+/.exec(release)![0];
  const found = head.release === undefined ? undefined : series(head.release);
  if (found !== undefined && found !== own)
    yield `its head says release ${head.release}, and ${name} stands for ${own}`;
  if (head.machine !== undefined && !MACHINES.has(head.machine))
    yield `its head says machine ${head.machine}, and ${name} is simulated on x86_64`;
}

function isOfNone({ kernels, recorded }: OperationDefinition): boolean {
  return recorded === true && kernels.length === 0;
}

function systemCall({ places }: Tables): string | undefined {
  for (let id = 1; id < places.size; id++) {
    const found = SYSTEM_CALL.exec(places.text(id));
    if (found) return found[0].trim().replace("(", "");
  }
  return undefined;
}
