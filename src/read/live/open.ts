/** Chooses how a growing recording is followed, by the kind of its path. */
import { createReadStream, fstatSync, type Stats } from "node:fs";
import { stat } from "node:fs/promises";
import { readTrouble } from "../source.js";
import { TroubleError } from "../../base/trouble.js";
import type { Feed } from "./feed.js";
import { FileFeed, type Notice } from "./file.js";
import { fifo, StreamFeed } from "./stream.js";

const STDIN = 0;

/** `input`: replaces standard input, for `-`. */
export async function openFeed(path: string, input: AsyncIterable<Buffer> | undefined, notice: Notice): Promise<Feed> {
  if (input) return new StreamFeed(path, input, () => {});
  if (path === "-")
    return fstatSync(STDIN).isFile()
      ? FileFeed.open(path, STDIN, notice)
      : new StreamFeed(path, process.stdin, () => process.stdin.destroy());
  const what = await statOf(path);
  if (what.isDirectory())
    throw new TroubleError("a directory cannot be followed; follow the file in it that grows, or trace_pipe", path);
  if (what.isFile()) return FileFeed.open(path, path, notice);
  if (what.isFIFO()) return fifo(path);
  const stream = createReadStream(path);
  return new StreamFeed(path, stream, () => stream.destroy());
}

async function statOf(path: string): Promise<Stats> {
  try {
    return await stat(path);
  } catch (error) {
    throw readTrouble(path, error);
  }
}
