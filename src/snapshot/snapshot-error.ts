/** Thrown for bytes that are no snapshot, are damaged, or are of another version of the reducers. */
export class SnapshotError extends Error {
  override readonly name = "SnapshotError";
}
