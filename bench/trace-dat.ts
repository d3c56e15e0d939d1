/** A long trace.dat: a real one whose pages are repeated, each time some seconds later. */
import { closeSync, openSync, readFileSync, writeSync } from "node:fs";
import { gunzipSync } from "node:zlib";

/** Version 6, little-endian, two CPUs; 3135 events. */
const REAL = "fixtures/recordings/trace-dat/linux-7.2-s09-enfile.v6.dat.gz";
const EVENTS = 3135;
const CPUS = 2;
const PAGE = 4096;
/** Nanoseconds; longer than the recording, so that times go up. */
const PERIOD = 6_000_000_000n;

/** Writes a file of at least so many events; returns their number. */
export function writeLongTraceDat(path: string, events: number): number {
  const bytes = gunzipSync(readFileSync(REAL));
  const times = Math.ceil(events / EVENTS);
  const table = bytes.indexOf("flyrecord\0") + 10;
  const cpus = Array.from({ length: CPUS }, (_, cpu) => ({
    at: table + cpu * 16,
    pages: bytes
      .subarray(Number(bytes.readBigUInt64LE(table + cpu * 16)))
      .subarray(0, Number(bytes.readBigUInt64LE(table + cpu * 16 + 8))),
  }));
  const head = Buffer.from(
    bytes.subarray(0, Math.min(...cpus.map(({ pages }) => pages.byteOffset - bytes.byteOffset))),
  );
  let offset = head.length;
  for (const { at, pages } of cpus) {
    head.writeBigUInt64LE(BigInt(offset), at);
    head.writeBigUInt64LE(BigInt(pages.length * times), at + 8);
    offset += pages.length * times;
  }
  const file = openSync(path, "w");
  writeSync(file, head);
  for (const { pages } of cpus) {
    for (let k = 0; k < times; k++) {
      const later = Buffer.from(pages);
      for (let p = 0; p < later.length; p += PAGE)
        later.writeBigUInt64LE(later.readBigUInt64LE(p) + BigInt(k) * PERIOD, p);
      writeSync(file, later);
    }
  }
  closeSync(file);
  return times * EVENTS;
}
