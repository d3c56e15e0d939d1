/**
 * zstd's own decoder, compiled to WebAssembly, from the package `zstddec`. The package's own wrapper is not used: it
 * does not tell an error from an empty result, loops forever over damage, and shares one memory among all callers.
 */
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

/** The part of WebAssembly that is used here; `@types/node` 20 does not have it. */
declare const WebAssembly: {
  Module: new (bytes: Uint8Array) => object;
  Instance: new (module: object, imports: object) => { readonly exports: unknown };
};

/** Addresses and sizes are numbers of 32 bits; a negative result is an error code. */
interface Exports {
  readonly memory: { readonly buffer: ArrayBuffer };
  malloc(bytes: number): number;
  free(at: number): void;
  ZSTD_createDCtx(): number;
  ZSTD_freeDCtx(context: number): void;
  ZSTD_decompressStream(context: number, output: number, input: number): number;
  ZSTD_decompress(to: number, room: number, from: number, length: number): number;
}

/** Codes of zstd's `zstd_errors.h` that a file can cause. */
const ERRORS: Readonly<Record<number, string>> = {
  10: "what follows is no zstd",
  14: "a frame of a kind that cannot be",
  22: "its checksum does not match",
  70: "it has more than it says",
  72: "it is cut off",
};
const WINDOW_TOO_LARGE = 16;
const DICTIONARY_WRONG = 32;
const MEMORY_ALLOCATION = 64;

/** The reason why a file cannot be decompressed further: it is damaged, or needs an unsupported feature. */
export class ZstdError extends Error {
  constructor(
    message: string,
    readonly damaged = true,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

/** A decoder with a memory of its own, which grows on demand and is freed with the decoder. */
export class ZstdWasm {
  readonly exports: Exports;
  #heap: Buffer;

  constructor() {
    this.exports = new WebAssembly.Instance(module(), { env: { emscripten_notify_memory_growth: () => {} } })
      .exports as Exports;
    this.#heap = Buffer.from(this.exports.memory.buffer);
  }

  /** Its memory; valid until the next call of an export, which may make it grow. */
  get heap(): Buffer {
    const { buffer } = this.exports.memory;
    if (this.#heap.buffer !== buffer) this.#heap = Buffer.from(buffer);
    return this.#heap;
  }

  allocate(bytes: number): number {
    const at = this.exports.malloc(bytes);
    if (at === 0) throw errorOf(-MEMORY_ALLOCATION);
    return at;
  }

  /**
   * Calls the decoder.
   * @throws {ZstdError} for an error code, and if the decoder traps
   */
  call(decode: (exports: Exports) => number): number {
    let result;
    try {
      result = decode(this.exports);
    } catch (error) {
      throw new ZstdError("the decoder cannot go on", true, { cause: error });
    }
    if (result < 0) throw errorOf(result);
    return result;
  }
}

function errorOf(result: number): ZstdError {
  switch (-result) {
    case WINDOW_TOO_LARGE:
      return new ZstdError(
        "its window is bigger than 128 MiB; decompress it: zstd -dc --long=31 FILE | kreel … -",
        false,
      );
    case DICTIONARY_WRONG:
      return new ZstdError(
        "it was compressed with a dictionary, which is needed again: zstd -dc -D DICTIONARY FILE | kreel … -",
        false,
      );
    case MEMORY_ALLOCATION:
      return new ZstdError("there is not enough memory for it", false);
    default:
      return new ZstdError(ERRORS[-result] ?? "its content makes no sense");
  }
}

let compiled: object | undefined;

/** The package has it as base64 text within its module. */
function module(): object {
  if (compiled !== undefined) return compiled;
  const text = readFileSync(fileURLToPath(import.meta.resolve("zstddec/stream")), "latin1");
  const base64 = /"(AGFzbQ[\w+/=]*)"/.exec(text)?.[1];
  if (base64 === undefined) throw new Error("the package zstddec does not hold its decoder where it did");
  compiled = new WebAssembly.Module(Buffer.from(base64, "base64"));
  return compiled;
}
