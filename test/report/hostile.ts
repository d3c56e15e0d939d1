/** A recording of a leak in which everything with a name has a hostile one. */
import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { RECORDINGS, textOf } from "../support/recordings.js";

/** At most 15 bytes each, as the kernel has them. */
export const TASKS = [
  "<b>@me</b>",
  "a\u001b[2J`b``",
  "\u202etxt.exe",
  "]]>&lt;",
  "[a](x:y)#12",
  "__proto__",
  "a|b\\",
] as const;
export const MODULE =
  "<img src=x onerror=alert(1)>[click](javascript:alert(1)) @all ``` {0} --> \u202e\u001b]0;x\u0007 __proto__ ]]>";

/** A file in which the leaking task and the module have these names. */
export function hostileLeak(task: string, module = MODULE): string {
  const bytes = (text: string): string => Buffer.from(text).toString("latin1");
  const text = textOf(`${RECORDINGS}/broken/leak-module-on-error/s09-enfile.trace.gz`)
    .replaceAll('"kvm_amd"', () => `"${bytes(module)}"`)
    .replaceAll(/^ *gmemrun(?=-104 )/gm, () => bytes(task).padStart(16));
  const path = join(mkdtempSync(join(tmpdir(), "kreel-")), "<recording> [1]#&\u202e.trace");
  writeFileSync(path, text, "latin1");
  return path;
}
