/** Output written to a file, as to a terminal or as to a pipe. */
import { closeSync, mkdtempSync, openSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Output, type OutputOptions } from "../../src/cli/output.js";

/** A descriptor to write to. */
export class Captured {
  readonly #path = join(mkdtempSync(join(tmpdir(), "kreel-")), "written");
  readonly fd = openSync(this.#path, "w");
  #seen = 0;

  /** Returns the bytes written since the last call. */
  taken(): Buffer {
    const bytes = readFileSync(this.#path).subarray(this.#seen);
    this.#seen += bytes.length;
    return bytes;
  }

  close(): void {
    closeSync(this.fd);
  }
}

/** Returns an output, and a function that returns the text written since its last call. */
export function capturing(options: OutputOptions): { readonly out: Output; taken(): string } {
  const captured = new Captured();
  const out = new Output(captured.fd, options);
  return {
    out,
    taken: () => {
      out.flush();
      return captured.taken().toString();
    },
  };
}
