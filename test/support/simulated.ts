/** What user space saw, on a real kernel and on a simulated one, as far as the two must agree. */
import type { Scenario } from "../../src/scenario/types.js";

/**
 * Lines that are not the interpreter's: what was left of a fault injection, the shell's word on a signal, the exit
 * status.
 */
const OTHERS = /^\s*fail-nth left|^Bus error$|^exit=/;
const DESCRIPTOR = /^((?:vm|gmem|dup) .*) = \d+$/;

/**
 * Device and inode numbers of a running kernel are its own affair; of a descriptor that is closed, they are the
 * interpreter's stack. How long a child lives, in operations of its parent, is a matter of luck, and with it what the
 * child still holds; of threads, who gets which descriptor, and in which order they come.
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
