/** Events as NDJSON, one a line; `read/ndjson/format.ts` defines the fields. A stream: only a chunk of text is held. */
import type { Point } from "../../events/points.js";
import { points } from "../../events/index.js";
import { type Batch, type Loss, UNKNOWN_POINT } from "../log/batch.js";
import { Recent } from "../log/recent.js";
import type { Tables } from "../log/tables.js";
import { formatTime } from "../log/time.js";
import { signed64, unsigned64 } from "../log/view.js";
import { CONTEXTS, NDJSON, NDJSON_VERSION } from "../read/ndjson/format.js";
import type { ReadReport, Recorded } from "../read/report.js";
import { escaped, jsonString } from "../base/json-text.js";

/** Characters of a chunk, or a few more. */
const CHUNK = 64 * 1024;
/** High words at which a double still holds a 64-bit number exactly, from below and from above (as a signed word). */
const EXACT_HIGH = 0x200000;
const FULL_DIGITS = 9;

/** Yields the text in chunks of whole lines. Reads the recording to its end; the caller that opened it closes it. */
export async function* ndjsonText(recording: Recorded): AsyncGenerator<string> {
  const { report } = recording;
  const lines = new EventLines(recording.tables);
  let text = "";
  let begun = false;
  let events = 0;
  const begin = (): void => {
    if (!begun) text = headLine(recording);
    begun = true;
  };
  for await (const batch of recording.batches()) {
    // Begun after the first batch is read, because the clock is known from the first events on.
    begin();
    let loss = 0;
    for (let i = 0; i < batch.length; i++) {
      while (loss < batch.losses.length && batch.losses[loss]!.index <= i) text += lossLine(batch.losses[loss++]!);
      text += lines.event(batch, i);
      if (text.length < CHUNK) continue;
      yield text;
      text = "";
    }
    while (loss < batch.losses.length) text += lossLine(batch.losses[loss++]!);
    events += batch.length;
  }
  begin();
  yield text + endLine(report, events);
}

/** Returns the head. A recording that is itself an export keeps the name of the recording that it was made from. */
function headLine({ origin, report }: Recorded): string {
  const { path, format } = report.exportedFrom ?? origin;
  const clock = report.clock ? JSON.stringify({ kind: report.clock.kind, digits: report.clock.digits }) : "null";
  const remarks = report.environment.map(({ name, text }) => `{"name":${jsonString(name)},"text":${jsonString(text)}}`);
  const facts = `${remarks.length > 0 ? `,"environment":[${remarks.join(",")}]` : ""}${report.entries ? `,"entries":${JSON.stringify(report.entries)}` : ""}`;
  return `{"kreel":"${NDJSON}","version":${NDJSON_VERSION},"origin":{"path":${jsonString(path)},"format":${jsonString(format)}},"clock":${clock}${facts}}\n`;
}

function lossLine({ cpu, count, line }: Loss): string {
  return `{"lost":${count === 0 ? "null" : count},"cpu":${cpu},"line":${line}}\n`;
}

function endLine({ lostLines, overrun, uncountedLoss, arguments: of }: ReadReport, events: number): string {
  const others = of.isEmpty ? "" : `,"arguments":${escaped(JSON.stringify(of.saved()))}`;
  const lost = `"lost":${lostLines},"overrun":${overrun},"uncounted":${uncountedLoss}`;
  return `{"end":{"events":${events},${lost}${others}}}\n`;
}

/** Formats lines of events. Texts that repeat from event to event (tasks, places, names) are made once. */
class EventLines {
  readonly #tasks = new Recent<string>();
  readonly #places = new Recent<string>();
  readonly #points: (PointText | undefined)[] = points.points.map((point) => point && new PointText(point));

  constructor(private readonly tables: Tables) {}

  event(batch: Batch, i: number): string {
    const id = batch.point[i]!;
    const what = id === UNKNOWN_POINT ? unknownText(batch, i) : this.#points[id]!.text(batch, i, this.tables);
    const place = batch.place[i]!;
    return `{"seq":${batch.firstSeq + i},${timeText(batch, i)},"cpu":${batch.cpu[i]!},${this.#task(batch.task[i]!)},"context":"${CONTEXTS[batch.context[i]! & 15]!}","line":${batch.line[i]!},"place":${place === 0 ? "null" : this.#place(place)},${what}}\n`;
  }

  #task(id: number): string {
    return this.#tasks.get(id) ?? this.#tasks.set(id, taskText(this.tables, id));
  }

  #place(id: number): string {
    return this.#places.get(id) ?? this.#places.set(id, jsonString(this.tables.places.text(id)));
  }
}

function taskText(tables: Tables, id: number): string {
  const { comm, pid, tgid, name } = tables.tasks.get(id);
  const digits = name.slice(comm.length + 1);
  return `"comm":${jsonString(comm)},"pid":${digits === String(pid) ? digits : jsonString(digits)},"tgid":${tgid ?? "null"}`;
}

/**
 * Writes the recording's own digits, unless the time is more exact than those: then all digits, with the number of its
 * own.
 */
function timeText({ timeHigh, timeLow, timeDigits }: Batch, i: number): string {
  const [high, low] = [timeHigh[i]!, timeLow[i]!];
  if (timeDigits === 0 || timeDigits === FULL_DIGITS || low % 10 ** (FULL_DIGITS - timeDigits) === 0)
    return `"time":"${formatTime(high, low, timeDigits)}"`;
  return `"time":"${formatTime(high, low, FULL_DIGITS)}","digits":${timeDigits}`;
}

function unknownText(batch: Batch, i: number): string {
  const { name, text } = batch.unknown.get(i) ?? { name: "", text: "" };
  return `"operation":${jsonString(name)},"phase":"unknown","text":${jsonString(text)}`;
}

/** The constant text of the events of one point. */
class PointText {
  readonly #head: string;

  constructor(private readonly point: Point) {
    this.#head = `"operation":"${point.operation.name}","phase":"${point.phase}","args":`;
  }

  text(batch: Batch, i: number, tables: Tables): string {
    return this.#head + argsText(this.point, batch, i, tables);
  }
}

/** Returns the arguments of an event, or its result, by name. */
export function argsText({ args }: Point, batch: Batch, i: number, tables: Tables): string {
  const base = batch.argStart[i]!;
  const fault = batch.fault[i]!;
  let text = "{";
  for (let k = 0; k < args.length; k++) {
    const { name, type } = args[k]!;
    const low = batch.low[base + k]!;
    text += `${k === 0 ? "" : ","}"${name}":`;
    if ((fault & (1 << k)) !== 0) text += "null";
    else if (type === "string") text += jsonString(batch.strings[low]!);
    else if (type === "ptr") text += `"${tables.addresses.hex(low)}"`;
    else text += integerText(low, batch.high[base + k]!, type === "s32" || type === "s64");
  }
  return `${text}}`;
}

/** Writes all 64 bits, whatever the type: a recording may print more than the type holds. */
function integerText(low: number, high: number, signed: boolean): string {
  if (high < EXACT_HIGH) return String(high * 0x100000000 + low);
  if (!signed) return `"${unsigned64(low, high)}"`;
  const value = signed64(low, high);
  return (high | 0) >= -EXACT_HIGH && Number.isSafeInteger(Number(value)) ? String(value) : `"${value}"`;
}
