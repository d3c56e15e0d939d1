/** A folder for each thread, in memory if the system has such: for inputs that have to be files. */
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import type { Files } from "../seeds/directory.js";

const IN_MEMORY = "/dev/shm";

export class Scratch {
  readonly folder = mkdtempSync(join(existsSync(IN_MEMORY) ? IN_MEMORY : tmpdir(), "kreel-fuzz-"));

  /** Writes a file, and returns its path. */
  file(name: string, bytes: Uint8Array): string {
    const path = join(this.folder, name);
    writeFileSync(path, bytes);
    return path;
  }

  /** Makes a directory of these files alone; of two that cannot both exist, the first stays. */
  directory(files: Files): string {
    const root = join(this.folder, "directory");
    rmSync(root, { recursive: true, force: true });
    mkdirSync(root);
    for (const [name, bytes] of files) {
      const path = join(root, name);
      try {
        mkdirSync(dirname(path), { recursive: true });
        writeFileSync(path, bytes);
      } catch (error) {
        if (!(error instanceof Error && "code" in error)) throw error;
      }
    }
    return root;
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}
