/** The page's engine over the bytes of a log in memory, as a browser has them. */
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { importRecording } from "../../../src/read/import.js";
import type { LogBytes } from "../../../src/log/file/log-file.js";
import { LogEngine } from "../../../src/ui/engine/engine.js";

export function inMemory(content: Uint8Array): LogBytes {
  return {
    size: content.length,
    read: (offset, length) => Buffer.from(content.subarray(offset, offset + length)),
    close: () => {},
  };
}

export async function logOf(trace: string): Promise<Buffer> {
  const folder = mkdtempSync(join(tmpdir(), "kreel-"));
  try {
    await importRecording(trace, join(folder, "a.klog"));
    return readFileSync(join(folder, "a.klog"));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

export function engineOver(content: Uint8Array): LogEngine {
  return new LogEngine(inMemory(content), "a.klog", async () => {});
}

export async function engineOf(trace: string): Promise<LogEngine> {
  return engineOver(await logOf(trace));
}
