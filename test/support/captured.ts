/** Output that goes into a file, as a terminal would get it or as a pipe would. */
import { closeSync, mkdtempSync, openSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Output, type OutputOptions } from "../../src/cli/output.js";

/** A descriptor to write to. */
export class Captured {
  readonly #path = join(mkdtempSync(join(tmpdir(), "kreel-")), "written");
  readonly fd = openSync(this.#path, "w");
  #seen = 0;

  /** Takes the bytes that were written since the last time. */
  taken(): Buffer {
    const bytes = readFileSync(this.#path).subarray(this.#seen);
    this.#seen += bytes.length;
    return bytes;
  }

  close(): void {
    closeSync(this.fd);
  }
}

/** An output, and what it has written since the last time. */
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
