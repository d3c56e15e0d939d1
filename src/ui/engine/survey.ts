/**
 * Surveys a log for a timeline in one pass: the life of every object of guest_memfd and of those it depends on, the
 * holders of each over time, and the operations of each task that touched one. In columns: a long log has hundreds of
 * thousands of each.
 */
import { COUNTED_KINDS } from "../../../events/kinds/index.js";
import type { Checker } from "../../check/checker.js";
import type { Finding } from "../../check/finding.js";
import type { EventView } from "../../log/view.js";
import { toNumber } from "../../log/view.js";
import type { Frame, Stack } from "../../reduce/calls.js";
import { type Move, Moves } from "../../reduce/moves.js";
import { type KernelObject, type Kind, leftBehind, type ObjectId, type Reference } from "../../reduce/objects.js";
import type { Transition } from "../../reduce/transitions.js";
import type { Observer, World } from "../../reduce/world.js";
import { namesOf } from "../../show/object-life.js";
import { blindWords, doubtLines } from "../../show/summary.js";
import { Column, grouped, Names } from "./columns.js";
import type { Survey, SurveyFinding, Track } from "../protocol.js";

/** Kinds with lanes, the longest-living first. */
export const KINDS: readonly Kind[] = COUNTED_KINDS;
const KIND_NUMBERS: ReadonlyMap<Kind, number> = new Map(KINDS.map((kind, k) => [kind, k]));
/** Events between two samples of the clock. */
const STRIDE = 64;
/** Depth of nested calls that have a track each. */
const DEPTHS = 6;

interface Lane {
  readonly lane: number;
  /** Its present state: some objects end without being touched again. */
  object: KernelObject;
  /** The holding of each reference. */
  open: Map<Reference, number>;
}

/** A call in progress that has a span. */
interface OpenSpan {
  readonly seq: number;
  readonly span: number;
}

interface SurveyedStack {
  /** Position in the order in which they were met. */
  readonly number: number;
  /** By depth. */
  readonly tracks: number[];
  readonly open: OpenSpan[];
}

export class SurveyKeeper implements Observer {
  readonly #names = new Names();
  readonly #seconds = new Column(Float64Array);
  #epochHigh = -1;
  #epochLow = 0;

