/**
 * The lives of the objects of a recording and their holders, collected during replay in bounded space: objects beyond
 * the room of a picture are only counted by kind.
 */
import { COUNTED_KINDS } from "../../events/kinds/index.js";
import type { EventView } from "../log/view.js";
import { formatTime } from "../log/time.js";
import type { Frame, Stack } from "../reduce/calls.js";
import { type Move, Moves } from "../reduce/moves.js";
import { type Kind, type KernelObject, type ObjectId, type Owner, type Reference } from "../reduce/objects.js";
import type { Transition } from "../reduce/transitions.js";
import type { Observer, World } from "../reduce/world.js";

/** One reference, from the event at which this owner got it to the event that ended that. */
export interface Holding {
  owner: string;
  /** The event and the operation that took it. */
  readonly taken: number;
  readonly by: string;
  readonly from: number;
  to: number | undefined;
}

export interface Life {
  readonly kind: Kind;
  label: string;
  readonly from: number;
  /** True if it is older than the recording. */
  readonly early: boolean;
  to: number | undefined;
  readonly holdings: Holding[];
  /** Number of further holdings. */
  more: number;
}

/** Number of live objects without a life of their own at a sample, by kind. */
export interface Sample {
  readonly event: number;
  readonly time: string;
  readonly others: Readonly<Partial<Record<Kind, number>>>;
}

export interface Timeline {
  readonly lives: readonly Life[];
  /** Number of objects without a life of their own, by kind. */
  readonly others: ReadonlyMap<Kind, number>;
  /** In order, evenly spread. */
  readonly samples: readonly Sample[];
}

/** Most lives of objects without a finding; those with one have `WANTED_LIVES` in addition. */
const LIVES = 40;
const WANTED_LIVES = 24;
const HOLDINGS = 16;
const SAMPLES = 512;
const SHOWN: ReadonlySet<Kind> = new Set(COUNTED_KINDS);

interface Kept {
  /** Its present state: some objects end without being touched again. */
  readonly object: KernelObject;
  readonly life: Life;
  /** The current holding of each reference. */
  readonly open: Map<Reference, Holding>;
  /** Owners of holdings, whose names may become known later. */
  readonly owners: Map<Holding, Owner>;
}

export class TimelineKeeper implements Observer {
  readonly #kept = new Map<ObjectId, Kept>();
  readonly #touched = new Set<KernelObject>();
  readonly #moves = new Moves();
  /** Live objects without a life here, their number by kind, and how many there were. */
  readonly #others = new Map<ObjectId, KernelObject>();
  readonly #alive: Partial<Record<Kind, number>> = {};
  readonly #counts = new Map<Kind, number>();
  #samples: Sample[] = [];
  #stride = 1;
  #wantedLeft = WANTED_LIVES;

  /** `wanted`: labels of the objects of findings. */
  constructor(
    private readonly world: World,
    private readonly wanted: ReadonlySet<string>,
  ) {}

  get timeline(): Timeline {
    for (const kept of this.#kept.values()) end(kept);
    for (const { owners } of this.#kept.values()) {
      for (const [holding, owner] of owners) holding.owner = this.#kept.get(owner)?.life.label ?? holding.owner;
    }
    return { lives: [...this.#kept.values()].map(({ life }) => life), others: this.#counts, samples: this.#samples };
  }

  changed(object: KernelObject, transition: Transition): void {
    if (object.focus) this.#moves.changed(object, transition);
  }

  touched(object: KernelObject): void {
    this.#touched.add(object);
  }

  returned(_e: EventView, _stack: Stack, frame: Frame | undefined): void {
    for (const id of frame ? [...frame.holds, frame.subject] : []) {
      const object = this.world.store.any(id);
      if (object?.focus) this.#touched.add(object);
    }
  }

  reduced(e: EventView, stack: Stack, frame: Frame | undefined): void {
    const seen = new Set<ObjectId>();
    for (const object of this.#touched) {
      if (seen.has(object.id) || !SHOWN.has(object.kind)) continue;
      seen.add(object.id);
      this.#update(this.world.store.any(object.id) ?? object, e.seq, stack, frame);
    }
    this.#touched.clear();
    this.#moves.over();
    if (e.seq % this.#stride === 0) this.#sample(e);
  }

  #sample(e: EventView): void {
    const { batch, index } = e;
    for (const [id, { kind, death }] of this.#others) {
      if (!death) continue;
      this.#others.delete(id);
      this.#alive[kind]!--;
    }
    this.#samples.push({
      event: e.seq,
      time: formatTime(batch.timeHigh[index]!, batch.timeLow[index]!, batch.timeDigits),
      others: { ...this.#alive },
    });
    if (this.#samples.length < SAMPLES) return;
    this.#stride *= 2;
    this.#samples = this.#samples.filter(({ event }) => event % this.#stride === 0);
  }

  #update(object: KernelObject, seq: number, stack: Stack, frame: Frame | undefined): void {
    const known = this.#kept.get(object.id);
    const moves = this.#moves.of(object.id);
    const kept = known ?? this.#begin(object, seq);
    if (!kept) return;
    const { life } = kept;
    // A module is named by an event after its first.
    life.label = this.world.label(object);
    this.#move(
      kept,
      known ? moves : object.references.map((reference) => ({ before: undefined, now: reference })),
      seq,
      stack,
      frame,
    );
    end(kept);
  }

  #begin(object: KernelObject, seq: number): Kept | undefined {
    if (this.#others.has(object.id) || object.death) return undefined;
    const wanted = this.#wantedLeft > 0 && this.wanted.has(this.world.label(object));
    if (wanted) this.#wantedLeft--;
    if (wanted || this.#kept.size < LIVES + WANTED_LIVES - this.#wantedLeft) {
      const life: Life = {
        kind: object.kind,
        label: "",
        from: object.birth || seq,
        early: object.birth === 0,
        to: undefined,
        holdings: [],
        more: 0,
      };
      const kept: Kept = { object, life, open: new Map(), owners: new Map() };
      this.#kept.set(object.id, kept);
      return kept;
    }
    this.#others.set(object.id, object);
    this.#alive[object.kind] = (this.#alive[object.kind] ?? 0) + 1;
    this.#counts.set(object.kind, (this.#counts.get(object.kind) ?? 0) + 1);
    return undefined;
  }

  #move(
    { open, owners, life }: Kept,
    moves: readonly Move[],
    seq: number,
    stack: Stack,
    frame: Frame | undefined,
  ): void {
    for (const { before } of moves) {
      const holding = before && open.get(before);
      if (!holding) continue;
      holding.to = seq;
      open.delete(before!);
    }
    for (const { now: reference } of moves) {
      if (!reference || reference.owner === 0) continue;
      const holding: Holding = {
        owner: this.#ownerOf(reference.owner, stack, frame),
        taken: reference.seq,
        by: reference.by,
        from: seq,
        to: undefined,
      };
      open.set(reference, holding);
      if (life.holdings.length < HOLDINGS) {
        life.holdings.push(holding);
        owners.set(holding, reference.owner);
      } else life.more++;
    }
  }

  #ownerOf(owner: Owner, stack: Stack, frame: Frame | undefined): string {
    if (owner > 0) return this.world.labelOf(owner);
    if (frame?.seq === -owner) return frame.operation.name;
    for (const open of stack.frames()) if (open.seq === -owner) return open.operation.name;
    return `the call at event ${-owner}`;
  }
}

function end({ object, life, open }: Kept): void {
  if (!object.death || life.to !== undefined) return;
  life.to = object.death;
  for (const holding of open.values()) holding.to = object.death;
  open.clear();
}
