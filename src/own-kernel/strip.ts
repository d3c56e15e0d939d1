/**
 * TypeScript without its types, for Nodes that cannot do that themselves: blanks in their place, so lines and columns
 * stay.
 */
import { createRequire } from "node:module";

interface Stripper {
  transformSync(
    source: string,
    options: { readonly mode: "strip-only"; readonly module: true; readonly filename: string },
  ): { readonly code: string };
}

/** Where a file's text is not what it should be. */
export class SyntaxTrouble extends Error {
  constructor(
    message: string,
    readonly path: string,
    readonly line: number,
  ) {
    // The place is told in words too: across a thread boundary only the message is sure to arrive.
    super(`${message} (${path}:${line})`);
  }
}

const require = createRequire(import.meta.url);

/**
 * Throws a `SyntaxTrouble`. What is stripped of JavaScript is nothing: it comes back as it is, or as what is wrong with
 * it.
 */
export function stripTypes(source: string, path: string): string {
  // Megabytes that only those pay for who need it.
  const { transformSync } = require("@swc/wasm-typescript") as Stripper;
  try {
    return transformSync(source, { mode: "strip-only", module: true, filename: path }).code;
  } catch (error) {
    const { message, startLine } = error as { readonly message?: string; readonly startLine?: number };
    throw new SyntaxTrouble(message ?? String(error), path, startLine ?? 1);
  }
}
