/** Finds the descriptors of a file among those of all tables. Derived from the tables, and no part of the state. */
import type { ObjectId } from "./objects.js";

export class OpenDescriptors {
  /** By file, then by table: most files have one descriptor. */
  readonly #of = new Map<ObjectId, Map<ObjectId, Set<number>>>();

  add(file: ObjectId, table: ObjectId, fd: number): void {
    let tables = this.#of.get(file);
    if (!tables) this.#of.set(file, (tables = new Map<ObjectId, Set<number>>()));
    const fds = tables.get(table);
    if (fds) fds.add(fd);
    else tables.set(table, new Set([fd]));
  }

  remove(file: ObjectId, table: ObjectId, fd: number): void {
    const tables = this.#of.get(file);
    const fds = tables?.get(table);
    if (!tables || !fds?.delete(fd)) return;
    if (fds.size === 0) tables.delete(table);
    if (tables.size === 0) this.#of.delete(file);
  }

  /** True if a table has a descriptor of the file. */
  has(file: ObjectId, table: ObjectId): boolean {
    return this.#of.get(file)?.has(table) ?? false;
  }

  count(file: ObjectId): number {
    let count = 0;
    for (const fds of this.#of.get(file)?.values() ?? []) count += fds.size;
    return count;
  }

  /** The descriptors of a file: tables in the order of their first use, and in each the lowest first. */
  of(file: ObjectId): number[] {
    const tables = this.#of.get(file);
    if (!tables) return [];
    return [...tables].sort(([a], [b]) => a - b).flatMap(([, fds]) => [...fds].sort((a, b) => a - b));
  }
}