  readonly #open = new Map<ObjectId, Lane>();
  readonly #laneOf = new Map<string, number>();
  readonly #label: string[] = [];
  readonly #name: string[] = [];
  readonly #lane = {
    kind: new Column(Uint8Array),
    id: new Column(Float64Array),
    from: new Column(Float64Array),
    to: new Column(Float64Array),
    early: new Column(Uint8Array),
  };
  readonly #holding = {
    lane: new Column(Uint32Array),
    from: new Column(Float64Array),
    to: new Column(Float64Array),
    owner: new Column(Float64Array),
    by: new Column(Uint16Array),
    call: new Column(Uint16Array),
  };

  readonly #span = {
    track: new Column(Uint32Array),
    name: new Column(Uint16Array),
    from: new Column(Float64Array),
    to: new Column(Float64Array),
    failed: new Column(Uint8Array),
  };
  readonly #stacks = new Map<Stack, SurveyedStack>();
  readonly #tracks: { readonly task: string; readonly depth: number; readonly stack: number }[] = [];

  readonly #markers: { event: number; text: string }[] = [];
  /** Objects touched by the current event: mostly one. */
  readonly #touched: KernelObject[] = [];
  readonly #moves = new Moves();

  constructor(private readonly world: World) {}

  changed(object: KernelObject, transition: Transition): void {
    if (object.focus) this.#moves.changed(object, transition);
  }

  touched(object: KernelObject): void {
    this.#touched.push(object);
  }

  /** References of a call may pass to the object that it made, which need not be touched. */
  returned(_e: EventView, _stack: Stack, frame: Frame | undefined): void {
    if (!frame) return;
    for (const id of frame.holds) this.#held(id);
    if (frame.subject !== 0) this.#held(frame.subject);
  }

  #held(id: ObjectId): void {
    const object = this.world.store.any(id);
    if (object?.focus) this.#touched.push(object);
  }

  reduced(e: EventView, stack: Stack, frame: Frame | undefined): void {
    const { seq } = e;
    if (seq >= this.#seconds.length * STRIDE + 1) this.#tick(e, seq);
    const point = e.point!;
    const touched = this.#touched.length > 0;
    if (touched || point.operation.module !== undefined) this.#call(e, stack, frame);
    else if (frame && point.phase === "return") this.#end(e, stack, frame);
    if (point.operation.probe === "marker" && !e.isFault(0))
      this.#markers.push({ event: seq, text: e.batch.strings[e.batch.low[e.base]!]! });
    if (!touched) return this.#moves.over();
    for (const object of this.#touched)
      if (KIND_NUMBERS.has(object.kind)) this.#update(this.world.store.any(object.id) ?? object, seq, stack, frame);
    while (this.#touched.length > 0) this.#touched.pop();
    this.#moves.over();
  }

  closed(frame: Frame, stack: Stack, e: EventView): void {
    const open = this.#stacks.get(stack)?.open;
    if (open && open.length > 0 && open.at(-1)!.seq === frame.seq)
      this.#span.to.set(open.pop()!.span, Math.max(frame.seq, e.seq - 1));
  }

  /** Returns the survey of the events so far. */
  survey(told: Pick<Survey, "events" | "read" | "lost" | "warnings">, checker: Checker): Survey {
    for (const kept of this.#open.values()) this.#settle(kept);
    const lanes = this.#label.length;
    const holdings = this.#holding;
    const byLane = grouped((k) => holdings.lane.get(k), holdings.lane.length, lanes);
    const byTrack = grouped((k) => this.#span.track.get(k), this.#span.track.length, this.#tracks.length);
    const tracks = this.#tracks
      .map(({ task, depth, stack }, k) => ({
        stack,
        track: { task, depth, start: byTrack.start[k]!, end: byTrack.start[k + 1]! } satisfies Track,
      }))
      .sort((a, b) => a.stack - b.stack || a.track.depth - b.track.depth)
      .map(({ track }) => track);
    const findings = [...checker.findings, ...checker.hazards]
      .sort((a, b) => a.event - b.event)
      .map((finding) => this.#finding(finding));
    return {
      ...told,
      clock: { stride: STRIDE, seconds: this.#seconds.values() },
      names: [...this.#names.list],
      lanes: {
        length: lanes,
        kind: this.#lane.kind.values(),
        id: this.#lane.id.values(),
        from: this.#lane.from.values(),
        to: this.#lane.to.values(),
        early: this.#lane.early.values(),
        label: [...this.#label],
        name: [...this.#name],
      },
      holdings: {
        start: byLane.start,
        from: holdings.from.values(byLane.order),
        to: holdings.to.values(byLane.order),
        owner: holdings.owner.values(byLane.order),
        by: holdings.by.values(byLane.order),
        call: holdings.call.values(byLane.order),
      },
      tracks,
      calls: {
        name: this.#span.name.values(byTrack.order),
        from: this.#span.from.values(byTrack.order),
        to: this.#span.to.values(byTrack.order),
        failed: this.#span.failed.values(byTrack.order),
      },
      markers: {
        event: Float64Array.from(this.#markers, ({ event }) => event),
        text: this.#markers.map(({ text }) => text),
      },
      findings,
      doubts: [
        blindWords(checker.judgements()),
        ...doubtLines({
          counts: { ...checker, shown: checker.disagreements },
          missing: { total: this.world.missingHalves, shown: this.world.missing },
        }),
      ].filter((line) => line !== ""),
    };
  }

  #finding({ rule, severity, object, event, line, time, task, message, evidence }: Finding): SurveyFinding {
    return {
      rule,
      severity,
      object,
      lane: this.#laneOf.get(object) ?? -1,
      event,
      ...(line === undefined ? {} : { line }),
      time,
      task,
      message,
      evidence,
    };
  }

  /** Samples of missing events get the time of the next event. */
  #tick(e: EventView, seq: number): void {
    const { batch, index } = e;
    const [high, low] = [batch.timeHigh[index]!, batch.timeLow[index]!];
    if (this.#epochHigh < 0) [this.#epochHigh, this.#epochLow] = [high, low];
    const ticks = high - this.#epochHigh + (low - this.#epochLow) / 1e9;
    const seconds = batch.timeDigits === 0 ? ticks * 1e9 : ticks;
    while (this.#seconds.length * STRIDE + 1 <= seq) this.#seconds.push(seconds);
  }

  #update(object: KernelObject, seq: number, stack: Stack, frame: Frame | undefined): void {
    let kept = this.#open.get(object.id);
    const isNew = !kept;
    if (!kept) {
      if (object.death > 0) return;
      this.#open.set(object.id, (kept = this.#begin(object)));
    }
    kept.object = object;
    const moves = this.#moves.of(object.id);
    // References of an object that became guest_memfd's are drawn from the event that took them.
    if (isNew)
      for (const reference of object.references.toSorted((a, b) => a.seq - b.seq))
        this.#hold(kept, reference, reference.seq, stack, frame);
    else this.#move(kept, moves, seq, stack, frame);
    if (object.death === 0) return;
    this.#settle(kept);
    this.#open.delete(object.id);
  }

  #begin(object: KernelObject): Lane {
    const lane = this.#label.push("") - 1;
    this.#name.push("");
    this.#lane.kind.push(KIND_NUMBERS.get(object.kind)!);
    this.#lane.id.push(object.id);
    this.#lane.from.push(object.birth || object.met);
    this.#lane.to.push(0);
    this.#lane.early.push(object.birth === 0 ? 1 : 0);
    return { lane, object, open: new Map() };
  }

  /** Sets name and label as late as possible: a module is named by an event after its first. */
  #settle({ lane, object, open }: Lane): void {
    const label = this.world.label(object);
    this.#label[lane] = label;
    this.#name[lane] = namesOf(object)[0] ?? "";
    this.#laneOf.set(label, lane);
    if (object.death === 0) return;
    this.#lane.to.set(lane, object.death);
    for (const holding of open.values()) this.#holding.to.set(holding, object.death);
    open.clear();
  }

  #move(kept: Lane, moves: readonly Move[], seq: number, stack: Stack, frame: Frame | undefined): void {
    for (const { before } of moves) {
      const holding = before && kept.open.get(before);
      if (holding === undefined) continue;
      this.#holding.to.set(holding, seq);
      kept.open.delete(before!);
    }
    for (const { now } of moves) if (now) this.#hold(kept, now, seq, stack, frame);
  }

  #hold(kept: Lane, reference: Reference, from: number, stack: Stack, frame: Frame | undefined): void {
    const { owner, by } = reference;
    this.#holding.lane.push(kept.lane);
    this.#holding.to.push(0);
    this.#holding.owner.push(owner);
    this.#holding.by.push(this.#names.of(by));
    this.#holding.call.push(
      this.#names.of(owner < 0 ? this.#callOf(-owner, stack, frame) : (leftBehind(reference)?.operation ?? "")),
    );
    kept.open.set(reference, this.#holding.from.push(from));
  }

  #callOf(seq: number, stack: Stack, frame: Frame | undefined): string {
    if (frame?.seq === seq) return frame.operation.name;
    for (let up = 0; up < stack.depth; up++) if (stack.at(up)!.seq === seq) return stack.at(up)!.operation.name;
    return "";
  }

  /** Gives spans to an event that matters and to the calls around it. */
  #call(e: EventView, stack: Stack, frame: Frame | undefined): void {
    const point = e.point!;
    let kept = this.#stacks.get(stack);
    if (!kept) this.#stacks.set(stack, (kept = { number: this.#stacks.size, tracks: [], open: [] }));
    const { open } = kept;
    if (point.operation.context === "rcu") {
      // A tree of its own: nothing shows where it ends, so it ends with the event.
      this.#span.to.set(this.#begun(kept, 0, e, point.operation.name, e.seq), e.seq);
      return;
    }
    // Calls that ended without an event that shows it.
    while (open.length > 0 && !within(stack, frame, open.at(-1)!.seq)) this.#span.to.set(open.pop()!.span, e.seq - 1);
    const depth = point.phase === "return" && frame ? stack.depth + 1 : stack.depth;
    for (let level = open.length; level < Math.min(depth, DEPTHS); level++) {
      const around = level < stack.depth ? stack.at(stack.depth - 1 - level)! : frame!;
      open.push({ seq: around.seq, span: this.#begun(kept, level, e, around.operation.name, around.seq) });
    }
    if (point.phase === "return") {
      if (frame) this.#end(e, stack, frame);
    } else if (!frame && open.length < DEPTHS) {
      this.#span.to.set(this.#begun(kept, open.length, e, point.operation.name, e.seq), e.seq);
    }
  }

  #begun({ number, tracks }: SurveyedStack, level: number, e: EventView, name: string, from: number): number {
    const track = (tracks[level] ??=
      this.#tracks.push({
        task: e.point!.operation.context === "rcu" ? "RCU callbacks" : this.world.taskName(e.taskId),
        depth: level,
        stack: number,
      }) - 1);
    this.#span.track.push(track);
    this.#span.name.push(this.#names.of(name));
    this.#span.to.push(0);
    this.#span.failed.push(0);
    return this.#span.from.push(from);
  }

  #end(e: EventView, stack: Stack, frame: Frame): void {
    const open = this.#stacks.get(stack)?.open;
    if (!open || open.length === 0 || open.at(-1)!.seq !== frame.seq) return;
    const { span } = open.pop()!;
    this.#span.to.set(span, e.seq);
    if (this.#isError(e)) this.#span.failed.set(span, 1);
  }

  /** Tells whether a return is an error, by the catalogue's rule for the operation. */
  #isError(e: EventView): boolean {
    const result = e.point!.args[0];
    if (!result || e.isFault(0)) return false;
    const [low, high] = [e.batch.low[e.base]!, e.batch.high[e.base]!];
    const isNothing = low === 0 && high === 0;
    if (result.failure === "NULL" || result.failure === "zero") return isNothing;
    if (result.type === "ptr") return this.world.addresses.isError(low);
    if (result.failure !== "errno") return false;
    const value = result.type === "s32" ? low | 0 : toNumber(low, high);
    return value < 0 && value >= -ERRNOS;
  }
}

function within(stack: Stack, frame: Frame | undefined, seq: number): boolean {
  if (frame?.seq === seq) return true;
  for (let up = 0; up < stack.depth; up++) if (stack.at(up)!.seq === seq) return true;
  return false;
}

const ERRNOS = 4095;
