/**
 * Logs that no kernel would record, with every point, any value and any name; and the contents of a log as plain
 * values, to compare.
 */
import fc from "fast-check";
import { points } from "../../events/index.js";
import type { Batch } from "../../src/log/batch.js";
import { BatchBuilder } from "../../src/log/batch-builder.js";
import { createTables, type Tables } from "../../src/log/tables.js";
import { openRecording } from "../../src/read/recording.js";
import { ReadReport, type Recorded } from "../../src/read/report.js";
import { CHARACTER } from "../support/texts.js";

/** Texts that mean something to some format, and any others. */
export const hostileText: fc.Arbitrary<string> = fc.oneof(
  fc.constantFrom(
    "",
    "a",
    '"',
    "\\",
    "\n",
    "\r\n",
    "\u0000",
    "\u001b[2J",
    "\u2028",
    "\u202e",
    "</script>",
    "]]>",
    "-->",
    "{}",
    '","ts":0}',
    "#quot;",
    "%%",
    "`",
    "graph",
    "end",
    "\\N",
    "\ud83d\ude00",
    "\ufffd",
    "kvm_amd",
    "<b>",
    "a-1",
    "__proto__",
  ),
  fc.string({ unit: CHARACTER, maxLength: 12 }),
  fc.string({ maxLength: 12 }),
);

const addresses = fc.oneof(
  fc.constantFrom(
    0n,
    0xffff888100b08000n,
    0xffff888100b09000n,
    0xffff88810000a000n,
    0xffffffffffffffe9n,
    0xffffffffa006e840n,
  ),
  fc.bigInt(0n, (1n << 64n) - 1n),
);
const integers = fc.oneof(
  fc.integer({ min: -3, max: 8 }).map((n) => BigInt.asUintN(64, BigInt(n))),
  fc.bigInt(0n, (1n << 64n) - 1n),
  fc.constantFrom(1n << 53n, (1n << 53n) - 1n, (1n << 64n) - (1n << 53n), 1n << 63n),
);

interface Spec {
  readonly point: number;
  readonly task: number;
  readonly cpu: number;
  readonly context: number;
  readonly step: number;
  readonly place: string | undefined;
  readonly line: number;
  readonly numbers: readonly bigint[];
  readonly pointers: readonly bigint[];
  readonly texts: readonly string[];
  readonly fault: number;
  readonly digits: number;
  readonly loss: { readonly cpu: number; readonly count: number } | undefined;
}

const eventSpec: fc.Arbitrary<Spec> = fc.record({
  point: fc.nat({ max: points.points.length - 1 }),
  task: fc.nat({ max: 3 }),
  cpu: fc.oneof(fc.nat({ max: 3 }), fc.nat({ max: 65535 })),
  context: fc.constantFrom(0, 0, 0, 1, 2, 3, 4, 5, 8),
  step: fc.oneof(fc.nat({ max: 5_000_000 }), fc.constant(0)),
  place: fc.option(hostileText, { nil: undefined }),
  line: fc.nat(),
  numbers: fc.array(integers, { minLength: 16, maxLength: 16 }),
  pointers: fc.array(addresses, { minLength: 16, maxLength: 16 }),
  texts: fc.array(hostileText, { minLength: 16, maxLength: 16 }),
  fault: fc.oneof(fc.constant(0), fc.constant(0), fc.nat({ max: 65535 })),
  digits: fc.constantFrom(6, 6, 6, 9, 0),
  loss: fc.option(fc.record({ cpu: fc.nat({ max: 3 }), count: fc.nat({ max: 9 }) }), { nil: undefined, freq: 8 }),
});

const taskSpec = fc.record({
  comm: hostileText,
  pid: fc.oneof(fc.nat({ max: 4194304 }), fc.constant(0)),
  tgid: fc.option(fc.nat({ max: 4194304 }), { nil: undefined }),
});

/** Events in memory that are read like a recording. */
export class MadeRecording implements Recorded {
  readonly id = "made";
  readonly origin = { path: "made", format: "made" };
  readonly report = new ReadReport("made");

  constructor(
    readonly kept: readonly Batch[],
    readonly tables: Tables,
  ) {
    this.report.events = kept.reduce((sum, { length }) => sum + length, 0);
  }

