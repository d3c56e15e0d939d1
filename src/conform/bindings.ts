/** Binds addresses of a recording to structures of the simulated kernel; bindings can be undone. */
import type { Memory } from "../simulate/memory.js";
import type { AnyStruct, Structs } from "../simulate/structs.js";

export class Bindings {
  readonly #addressOf = new Map<number, number>();
  readonly #pointerAt = new Map<number, number>();
  /** Overwritten bindings for `undo`: pointer, its address, the new address, that address's pointer. */
  readonly #trail: [number, number | undefined, number, number | undefined][] = [];

  constructor(
    private readonly memory: Memory,
    private readonly structs: Structs,
  ) {}

  /** Differs, almost surely, if the bindings differ. */
  hash = 0;

  get mark(): number {
    return this.#trail.length;
  }

  /** Makes the bindings permanent: the search will not return to an earlier state. */
  forget(): void {
    this.#trail.length = 0;
  }

  undo(mark: number): void {
    while (this.#trail.length > mark) {
      const [pointer, address, at, before] = this.#trail.pop()!;
      this.hash ^= mixed(pointer, at);
      if (address === undefined) this.#addressOf.delete(pointer);
      else this.#addressOf.set(pointer, address);
      if (before === undefined) this.#pointerAt.delete(at);
      else this.#pointerAt.set(at, before);
    }
  }

  addressOf(struct: AnyStruct): number | undefined {
    return this.#addressOf.get(struct.pointer);
  }

  structAt(address: number): AnyStruct | undefined {
    const pointer = this.#pointerAt.get(address);
    return pointer === undefined ? undefined : this.structs.any(pointer);
  }

  /** True if the two can be one: each is new to the other, or they are bound to each other already. */
  agree(struct: AnyStruct, address: number): boolean {
    const known = this.#addressOf.get(struct.pointer);
    if (known !== undefined) return known === address;
    const other = this.#pointerAt.get(address);
    return other === undefined || this.#over(this.structs.any(other)!);
  }

  /** `seq` is the event that shows it. */
  bind(struct: AnyStruct, address: number, seq: number): void {
    if (this.#addressOf.get(struct.pointer) === address) return;
    this.#since.set(struct.pointer, seq);
    this.#trail.push([struct.pointer, this.#addressOf.get(struct.pointer), address, this.#pointerAt.get(address)]);
    this.#addressOf.set(struct.pointer, address);
    this.#pointerAt.set(address, struct.pointer);
    this.hash ^= mixed(struct.pointer, address);
  }

  /** The event that first showed a structure at its address. */
  since(struct: AnyStruct): number {
    return this.#since.get(struct.pointer) ?? 0;
  }
  readonly #since = new Map<number, number>();

  /** True if another structure may occupy the memory by now; for an inode, once only its RCU callback is left. */
  #over(struct: AnyStruct): boolean {
    return (
      this.memory.get(struct.freed) !== 0 ||
      (struct.kind === "inode" &&
        this.memory.get((struct as AnyStruct & { i_count: typeof struct.freed }).i_count) === 0)
    );
  }
}

function mixed(pointer: number, address: number): number {
  const hash = Math.imul(pointer ^ Math.imul(address, 0x9e3779b1), 0x85ebca6b);
  return hash ^ (hash >>> 15);
}
