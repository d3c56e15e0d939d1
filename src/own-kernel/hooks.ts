/**
 * Module hooks for a user's own kernel. `kreel/kernels` and `kreel` resolve to the running kreel, wherever the module
 * lies and whatever is installed there: two copies would not recognise each other's kernels.
 */
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { stripTypes } from "./strip.js";

const OWN: Readonly<Record<string, string>> = {
  kreel: new URL("../index.js", import.meta.url).href,
  "kreel/kernels": new URL("../kernels.js", import.meta.url).href,
  "kreel/catalogue": new URL("../../events/index.js", import.meta.url).href,
};

interface Resolved {
  readonly url: string;
  readonly format?: string;
  readonly shortCircuit?: boolean;
}
interface Loaded {
  readonly format: string;
  readonly source?: string;
  readonly shortCircuit?: boolean;
}

/** True if this Node reads TypeScript itself. */
export const STRIPS = Boolean((process.features as { readonly typescript?: unknown }).typescript);

export function resolve<C, R>(specifier: string, context: C, next: (specifier: string, context: C) => R): R | Resolved {
  const url = Object.hasOwn(OWN, specifier) ? OWN[specifier] : undefined;
  return url === undefined ? next(specifier, context) : { url, format: "module", shortCircuit: true };
}

export function load<C, R>(url: string, context: C, next: (url: string, context: C) => R): R | Loaded {
  if (STRIPS || !/^file:.*\.m?ts$/.test(url)) return next(url, context);
  const path = fileURLToPath(url);
  return { format: "module", source: stripTypes(readFileSync(path, "utf8"), path), shortCircuit: true };
}
