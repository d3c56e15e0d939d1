/** Reasons why a file, or standard output, cannot be written, in words with a remedy. */
const WORDS: { readonly [code: string]: string } = {
  EEXIST: "exists already; give another name, or remove it",
  ENOENT: "no such file or folder",
  EACCES: "may not be written by this user",
  EPERM: "may not be written by this user",
  EROFS: "is on a file system that is read-only",
  EISDIR: "is a folder",
  ENOSPC: "the disk is full",
  EDQUOT: "the disk quota is used up",
  EFBIG: "would be larger than a file may be here",
};

/** Returns the reason; `undefined` for an error without words here. */
export function whyNotWritten(error: unknown): string | undefined {
  const { code } = error as NodeJS.ErrnoException;
  return code === undefined ? undefined : WORDS[code];
}

/** True if there is no room for more: on the disk, or in the file. */
export function isNoRoom(error: unknown): boolean {
  return error instanceof Error && "code" in error && ["ENOSPC", "EDQUOT", "EFBIG"].includes(String(error.code));
}
