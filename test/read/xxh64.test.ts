import test from "ava";
import { Xxh64 } from "../../src/read/xxh64.js";

const BYTES = Uint8Array.from({ length: 222 }, (_, k) => (k * 167 + 13) & 0xff);

function digest(bytes: Uint8Array, piece = bytes.length): bigint {
  const hash = new Xxh64();
  for (let p = 0; p < bytes.length; p += piece) hash.update(bytes.subarray(p, p + piece));
  return hash.digest();
}

test("known values", (t) => {
  t.is(digest(new Uint8Array(0)), 0xef46db3751d8e999n);
  t.is(digest(Buffer.from("a")), 0xd24ec4f1a98c6e5bn);
  t.is(digest(Buffer.from("abc")), 0x44bc2cf5ad770999n);
  t.is(digest(Buffer.from("Nobody inspects the spammish repetition")), 0xfbcea83c8a378bf1n);
});

test("content in pieces has the checksum of the whole", (t) => {
  for (const length of [1, 7, 31, 32, 33, 63, 64, 100, 222]) {
    const bytes = BYTES.subarray(0, length);
    for (const piece of [1, 3, 8, 31, 32, 33, 64]) t.is(digest(bytes, piece), digest(bytes), `${length} in pieces of ${piece}`);
  }
});
