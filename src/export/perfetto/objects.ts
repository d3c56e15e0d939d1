/**
 * Draws a track for every object, from its birth to its death, in a group for each kind: changes as instants, the count
 * as a counter, references as slices beside it, and an arrow from the call that took a reference to the one that gave
 * it back.
 */
import { isKind, kinds } from "../../../events/kinds/index.js";
import type { AddressId } from "../../log/batch.js";
import type { EventView } from "../../log/view.js";
import type { Frame, Stack } from "../../reduce/calls.js";
import {
  countName,
  fieldOf,
  type Kind,
  type KernelObject,
  nameOf,
  type ObjectId,
  type Owner,
  type Reference,
} from "../../reduce/objects.js";
import { type Move, Moves } from "../../reduce/moves.js";
import type { Transition } from "../../reduce/transitions.js";
import type { World } from "../../reduce/world.js";
import { RecentEvents } from "../../describe/recent.js";
import { type Time, Track, type TraceEvents } from "./events.js";

interface Holding {
  readonly seq: number;
  readonly by: string;
  readonly id: number;
  owner: Owner;
  name: string;
  category: string;
  /** True if its arrow has begun. */
  readonly arrow: boolean;
}

interface Life {
  readonly id: ObjectId;
  readonly address: AddressId;
  readonly track: Track;
  readonly label: string;
  count: number | null;
  readonly holdings: Map<Reference, Holding>;
}

export class Objects {
  readonly #groups = new Map<Kind, number>();
  readonly #lives = new Map<ObjectId, Life>();
  /** Lives by address: a birth at an address ends the life before it. */
  readonly #at = new Map<AddressId, Life>();
  readonly #recent = new RecentEvents();
  readonly #moves = new Moves();
  /** Objects that the current event touched. */
  readonly #touched: { readonly object: KernelObject; note: string }[] = [];
  /** Objects whose end comes with a call that has no return: the next event ends them, and does not name them. */
  readonly #ending = new Set<KernelObject>();
  #references = 0;

  constructor(
    private readonly events: TraceEvents,
    private readonly world: World,
  ) {}

  changed(object: KernelObject, transition: Transition): void {
    this.#moves.changed(object, transition);
  }

  touched(object: KernelObject, note: string): void {
    const known = this.#touched.find((t) => t.object.id === object.id);
    if (!known) this.#touched.push({ object, note });
    else if (note) known.note = known.note ? `${known.note}; ${note}` : note;
  }

  /** Called before a return is reduced: what the call holds passes to another owner. */
  returning(frame: Frame | undefined): void {
    this.begin();
    for (const id of frame ? [...frame.holds, frame.subject] : []) {
      const object = this.world.store.any(id);
      if (object && (object.focus || this.world.everything)) this.touched(object, "");
    }
  }

  begin(): void {
    this.#touched.length = 0;
  }

  /** Called after an event is reduced; `thread` is the track on which it happened, with its slice open. */
  reduced(e: EventView, stack: Stack, frame: Frame | undefined, thread: Track, time: Time): void {
    this.#recent.add(e);
    if (this.world.everything) this.#arguments(e);
    for (const object of this.#ending) if (object.death !== 0) this.touched(object, "");
    for (const { object, note } of this.#touched) {
      const now = this.world.store.any(object.id) ?? object;
      // An object that is called by its name is named an event after the one that shows it first.
      const { named, numbered } = kinds[now.kind];
      if (numbered !== undefined || (named?.inLabel && !named.fromBirth && nameOf(now) === "" && now.death === 0))
        continue;
      this.#update(now, note, e, { stack, frame, thread, time });
    }
    this.#moves.over();
  }

  /** Called at the end of the recording: draws the live objects to its end. */
  finish(): void {
    const { last } = this.events;
    for (const life of this.#lives.values())
      this.#end(
        life,
        last,
        this.world.store.any(life.id) ? { "at the end of the recording": "still live" } : { "its end": "not seen" },
      );
    this.#lives.clear();
  }

  /** Touches the objects that an event names, if everything is shown. */
  #arguments(e: EventView): void {
    e.point!.args.forEach(({ object: kind }, k) => {
      const object = isKind(kind) ? this.world.at(kind, e.batch.low[e.base + k]!) : undefined;
      if (object && (object.death === 0 || this.#lives.has(object.id))) this.touched(object, "");
    });
  }

  #update(now: KernelObject, note: string, e: EventView, where: Where): void {
    const { time } = where;
    const known = this.#lives.get(now.id);
    // A dead object without a track was shown to its end.
    if (!known && now.death !== 0 && now.death !== e.seq) return;
    const moves = this.#moves.of(now.id);
    const life = known ?? this.#born(now, time);
    const { track } = life;
    if (note)
      this.events.instant(track, time, note, "object", {
        event: e.seq,
        operation: e.point!.operation.name,
        task: this.world.taskName(e.taskId),
      });
    if (now.count !== null && now.count !== life.count)
      this.events.counter(track, time, `${life.label} ${countName(now.kind)}`, countName(now.kind), now.count);
    life.count = now.count;
    this.#move(life, known ? moves : now.references.map((reference) => ({ before: undefined, now: reference })), where);
    if (now.death !== 0) {
      this.#end(life, time, { "died at event": now.death });
      this.#lives.delete(now.id);
      this.#ending.delete(now);
    } else this.#mayEnd(now);
  }

  /** Notes an object in the last stage that an event shows, and the objects that end with it. */
  #mayEnd(now: KernelObject): void {
    const { fields } = kinds[now.kind];
    if (!("stage" in now) || now.stage !== fields["stage"]!.ending) return;
    this.#ending.add(now);
    for (const [name, { endsToo }] of Object.entries(fields)) {
      if (!endsToo) continue;
      for (const id of fieldOf(now, name) as readonly ObjectId[]) {
        const other = this.#lives.has(id) ? this.world.store.any(id) : undefined;
        if (other) this.#ending.add(other);
      }
    }
  }

