/**
 * A list of operations in columns, in chunks. A long recording has an operation for every twenty events: the latest
 * chunks stay in memory, and the caller may provide a store for those before them.
 */
import type { TaskId } from "../log/batch.js";

export interface OperationRecord {
  readonly name: string;
  readonly task: TaskId;
  /** The event of its entry. */
  readonly event: number;
  /** Its return value; absent if its return is not probed or was not seen. */
  readonly result?: number;
}

/** A store for chunks of `CHUNK_BYTES` that are seldom read. */
export interface ColdChunks {
  write(chunk: number, bytes: Uint8Array, offset: number): void;
  read(chunk: number, into: Uint8Array): void;
}

const CHUNK = 1 << 16;
/** Chunks in memory: a million operations. */
const WARM = 16;
const NO_RESULT = Number.NaN;
const EVENT_BYTES = CHUNK * 8;
const RESULT_BYTES = CHUNK * 8;
const TASK_BYTES = CHUNK * 4;
const NAME_BYTES = CHUNK * 2;
export const CHUNK_BYTES = EVENT_BYTES + RESULT_BYTES + TASK_BYTES + NAME_BYTES;

/** Operations in the first chunk before it grows: most recordings, and every run of a simulated kernel, are short. */
const SHORT = 1 << 10;

class Chunk {
  readonly bytes: Uint8Array;
  readonly event: Float64Array;
  readonly result: Float64Array;
  readonly task: Uint32Array;
  readonly name: Uint16Array;

  constructor(readonly room = CHUNK) {
    this.bytes = new Uint8Array((CHUNK_BYTES / CHUNK) * room);
    const { buffer } = this.bytes;
    this.event = new Float64Array(buffer, 0, room);
    this.result = new Float64Array(buffer, room * 8, room);
    this.task = new Uint32Array(buffer, room * 16, room);
    this.name = new Uint16Array(buffer, room * 20, room);
  }

  /** A copy with more room. */
  grown(): Chunk {
    const next = new Chunk(Math.min(CHUNK, this.room * 4));
    next.event.set(this.event);
    next.result.set(this.result);
    next.task.set(this.task);
    next.name.set(this.name);
    return next;
  }
}

export class OperationList implements Iterable<OperationRecord> {
  length = 0;
  /** From chunk `#first` on; those before it are in the store. */
  readonly #warm: Chunk[] = [];
  #first = 0;
  #cold: ColdChunks | undefined;
  readonly #late = new Float64Array(1);

  constructor(
    private readonly names: readonly string[],
    private readonly cold: (() => ColdChunks) | undefined = undefined,
  ) {}

  /** Appends a record, and returns its number, from 0. */
  push(point: number, task: TaskId, event: number): number {
    const at = this.length++;
    const k = at % CHUNK;
    if (k === 0) this.#begin();
    let chunk = this.#warm.at(-1)!;
    if (k === chunk.room) this.#warm[this.#warm.length - 1] = chunk = chunk.grown();
    chunk.name[k] = point;
    chunk.task[k] = task;
    chunk.event[k] = event;
    chunk.result[k] = NO_RESULT;
    return at;
  }

  returned(at: number, result: number): void {
    const chunk = Math.floor(at / CHUNK) - this.#first;
    if (chunk >= 0) {
      this.#warm[chunk]!.result[at % CHUNK] = result;
      return;
    }
    this.#late[0] = result;
    this.#cold!.write(chunk + this.#first, new Uint8Array(this.#late.buffer), EVENT_BYTES + (at % CHUNK) * 8);
  }

  *[Symbol.iterator](): Generator<OperationRecord> {
    const cold = this.#first > 0 ? new Chunk() : undefined;
    for (let from = 0, k = 0; from < this.length; from += CHUNK, k++) {
      if (k < this.#first) this.#cold!.read(k, cold!.bytes);
      const chunk = k < this.#first ? cold! : this.#warm[k - this.#first]!;
      const end = Math.min(CHUNK, this.length - from);
      for (let i = 0; i < end; i++) yield this.#record(chunk, i);
    }
  }

  #record({ name, task, event, result }: Chunk, i: number): OperationRecord {
    const value = result[i]!;
    return {
      name: this.names[name[i]!]!,
      task: task[i]!,
      event: event[i]!,
      ...(Number.isNaN(value) ? {} : { result: value }),
    };
  }

  #begin(): void {
    if (!this.cold || this.#warm.length < WARM) {
      this.#warm.push(new Chunk(this.length > CHUNK ? CHUNK : SHORT));
      return;
    }
    this.#cold ??= this.cold();
    const oldest = this.#warm.shift()!;
    this.#cold.write(this.#first++, oldest.bytes, 0);
    // Its memory serves again: old records in it lie beyond the length until they are overwritten.
    this.#warm.push(oldest);
  }
}
