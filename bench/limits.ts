/** The work of any program that reads a file, as jobs of processes that load nothing of kreel. */
import { createReadStream } from "node:fs";
import { countLines } from "./recording.js";

const CHUNK = 512 * 1024;

/**
 * The result of a job: the number of things handled, and the CPU time at the end of its preparation if that is not to
 * be measured.
 */
export interface Done {
  readonly count: number;
  readonly from?: NodeJS.CpuUsage;
  /** A remark on the result. */
  readonly note?: string;
}

export const limits = {
  start: async (): Promise<Done> => ({ count: 1 }),
  newlines: async (file: string): Promise<Done> => {
    let count = 0;
    for await (const chunk of createReadStream(file, { highWaterMark: CHUNK })) count += countLines(chunk as Buffer);
    return { count };
  },
  bytes: async (file: string): Promise<Done> => {
    let count = 0;
    for await (const chunk of createReadStream(file, { highWaterMark: CHUNK })) count += (chunk as Buffer).length;
    return { count };
  },
} as const satisfies Record<string, (argument: string) => Promise<Done>>;
