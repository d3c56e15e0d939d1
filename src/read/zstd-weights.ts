/**
 * A guard for `fzstd`: the weights of a Huffman table are themselves compressed (FSE), and of a table in which one symbol has
 * all the probability, each takes no bits; `fzstd` then reads on for ever. No compressor writes such a table, but a recording
 * is whatever somebody sends.
 */
const COMPRESSED_LITERALS = 2;
/** By the two bits of the literals' size format. */
const LITERALS_HEADER = [3, 3, 4, 5];
/** From here on the header is a number of weights that stand there as they are. */
const DIRECT_WEIGHTS = 128;

/** Whether the weights of the compressed block `bytes[start, …)` would never end. */
export function hasEndlessWeights(bytes: Uint8Array, start: number): boolean {
  const first = bytes[start]!;
  if ((first & 3) !== COMPRESSED_LITERALS) return false;
  const tree = start + LITERALS_HEADER[(first >> 2) & 3]!;
  return bytes[tree]! < DIRECT_WEIGHTS && hasOneSymbol(bytes, tree + 1);
}

/** Reads an FSE table's probabilities: whether the first that is not 0 is all there is. */
function hasOneSymbol(bytes: Uint8Array, start: number): boolean {
  let p = start * 8;
  const read = (bits: number): number => {
    const at = p >> 3;
    const word = (bytes[at] ?? 0) | ((bytes[at + 1] ?? 0) << 8) | ((bytes[at + 2] ?? 0) << 16);
    p += bits;
    return (word >> (p - bits - at * 8)) & ((1 << bits) - 1);
  };
  const size = 1 << (read(4) + 5);
  for (let symbol = 0; symbol < 256; ) {
    // A value up to `size + 1`, in as many bits as that takes; those in front that need not all of them have one less.
    const bits = 32 - Math.clz32(size + 1);
    const short = (1 << bits) - 1 - (size + 1);
    let value = read(bits);
    const low = value & ((1 << (bits - 1)) - 1);
    if (low < short) {
      value = low;
      p--;
    } else if (value >= 1 << (bits - 1)) {
      value -= short;
    }
    if (value !== 1) return value - 1 === size;
    symbol++;
    for (let more = 3; more === 3 && symbol < 256; symbol += more) more = read(2);
  }
  return false;
}
