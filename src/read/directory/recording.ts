/** Opens a directory as one recording. */
import type { Recording } from "../recording.js";
import { layoutOf } from "./layout.js";
import { openTexts } from "./text.js";

export async function openDirectory(path: string, format: string | undefined): Promise<Recording> {
  const { kind, files } = layoutOf(path, format);
  if (kind === "text") return openTexts(path, files, format);
  const { openPages } = await import("./pages.js");
  return openPages(path, files);
}
