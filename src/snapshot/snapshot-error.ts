/** Why bytes are not a snapshot that this kreel can go on from. */
export class SnapshotError extends Error {
  override readonly name = "SnapshotError";
}
