/**
 * zstd's own decoder, compiled to WebAssembly. The package `zstddec` is where it comes from; what that has around it is
 * not used: it does not tell an error from an empty result, goes on for ever over damage, and shares one memory among
 * all.
 */
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

/** What of WebAssembly is used here; `@types/node` 20 does not have it. */
declare const WebAssembly: {
  Module: new (bytes: Uint8Array) => object;
  Instance: new (module: object, imports: object) => { readonly exports: unknown };
};

/** Addresses and sizes are numbers of 32 bits; a negative result is an error's code. */
interface Exports {
  readonly memory: { readonly buffer: ArrayBuffer };
  malloc(bytes: number): number;
  free(at: number): void;
  ZSTD_createDCtx(): number;
  ZSTD_freeDCtx(context: number): void;
  ZSTD_decompressStream(context: number, output: number, input: number): number;
  ZSTD_decompress(to: number, room: number, from: number, length: number): number;
}

/** Of zstd's `zstd_errors.h`, what a file can be to blame for. */
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

/** Why a file cannot be decompressed further: it is damaged, or needs what kreel does not have. */
export class ZstdError extends Error {
  constructor(
    message: string,
    readonly damaged = true,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

/** The decoder with a memory of its own, which grows with what is asked of it and goes when nobody has it any more. */
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

  /** Calls the decoder; throws a `ZstdError` for what it says is one, and for what makes it fall over. */
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

/** The package keeps it as text, base64, within its module. */
function module(): object {
  if (compiled !== undefined) return compiled;
  const text = readFileSync(fileURLToPath(import.meta.resolve("zstddec/stream")), "latin1");
  const base64 = /"(AGFzbQ[\w+/=]*)"/.exec(text)?.[1];
  if (base64 === undefined) throw new Error("the package zstddec does not hold its decoder where it did");
  compiled = new WebAssembly.Module(Buffer.from(base64, "base64"));
  return compiled;
}
