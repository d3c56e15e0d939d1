/**
 * A recording as Chrome trace events (JSON), to be opened in the Perfetto UI or chrome://tracing: threads with their
 * operations as nested slices, a track for each object, references as arrows from the get to the put, findings as
 * instants.
 *
 * A stream: what is held is the state of the replay, and of every object that lives its track. Time is the recording's
 * own clock in microseconds; of a counter, a tick is shown as a nanosecond.
 */
import { points } from "../../../events/index.js";
import { Checker } from "../../check/checker.js";
import type { Finding } from "../../check/finding.js";
import type { Batch, Loss } from "../../log/batch.js";
import type { EventView } from "../../log/view.js";
import { parseTime } from "../../read/ndjson/numbers.js";
import type { Recorded } from "../../read/report.js";
import type { Frame, Stack } from "../../reduce/calls.js";
import type { Observer } from "../../reduce/observer.js";
import { Reducer } from "../../reduce/reducer.js";
import { MutableStore } from "../../reduce/store.js";
import { jsonString } from "../../base/json-text.js";
import { type Time, Track, TraceEvents } from "./events.js";
import { Objects } from "./objects.js";
import { Threads } from "./threads.js";

/** What the picture shows. */
export interface PerfettoOptions {
  /** Every object, not only those of guest_memfd and what they hang on. */
  readonly everything?: boolean;
}

/** The document, in pieces. The recording is read to its end, and closed by whoever opened it. */
export async function* perfettoText(recording: Recorded, options: PerfettoOptions = {}): AsyncGenerator<string> {
  const { tables } = recording;
  const reducer = new Reducer(new MutableStore(), points, tables, { everything: options.everything ?? false });
  const { world } = reducer;
  const checker = new Checker(world, tables);
  const events = new TraceEvents();
  const picture = new Picture(events, new Threads(events, tables, world), new Objects(events, world));
  world.observer = picture;
  yield '{"displayTimeUnit":"ns","traceEvents":[\n';
  for await (const batch of recording.batches()) {
    picture.begin(batch);
    reducer.reduce(batch);
    picture.end(batch);
    yield events.take();
  }
  reducer.finish();
  picture.finish();
  findings(events, checker.findings, checker.hazards);
  yield events.take();
  const { path, format } = recording.origin;
  yield `\n],"otherData":{"recording":${jsonString(path)},"format":${jsonString(format)},"events":${reducer.events},"lost":${recording.report.lost},"clock":"${recording.report.clock?.kind ?? "seconds"}","findings":${checker.findings.length},"hazards":${checker.hazards.length}}}\n`;
}

/** Tells threads and objects of each event, in the order in which what they write must stand. */
class Picture implements Observer {
  #batch: Batch | undefined;
  /** Events of the batch that are written, those among them that no reducer is told of. */
  #done = 0;
  #losses = 0;
  #lossTrack: Track | undefined;

  constructor(
    private readonly events: TraceEvents,
    private readonly threads: Threads,
    private readonly objects: Objects,
  ) {}

  begin(batch: Batch): void {
    this.#batch = batch;
    this.#done = 0;
    this.#losses = 0;
  }

  end(batch: Batch): void {
    this.#upTo(batch.length);
    for (const loss of batch.losses.slice(this.#losses)) this.#loss(loss, this.events.last);
  }

  changed(...args: Parameters<NonNullable<Observer["changed"]>>): void {
    this.objects.changed(...args);
  }

  touched(object: Parameters<NonNullable<Observer["touched"]>>[0], _e: EventView, note: string): void {
    this.objects.touched(object, note);
  }

  entered(e: EventView): void {
    this.#upTo(e.index);
    this.objects.begin();
  }

  returned(e: EventView, _stack: Stack, frame: Frame | undefined): void {
    this.#upTo(e.index);
    this.objects.returning(frame);
  }

  /** Not before an event is reduced: what it shows of the objects that it names is known then. */
  reduced(e: EventView, stack: Stack, frame: Frame | undefined): void {
    const time = timeOf(e.batch, e.index);
    const { phase, operation } = e.point!;
    if (operation.probe === "marker") {
      const { batch, base } = e;
      this.events.instant(
        this.threads.row(batch, e.index),
        time,
        e.isFault(0) ? operation.name : batch.strings[batch.low[base]!]!,
        "marker",
        { event: e.seq },
      );
    } else if (phase === "entry") {
      const row = this.threads.entered(e, stack, frame, time);
      this.objects.reduced(e, stack, frame, row, time);
      this.threads.passed(row, frame, operation.context === "rcu", time);
    } else {
      const row = this.threads.returning(e, stack, frame, time);
      this.objects.reduced(e, stack, frame, row, time);
      this.threads.returned(e, row, frame, time);
    }
    this.#done = e.index + 1;
  }

  closed(frame: Frame, stack: Stack): void {
    this.threads.closed(frame, stack);
  }

  finish(): void {
    this.threads.finish();
    this.objects.finish();
  }

  /** Events before this index that no reducer knows, and losses. */
  #upTo(index: number): void {
    const batch = this.#batch!;
    for (; this.#done < index || (this.#done === index && index < batch.length); this.#done++) {
      const i = this.#done;
      for (; this.#losses < batch.losses.length && batch.losses[this.#losses]!.index <= i; this.#losses++)
        this.#loss(batch.losses[this.#losses]!, timeOf(batch, i));
      if (i === index) return;
      const unknown = batch.unknown.get(i);
      if (unknown)
        this.events.instant(this.threads.row(batch, i), timeOf(batch, i), unknown.name, "unknown", {
          event: batch.firstSeq + i,
          text: unknown.text,
        });
    }
  }

  #loss({ cpu, count }: Loss, time: Time): void {
    this.#lossTrack ??= ownTrack(this.events, "recording", "lost events");
    this.events.instant(this.#lossTrack, time, count === 0 ? "events lost" : `${count} events lost`, "loss", {
      CPU: cpu,
    });
  }
}

function findings(events: TraceEvents, wrong: readonly Finding[], hazards: readonly Finding[]): void {
  const byEvent = (a: Finding, b: Finding): number => a.event - b.event;
  for (const [name, list] of [
    ["findings", wrong],
    ["hazards", hazards],
  ] as const) {
    if (list.length === 0) continue;
    const track = ownTrack(events, name, name);
    for (const { rule, severity, object, event, line, time, task, message, evidence } of [...list].sort(byEvent)) {
      const at = parseTime(time, undefined);
      events.instant(track, at ?? events.last, rule, severity === "error" ? "finding" : "hazard", {
        object,
        message,
        event,
        ...(line === undefined ? {} : { line }),
        task,
        evidence: evidence.join(", "),
      });
    }
  }
}

function ownTrack(events: TraceEvents, group: string, name: string): Track {
  const pid = events.own();
  events.process(pid, group);
  const track = new Track(pid, events.own());
  events.thread(track, name);
  return track;
}

function timeOf(batch: Batch, i: number): Time {
  return { high: batch.timeHigh[i]!, low: batch.timeLow[i]! };
}