  async *batches(): AsyncGenerator<Batch> {
    yield* this.kept;
  }

  async close(): Promise<void> {}
}

export const madeRecordings: fc.Arbitrary<MadeRecording> = fc
  .tuple(fc.array(eventSpec, { maxLength: 40 }), fc.array(taskSpec, { minLength: 4, maxLength: 4 }))
  .map(([specs, tasks]) => {
    const tables = createTables();
    const builder = new BatchBuilder(tables.addresses, 16);
    const batches: Batch[] = [];
    const report = new ReadReport("made");
    let time = 35_000_000_000;
    for (const spec of specs) {
      if (spec.loss) {
        if (builder.full) batches.push(builder.seal());
        builder.loss(spec.loss.cpu, spec.loss.count, spec.line);
        report.lostLines += spec.loss.count;
        if (spec.loss.count === 0) report.uncountedLoss = true;
      }
      if (builder.full || (builder.length > 0 && builder.timeDigits !== spec.digits)) batches.push(builder.seal());
      builder.timeDigits = spec.digits;
      // With six digits, the last three of nine are not the recording's.
      time += spec.digits === 6 ? spec.step - (spec.step % 1000) : spec.step;
      const task = tasks[spec.task]!;
      const point = points.points[spec.point];
      builder.begin(
        spec.point,
        tables.tasks.intern(task.comm, task.pid, task.tgid),
        spec.cpu,
        spec.context,
        Math.floor(time / 1e9),
        time % 1e9,
        spec.line,
        spec.place === undefined ? 0 : tables.places.intern(spec.place),
      );
      if (!point) builder.unknown(spec.texts[0]!, spec.texts[1]!);
      point?.args.forEach((arg, k) => {
        if ((spec.fault & (1 << k)) !== 0) builder.pushFault();
        else if (arg.type === "string") builder.pushString(spec.texts[k]!);
        else if (arg.type === "ptr") builder.pushAddress(...words(spec.pointers[k]!));
        else builder.pushNumber(...words(spec.numbers[k]!));
      });
    }
    if (!builder.isEmpty) batches.push(builder.seal());
    const made = new MadeRecording(batches, tables);
    Object.assign(made.report, {
      lostLines: report.lostLines,
      uncountedLoss: report.uncountedLoss,
      clock: specs.length > 0 ? { kind: "seconds", digits: 6 } : undefined,
    });
    return made;
  });

const words = (n: bigint): [number, number] => [Number(n & 0xffffffffn), Number(n >> 32n)];

/** Returns a recording of the repository, kept in memory. */
export async function keptRecording(
  path: string,
): Promise<MadeRecording & { readonly origin: { readonly path: string; readonly format: string } }> {
  const recording = await openRecording(path);
  const batches: Batch[] = [];
  for await (const batch of recording.batches()) batches.push(batch);
  await recording.close();
  return Object.assign(new MadeRecording(batches, recording.tables), {
    origin: recording.origin,
    report: recording.report,
  });
}

/** Returns all contents of a batch, with table entries in place of their numbers. */
export function contentOf(batch: Batch, tables: Tables): unknown {
  const { firstSeq, length, losses, timeDigits } = batch;
  const events = Array.from({ length }, (_, i) => {
    const point = points.points[batch.point[i]!];
    const base = batch.argStart[i]!;
    return [
      point?.event ?? batch.unknown.get(i),
      tables.tasks.get(batch.task[i]!),
      [batch.cpu[i], batch.context[i], batch.timeHigh[i], batch.timeLow[i], batch.line[i], batch.fault[i]],
      batch.place[i] === 0 ? null : tables.places.text(batch.place[i]!),
      point?.args.map((arg, k) => {
        const [low, high] = [batch.low[base + k]!, batch.high[base + k]!];
        if ((batch.fault[i]! & (1 << k)) !== 0) return null;
        return arg.type === "string"
          ? batch.strings[low]
          : arg.type === "ptr"
            ? tables.addresses.hex(low)
            : [low, high];
      }),
    ];
  });
  return { firstSeq, length, losses, timeDigits, events };
}

export async function collected(pieces: AsyncIterable<string>): Promise<string> {
  let text = "";
  for await (const piece of pieces) text += piece;
  return text;
}
