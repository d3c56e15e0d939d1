/**
 * Single events in a snapshot: the event of each waiting fact, and the last of all. Each becomes a batch of its own.
 */
import type { ArgumentType } from "../../events/definition.js";
import { DamagedError } from "../log/file/bytes.js";
import { type EventView, keptView } from "../log/view.js";
import type { Place } from "../reduce/reducer.js";
import { address, byte, type Codec, point, real, seq, task, upTo, word, word32 } from "./codec.js";

const word16 = upTo(0xffff);
const DIGITS = upTo(9);
/** Columns of a batch, with the codec of each. */
const COLUMNS = { cpu: word16, context: byte, timeHigh: real, timeLow: word32, line: real, fault: word16 } as const;
/** The order of the columns. */
const NAMES = Object.keys(COLUMNS) as (keyof typeof COLUMNS)[];

export const place: Codec<Place> = {
  write(out, { batch, index }) {
    const id = batch.point[index]!;
    point.write(out, id);
    seq.write(out, batch.firstSeq + index);
    task.write(out, batch.task[index]!);
    for (const name of NAMES) COLUMNS[name].write(out, batch[name][index]!);
    DIGITS.write(out, batch.timeDigits);
    out.word(out.tables.places.text(batch.place[index]!));
    out.points.points[id]!.args.forEach(({ type }, k) => {
      if ((batch.fault[index]! & (1 << k)) !== 0) return;
      const at = batch.argStart[index]! + k;
      if (type === "string") word.write(out, batch.strings[batch.low[at]!]!);
      else if (type === "ptr") address.write(out, batch.low[at]!);
      else {
        word32.write(out, batch.low[at]!);
        if (isWide(type)) word32.write(out, batch.high[at]!);
      }
    });
  },
  read(from) {
    const id = point.read(from);
    const firstSeq = seq.read(from);
    const who = task.read(from);
    const columns = Object.fromEntries(NAMES.map((name) => [name, COLUMNS[name].read(from)])) as Record<
      keyof typeof COLUMNS,
      number
    >;
    const timeDigits = DIGITS.read(from);
    const where = from.tables.places.intern(from.word());
    const definition = from.points.points[id];
    if (!definition) throw new DamagedError("an event of no operation");
    const low = new Uint32Array(definition.args.length);
    const high = new Uint32Array(definition.args.length);
    const strings: string[] = [];
    definition.args.forEach(({ type }, k) => {
      if ((columns.fault & (1 << k)) !== 0) return;
      if (type === "string") low[k] = strings.push(word.read(from)) - 1;
      else if (type === "ptr") low[k] = address.read(from);
      else {
        low[k] = word32.read(from);
        if (isWide(type)) high[k] = word32.read(from);
      }
    });
    const batch = {
      firstSeq,
      length: 1,
      point: Uint16Array.of(id),
      task: Uint32Array.of(who),
      cpu: Uint16Array.of(columns.cpu),
      context: Uint8Array.of(columns.context),
      timeHigh: Float64Array.of(columns.timeHigh),
      timeLow: Uint32Array.of(columns.timeLow),
      line: Float64Array.of(columns.line),
      place: Uint32Array.of(where),
      argStart: Uint32Array.of(0),
      low,
      high,
      fault: Uint16Array.of(columns.fault),
      strings,
      unknown: new Map(),
      losses: [],
      timeDigits,
    };
    return { batch, index: 0 };
  },
};

/** The event of a fact, with the point as which its view reads it. */
export const view: Codec<EventView> = {
  write(out, event) {
    point.write(out, event.point!.id);
    place.write(out, event);
  },
  read(from) {
    const id = point.read(from);
    const { batch, index } = place.read(from);
    return keptView(from.points, id, batch, index);
  },
};

function isWide(type: ArgumentType): boolean {
  return type === "s64" || type === "u64" || type === "x64";
}