  #born(object: KernelObject, now: Time): Life {
    const before = this.#at.get(object.address);
    if (before && this.#lives.delete(before.id))
      this.#end(before, now, { "its end": "not seen; its address became another's" });
    const name = kinds[object.kind].named?.inLabel ? "" : nameOf(object);
    const address = this.world.label(object);
    const label = name === "" ? address : `${address} ${name}`;
    const track = new Track(this.#group(object.kind), this.events.own());
    this.events.thread(track, label);
    const birth = object.birth > 0 ? this.#recent.get(object.birth) : undefined;
    const at = birth ? { high: birth.timeHigh, low: birth.timeLow } : now;
    this.events.begin(
      track,
      at,
      label,
      object.kind,
      object.birth > 0 ? { "born at event": object.birth } : { born: "before the recording, or unseen" },
    );
    const life: Life = { id: object.id, address: object.address, track, label, count: null, holdings: new Map() };
    this.#lives.set(object.id, life);
    this.#at.set(object.address, life);
    return life;
  }

  #end(life: Life, time: Time, args: Readonly<Record<string, string | number>>): void {
    for (const holding of life.holdings.values()) this.#release(life, holding, time);
    this.events.end(life.track, time, args);
    if (this.#at.get(life.address) === life) this.#at.delete(life.address);
  }

  /** Draws the references that were passed on, then those given back, then those taken. */
  #move(life: Life, moves: readonly Move[], where: Where): void {
    const { holdings } = life;
    for (const { before, now } of moves) {
      const holding = before && now && holdings.get(before);
      if (!holding) continue;
      holdings.delete(before);
      holdings.set(now, holding);
      if (holding.owner !== now.owner) this.#pass(life, holding, now.owner, where);
    }
    for (const { before, now } of moves) {
      const holding = before && !now ? holdings.get(before) : undefined;
      if (!holding) continue;
      holdings.delete(before!);
      this.#release(life, holding, where.time);
      if (holding.arrow && where.thread.depth > 0)
        this.events.flow("f", where.thread, where.time, `reference on ${life.label}`, holding.id);
    }
    for (const { before, now } of moves) if (!before && now) holdings.set(now, this.#hold(life, now, where));
  }

  #hold(life: Life, { seq, by, owner }: Reference, where: Where): Holding {
    const arrow = where.thread.depth > 0;
    const holding: Holding = { seq, by, owner, id: ++this.#references, arrow, ...this.#held(life, owner, where) };
    this.events.async("b", life.track, where.time, holding.name, holding.category, holding.id, {
      "taken by": by,
      event: seq,
    });
    if (arrow) this.events.flow("s", where.thread, where.time, `reference on ${life.label}`, holding.id);
    return holding;
  }

  /** Passes a reference to another owner: ends its slice and begins the next. */
  #pass(life: Life, holding: Holding, owner: Owner, where: Where): void {
    this.#release(life, holding, where.time);
    Object.assign(holding, { owner, ...this.#held(life, owner, where) });
    this.events.async("b", life.track, where.time, holding.name, holding.category, holding.id, {
      "taken by": holding.by,
      event: holding.seq,
    });
  }

  #release(life: Life, { name, category, id }: Holding, time: Time): void {
    this.events.async("e", life.track, time, name, category, id);
  }

  /** Names a reference by its owner; the category has the owner's kind. */
  #held(life: Life, owner: Owner, { stack, frame }: Where): { readonly name: string; readonly category: string } {
    const named = (who: string, kind: string): { readonly name: string; readonly category: string } => ({
      name: `${life.label} held by ${who}`,
      category: `held,${kind}`,
    });
    if (owner === 0) return named("an untraced caller", "unseen");
    if (owner < 0) {
      const call = frame?.seq === -owner ? frame : [...stack.frames()].find((f) => f.seq === -owner);
      return named(call ? call.operation.name : `the call at event ${-owner}`, "call");
    }
    const object = this.world.store.any(owner);
    return named(
      object ? this.world.label(object) : (this.#lives.get(owner)?.label ?? `object ${owner}`),
      object?.kind ?? "object",
    );
  }

  #group(kind: Kind): number {
    let pid = this.#groups.get(kind);
    if (pid === undefined) {
      this.#groups.set(kind, (pid = this.events.own()));
      this.events.process(pid, kinds[kind].plural);
    }
    return pid;
  }
}

interface Where {
  readonly stack: Stack;
  readonly frame: Frame | undefined;
  readonly thread: Track;
  readonly time: Time;
}
