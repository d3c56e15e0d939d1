/** The recordings under a directory that is none itself. */
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { detectFormat } from "../detect.js";
import { openSource, readTrouble } from "../source.js";
import { TroubleError } from "../trouble.js";

/** Whether a directory is one recording, with a file for each CPU, rather than a place where recordings lie. */
export function isCpuDirectory(directory: string): boolean {
  return names(directory).some((name) => name === "per_cpu" || /^cpu\d{1,5}$/.test(name) || /\.cpu\d{1,5}$/.test(name));
}

/**
 * By name, those in directories below among them. What has the look of no format is passed over; a file that cannot be
 * opened is not: whoever reads it says why.
 */
export async function recordingsUnder(directory: string): Promise<string[]> {
  const found: string[] = [];
  const entries = readdirSync(directory, { withFileTypes: true }).sort((a, b) => (a.name < b.name ? -1 : 1));
  for (const entry of entries) {
    const path = join(directory, entry.name);
    if (entry.isDirectory()) found.push(...(isCpuDirectory(path) ? [path] : await recordingsUnder(path)));
    else if (entry.isFile() && (await looksLikeRecording(path))) found.push(path);
  }
  return found;
}

async function looksLikeRecording(path: string): Promise<boolean> {
  try {
    const source = await openSource(path);
    try {
      detectFormat(source.head, path);
      return true;
    } catch (error) {
      if (error instanceof TroubleError) return false;
      throw error;
    } finally {
      await source.close();
    }
  } catch (error) {
    if (error instanceof TroubleError) return true;
    throw error;
  }
}

function names(directory: string): string[] {
  try {
    return readdirSync(directory);
  } catch (error) {
    throw readTrouble(directory, error);
  }
}
