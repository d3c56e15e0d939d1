/** The output of a scenario in user space, on a real kernel and on a simulated one, as far as the two must agree. */
import type { Scenario } from "../../src/scenario/types.js";

/**
 * Lines that are not the interpreter's: remains of a fault injection, the shell's message about a signal, the exit
 * status.
 */
const OTHERS = /^\s*fail-nth left|^Bus error$|^exit=/;
const DESCRIPTOR = /^((?:vm|gmem|dup) .*) = \d+$/;

/**
 * Drops what may differ. Device and inode numbers are the running kernel's; for a closed descriptor, they are the
 * interpreter's stack. How long a child lives, in operations of its parent, is a matter of luck, and with it what the
 * child still holds; likewise which thread gets which descriptor, and the order of threads.
 */
export function seen(lines: readonly string[], scenario: Scenario): string[] {
  let children = false;
  const own = lines
    .filter((line) => line !== "" && !OTHERS.test(line))
    .map((line) => {
      if (/^(fork|wait)\b/.test(line)) children = line.startsWith("fork");
      if (line.includes(" = -1")) return line;
      const numbered = line.replace(/dev=\S+ ino=\S+/, "dev=… ino=…");
      const known = numbered.replace(/link=socket:\[\d+\]/, "link=socket:[…]");
      return children ? known.replace(/refcnt=\d+/, "refcnt=…") : known;
    });
  return isThreaded(scenario) ? own.map((line) => line.replace(DESCRIPTOR, "$1 = …")).sort() : own;
}

export function isThreaded(scenario: Scenario): boolean {
  return scenario.lines.some((line) => line.thread !== undefined);
}
