/**
 * The descriptor tables of processes. Probes name the task, not the process, so a table is found by its users: the task
 * that installed a descriptor, and tasks that close one which only one table has. A file whose descriptors cannot be
 * told apart is marked as shared, and no verdict rests on them.
 */
import type { TaskId } from "../log/batch.js";
import type { EventView } from "../log/view.js";
import type { Fact } from "./facts.js";
import type { DescriptorTable, File, ObjectId } from "./objects.js";
import { OpenDescriptors } from "./open-descriptors.js";
import { closed, counted, installed, set } from "./transitions.js";
import type { Store } from "./store.js";

/** Reservations that are remembered at most. */
const KEPT = 10_000;

/** A reservation that a failed call may have kept. */
interface Kept {
  readonly process: number;
  readonly fd: number;
  readonly fact: Fact;
}

export interface SavedDescriptorTables {
  /** In the order of their first use. */
  readonly tables: readonly { readonly process: number; readonly table: ObjectId }[];
  readonly kept: readonly Kept[];
}

export class DescriptorTables {
  /** By thread group where the recording names it, else by thread. */
  readonly #tables = new Map<number, ObjectId>();

  /** Reservations that a failed call may have kept, where no probe shows one given back. */
  #kept: Kept[] = [];

  readonly #open = new OpenDescriptors();

  constructor(
    private readonly store: Store,
    private readonly process: (task: TaskId) => number,
  ) {}

  get size(): number {
    return this.#tables.size;
  }

  #of(task: TaskId): DescriptorTable | undefined {
    const id = this.#tables.get(this.process(task));
    return id === undefined ? undefined : this.store.get(id, "descriptors");
  }

  installed(task: TaskId, fd: number, file: File, e: EventView): File {
    let table = this.#of(task);
    if (!table) {
      table = this.store.create("descriptors", 0, 1, e.seq);
      this.#tables.set(this.process(task), table.id);
    }
    const named = table.files[fd] ?? 0;
    const before = this.store.get(named, "file");
    // The file that it named before lost a descriptor unseen, unless the loss was counted when it happened.
    if (before && this.#open.count(before.id) <= before.descriptors)
      this.store.apply(this.store.apply(before, counted("descriptors", -1)), set({ shared: true }));
    this.store.apply(table, installed(fd, file.id));
    this.#open.remove(named, table.id, fd);
    this.#open.add(file.id, table.id, fd);
    return this.store.apply(file, counted("descriptors", 1));
  }

  /** The file of a descriptor, if it is known. */
  fileOf(task: TaskId, fd: number): File | undefined {
    const own = this.#of(task);
    const mine = own?.files[fd];
    if (mine !== undefined) return this.store.get(mine, "file");
    if (own) return undefined;
    const found = this.#owner(fd);
    return found && this.store.get(found.files[fd] ?? 0, "file");
  }

  closed(task: TaskId, fd: number): File | undefined {
    let table = this.#of(task);
    let inferred = false;
    if (table?.files[fd] === undefined) {
      // It may be that of another thread, with which this one shares its table.
      table = this.#owner(fd);
      inferred = true;
    }
    const id = table?.files[fd];
    if (!table || id === undefined) return undefined;
    this.store.apply(table, closed(fd));
    this.#open.remove(id, table.id, fd);
    let file = this.store.get(id, "file");
    if (!file) return undefined;
    file = this.store.apply(file, counted("descriptors", -1));
    return inferred ? this.store.apply(file, set({ shared: true })) : file;
  }

  /**
   * Takes in a `filp_close`, of process exit, close_range, dup2 or execve: one of the task's descriptors of this file
   * was closed, and the event does not say which. A child that inherited the file has none that is known.
   */
  closedUnnamed(file: File, e: EventView): File {
    const table = this.#of(e.taskId);
    return table && this.#open.has(file.id, table.id) && file.descriptors > 0
      ? this.store.apply(file, counted("descriptors", -1))
      : this.store.apply(file, set({ shared: true }));
  }

  /**
   * True if some of the file's descriptors were closed without their numbers being known: any that is listed may be one
   * of them.
   */
  unnamed(file: File): boolean {
    return this.#open.count(file.id) > file.descriptors;
  }

  /** Notes that a task's call reserved `fd` and failed, and that no probe would show `fd` being given back. */
  maybeKept(task: TaskId, fd: number, fact: Fact): void {
    if (this.#kept.length < KEPT) this.#kept.push({ process: this.process(task), fd, fact });
  }

  /**
   * Takes in that a task got a descriptor, which is the lowest that is free: one below it that a failed call reserved
   * is still taken, and the fact is reported; the same one was given back.
   */
  reserved(task: TaskId, fd: number, onKept: (fact: Fact) => void): void {
    if (this.#kept.length === 0) return;
    const process = this.process(task);
    const mine = this.#kept.filter((kept) => kept.process === process);
    for (const kept of mine) if (kept.fd < fd) onKept(kept.fact);
    this.#kept = this.#kept.filter((kept) => kept.process !== process || kept.fd > fd);
  }

  /** Takes in that a descriptor of a task is in use, so that no failed call keeps it. */
  inUse(task: TaskId, fd: number): void {
    if (this.#kept.length === 0) return;
    const process = this.process(task);
    this.#kept = this.#kept.filter((kept) => kept.process !== process || kept.fd !== fd);
  }

  /** The number of a task's process: its thread group where the recording names it, else its thread. */
  processOf(task: TaskId): number {
    return this.process(task);
  }

  saved(): SavedDescriptorTables {
    return { tables: Array.from(this.#tables, ([process, table]) => ({ process, table })), kept: this.#kept };
  }

  restore({ tables, kept }: SavedDescriptorTables): void {
    for (const { process, table } of tables) {
      this.#tables.set(process, table);
      for (const [fd, file] of Object.entries(this.store.get(table, "descriptors")?.files ?? {}))
        this.#open.add(file, table, Number(fd));
    }
    this.#kept = [...kept];
  }

  /** Descriptors that refer to a file. */
  of(file: File): number[] {
    return this.#open.of(file.id);
  }

  /** The one table in which a followed file has this descriptor. */
  #owner(fd: number): DescriptorTable | undefined {
    let found: DescriptorTable | undefined;
    for (const id of this.#tables.values()) {
      const table = this.store.get(id, "descriptors");
      const file = table && this.store.get(table.files[fd] ?? 0, "file");
      if (!table || !file?.focus) continue;
      if (found) return undefined;
      found = table;
    }
    return found;
  }
}
