/** The version of this kreel, from its own package. */
import { readFileSync } from "node:fs";

export function version(): string {
  for (const up of ["../../package.json", "../../../package.json"]) {
    try {
      const parsed = JSON.parse(readFileSync(new URL(up, import.meta.url), "utf8")) as {
        readonly name?: string;
        readonly version?: string;
      };
      if (parsed.name === "kreel" && parsed.version !== undefined) return parsed.version;
    } catch {
      // Not there: the package lies a directory higher.
    }
  }
  return "unknown";
}
