/** The `this` of every kernel function, apart from the other functions: memory, structures, the current task. */
import type { Cell, ListCell, Memory } from "./memory.js";
import type {
  Dentry,
  File,
  FilesStruct,
  Gmem,
  Inode,
  Kvm,
  Memslot,
  Mm,
  Module,
  Mount,
  Pointer,
  Struct,
  Structs,
  SuperBlock,
  System,
  Task,
  UnixSock,
  VmArea,
} from "./structs.js";

/** The values that a task received in its current segment: every number that it read, and the result of each step. */
export type History = (number | readonly number[])[];

/** The choices of a kernel's configuration and build that change what it does. */
export interface Config {
  /** guest_memfd is built in (CONFIG_KVM_PRIVATE_MEM, CONFIG_KVM_GUEST_MEMFD from 6.18 on). */
  readonly guestMemfd: boolean;
  /**
   * A security module keeps a blob with every inode, whose allocation can fail (CONFIG_SECURITY with such a module).
   */
  readonly inodeBlobs: boolean;
  /** Slab caches are debugged (`slub_debug`, or CONFIG_SLUB_DEBUG_ON): they keep no sheaves of objects. */
  readonly slubDebug: boolean;
  /** VMs whose memory is private without hardware that makes it so (CONFIG_KVM_SW_PROTECTED_VM). */
  readonly softwareProtectedVms: boolean;
  /** Bits of a physical address of the machine: with nested paging, no memslot reaches further. */
  readonly physicalAddressBits: number;
  /** Pages of memory: no allocation is larger. */
  readonly totalRamPages: number;
}

/** Records the values that a task receives, and replays them when the task is brought back to an earlier moment. */
export interface Tape {
  /** Absent where no moment will be returned to. */
  history: History | undefined;
  /** Index of the next value to replay; -1 when the task runs for real. */
  at: number;
}

export class Environment {
  declare readonly memory: Memory;
  declare readonly structs: Structs;
  declare readonly system: System;
  declare readonly config: Config;
  /** The task on whose behalf the code runs. */
  declare current: Task;
  /** Shared by a kernel and all that `with` makes of it. */
  declare readonly tape: Tape;
  declare readonly words: Words;

  get(cell: Cell): number {
    const { tape } = this;
    if (tape.at >= 0) return tape.history![tape.at++] as number;
    const value = this.memory.get(cell);
    tape.history?.push(value);
    return value;
  }

  list(cell: ListCell): readonly number[] {
    const { tape } = this;
    if (tape.at >= 0) return tape.history![tape.at++] as readonly number[];
    const value = this.memory.list(cell);
    tape.history?.push(value);
    return value;
  }

  /** One number of a list; 0 past its end. */
  item(cell: ListCell, index: number): number {
    const { tape } = this;
    if (tape.at >= 0) return tape.history![tape.at++] as number;
    const value = this.memory.item(cell, index);
    tape.history?.push(value);
    return value;
  }

  /** The same kernel with some functions replaced, for calls that go through it. */
  with(functions: object & ThisType<this>): this {
    return Object.assign(Object.create(this) as this, functions);
  }

  module(pointer: Pointer): Module {
    return this.structs.at("module", pointer);
  }
  superBlock(pointer: Pointer): SuperBlock {
    return this.structs.at("super_block", pointer);
  }
  mount(pointer: Pointer): Mount {
    return this.structs.at("vfsmount", pointer);
  }
  inode(pointer: Pointer): Inode {
    return this.structs.at("inode", pointer);
  }
  dentry(pointer: Pointer): Dentry {
    return this.structs.at("dentry", pointer);
  }
  file(pointer: Pointer): File {
    return this.structs.at("file", pointer);
  }
  files(pointer: Pointer): FilesStruct {
    return this.structs.at("files_struct", pointer);
  }
  mm(pointer: Pointer): Mm {
    return this.structs.at("mm_struct", pointer);
  }
  vma(pointer: Pointer): VmArea {
    return this.structs.at("vm_area_struct", pointer);
  }
  signal(pointer: Pointer): Struct<"signal_struct"> {
    return this.structs.at("signal_struct", pointer);
  }
  unixSock(pointer: Pointer): UnixSock {
    return this.structs.at("unix_sock", pointer);
  }
  user(pointer: Pointer): Struct<"user"> {
    return this.structs.at("user", pointer);
  }
  kvm(pointer: Pointer): Kvm {
    return this.structs.at("kvm", pointer);
  }
  memslot(pointer: Pointer): Memslot {
    return this.structs.at("kvm_memory_slot", pointer);
  }
  gmem(pointer: Pointer): Gmem {
    return this.structs.at("kvm_gmem", pointer);
  }
  task(pointer: Pointer): Task {
    return this.structs.at("task_struct", pointer);
  }
}

/** Strings by number, so that a cell can hold one. Numbers are given in the order of asking and never change. */
export class Words {
  readonly #words: string[] = [""];
  readonly #numbers = new Map<string, number>([["", 0]]);

  number(word: string): number {
    let number = this.#numbers.get(word);
    if (number === undefined) {
      number = this.#words.length;
      this.#words.push(word);
      this.#numbers.set(word, number);
    }
    return number;
  }

  word(number: number): string {
    return this.#words[number] ?? "";
  }
}
