/**
 * Strips the types of TypeScript, for Nodes that cannot do that themselves: blanks take their place, so lines and
 * columns stay.
 */
import { createRequire } from "node:module";

interface Stripper {
  transformSync(
    source: string,
    options: { readonly mode: "strip-only"; readonly module: true; readonly filename: string },
  ): { readonly code: string };
}

/** A syntax error with its file and line. */
export class SyntaxTrouble extends Error {
  constructor(
    message: string,
    readonly path: string,
    readonly line: number,
  ) {
    // The message includes the place: across a thread boundary only the message is sure to arrive.
    super(`${message} (${path}:${line})`);
  }
}

const require = createRequire(import.meta.url);

/**
 * Strips types; JavaScript is returned unchanged.
 *
 * @throws {SyntaxTrouble} If the text is not valid.
 */
export function stripTypes(source: string, path: string): string {
  // Megabytes that are loaded only on demand.
  const { transformSync } = require("@swc/wasm-typescript") as Stripper;
  try {
    return transformSync(source, { mode: "strip-only", module: true, filename: path }).code;
  } catch (error) {
    const { message, startLine } = error as { readonly message?: string; readonly startLine?: number };
    throw new SyntaxTrouble(message ?? String(error), path, startLine ?? 1);
  }
}
