/**
 * XXH64, the checksum behind a zstd frame, of content that comes in pieces. In halves of 32 bits: a `BigInt` for every eight
 * bytes would cost more than decompressing them.
 */
const MASK = (1n << 64n) - 1n;
const P1 = 0x9e3779b185ebca87n;
const P2 = 0xc2b2ae3d27d4eb4fn;
const P3 = 0x165667b19e3779f9n;
const P4 = 0x85ebca77c2b2ae63n;
const P5 = 0x27d4eb2f165667c5n;
const [P1_LOW, P1_HIGH, P2_LOW, P2_HIGH] = [0x85ebca87, 0x9e3779b1, 0x27d4eb4f, 0xc2b2ae3d];
/** Bytes that the four lanes take in together. */
const STRIPE = 32;

export class Xxh64 {
  /** The lanes, low word and high word of each. */
  readonly #lanes = Uint32Array.from([P1 + P2, P2, 0n, -P1].flatMap((lane) => [Number(lane & 0xffffffffn), Number((lane >> 32n) & 0xffffffffn)]));
  /** The beginning of a stripe whose end is to come. */
  readonly #tail = Buffer.alloc(STRIPE);
  #tailLength = 0;
  #length = 0;

  update(bytes: Uint8Array): void {
    this.#length += bytes.length;
    let p = 0;
    if (this.#tailLength > 0) {
      p = Math.min(STRIPE - this.#tailLength, bytes.length);
      this.#tail.set(bytes.subarray(0, p), this.#tailLength);
      this.#tailLength += p;
      if (this.#tailLength < STRIPE) return;
      this.#stripes(this.#tail, 0, STRIPE);
      this.#tailLength = 0;
    }
    const end = p + (bytes.length - p - ((bytes.length - p) % STRIPE));
    this.#stripes(bytes, p, end);
    this.#tail.set(bytes.subarray(end));
    this.#tailLength = bytes.length - end;
  }

  /** The checksum of all content so far. */
  digest(): bigint {
    const lanes = [0, 1, 2, 3].map((k) => (BigInt(this.#lanes[2 * k + 1]!) << 32n) | BigInt(this.#lanes[2 * k]!));
    let hash = P5;
    if (this.#length >= STRIPE) {
      hash = [1n, 7n, 12n, 18n].reduce((sum, bits, k) => sum + rotate(lanes[k]!, bits), 0n) & MASK;
      for (const lane of lanes) hash = ((hash ^ round(0n, lane)) * P1 + P4) & MASK;
    }
    hash = (hash + BigInt(this.#length)) & MASK;
    let p = 0;
    for (; p + 8 <= this.#tailLength; p += 8) hash = (rotate(hash ^ round(0n, this.#tail.readBigUInt64LE(p)), 27n) * P1 + P4) & MASK;
    for (; p + 4 <= this.#tailLength; p += 4) hash = (rotate(hash ^ ((BigInt(this.#tail.readUInt32LE(p)) * P1) & MASK), 23n) * P2 + P3) & MASK;
    for (; p < this.#tailLength; p++) hash = (rotate(hash ^ ((BigInt(this.#tail[p]!) * P5) & MASK), 11n) * P1) & MASK;
    hash = ((hash ^ (hash >> 33n)) * P2) & MASK;
    hash = ((hash ^ (hash >> 29n)) * P3) & MASK;
    return hash ^ (hash >> 32n);
  }

  #stripes(bytes: Uint8Array, start: number, end: number): void {
    const lanes = this.#lanes;
    for (let p = start, lane = 0; p < end; p += 8, lane = (lane + 2) & 7) {
      const low = (bytes[p]! | (bytes[p + 1]! << 8) | (bytes[p + 2]! << 16) | (bytes[p + 3]! << 24)) >>> 0;
      const high = bytes[p + 4]! | (bytes[p + 5]! << 8) | (bytes[p + 6]! << 16) | (bytes[p + 7]! << 24);
      // lane += input * P2
      const sum = lanes[lane]! + (Math.imul(low, P2_LOW) >>> 0);
      const sumLow = sum >>> 0;
      const sumHigh = lanes[lane + 1]! + highOf(low, P2_LOW) + Math.imul(low, P2_HIGH) + Math.imul(high, P2_LOW) + (sum > 0xffffffff ? 1 : 0);
      // lane = rotate(lane, 31) * P1
      const turnedLow = ((sumLow << 31) | (sumHigh >>> 1)) >>> 0;
      const turnedHigh = (sumHigh << 31) | (sumLow >>> 1);
      lanes[lane] = Math.imul(turnedLow, P1_LOW);
      lanes[lane + 1] = highOf(turnedLow, P1_LOW) + Math.imul(turnedLow, P1_HIGH) + Math.imul(turnedHigh, P1_LOW);
    }
  }
}

/** The upper word of the product of two words. */
function highOf(a: number, b: number): number {
  const aLow = a & 0xffff;
  const aHigh = a >>> 16;
  const bLow = b & 0xffff;
  const bHigh = b >>> 16;
  const middle = aHigh * bLow + ((aLow * bLow) >>> 16);
  return aHigh * bHigh + (middle >>> 16) + ((aLow * bHigh + (middle & 0xffff)) >>> 16);
}

function rotate(value: bigint, bits: bigint): bigint {
  return ((value << bits) | (value >> (64n - bits))) & MASK;
}

function round(lane: bigint, input: bigint): bigint {
  return (rotate((lane + input * P2) & MASK, 31n) * P1) & MASK;
}
