/**
 * What the page asks of the engine in its worker, and what it is told: plain data, columns as typed arrays. Objects are
 * named by the id that the reducers gave them, which is the same in every replay of a log; moments by the event that
 * they are after.
 */
import type { Graph } from "../export/graph.js";
import type { RuleName } from "../check/finding.js";
import type { Kind, ObjectId, Owner } from "../reduce/objects.js";
import type { LastChange, Place } from "../seek/why.js";
import type { ShownState } from "../show/state.js";

/** One or two logs, or those of the tour, and where they are; `session.json` of a server, or inside the page. */
export interface Session {
  readonly kreel: "session";
  readonly version: 1;
  readonly logs: readonly SessionLog[];
  /** There is a document of their differences. */
  readonly diff: boolean;
  /** There are steps of a tour through them, whose recordings are the logs' paths. */
  readonly tour?: true;
}

export interface SessionLog {
  /** Of the file, with folders only as far as they tell it from the other. Anybody's words, as all names here. */
  readonly name: string;
  readonly path: string;
  readonly format: string;
  readonly events: number;
  readonly bytes: number;
}

/**
 * Everything that happened in a log, as a timeline draws it. Events are numbers as everywhere, from 1; 0 stands for
 * none.
 */
export interface Survey {
  /** Number of the last event. */
  readonly events: number;
  /** Up to which event this tells: all of them, but where more is to follow. */
  readonly read: number;
  readonly lost: number;
  readonly warnings: readonly string[];
  /** Seconds from the first event to event `k * stride + 1`, of each k; of a counter clock, ticks. */
  readonly clock: { readonly stride: number; readonly seconds: Float64Array };
  /** Names of operations. */
  readonly names: readonly string[];
  readonly lanes: Lanes;
  readonly holdings: Holdings;
  readonly tracks: readonly Track[];
  readonly calls: CallSpans;
  readonly markers: Markers;
  /** Findings and hazards, in the order of their events. */
  readonly findings: readonly SurveyFinding[];
  /**
   * What the recording is not enough for, in words: rules that could not be judged everywhere, counts that do not
   * agree.
   */
  readonly doubts: readonly string[];
}

/** By object that has a lane, in the order in which they were first seen. */
export interface Lanes {
  readonly length: number;
  /** Index into `KINDS`. */
  readonly kind: Uint8Array;
  readonly id: Float64Array;
  /** Its birth, or the event that showed it first. */
  readonly from: Float64Array;
  /** 0: alive at the end. */
  readonly to: Float64Array;
  /** It is older than the recording. */
  readonly early: Uint8Array;
  readonly label: readonly string[];
  /** What it is called apart from its address: `[kvm-gmem]`, `kvm_amd`; empty where nothing is known. */
  readonly name: readonly string[];
}

/** References, by lane: those of lane k are `[start[k], start[k + 1])`, in the order in which they were taken. */
export interface Holdings {
  readonly start: Uint32Array;
  readonly from: Float64Array;
  /** 0: held at the end. */
  readonly to: Float64Array;
  readonly owner: Float64Array;
  /** Index into `names`: the operation that took it. */
  readonly by: Uint16Array;
  /** Of one that a call owns, or left to an untraced caller: the call's operation. */
  readonly call: Uint16Array;
}

/** Where operations happen one inside the other: a task, or an interrupt of a CPU, at one depth. */
export interface Track {
  readonly task: string;
  readonly depth: number;
  /** Those of this track are `[start, end)` of the spans, in order, none over another. */
  readonly start: number;
  readonly end: number;
}

/** Operations that touched what guest_memfd is made of, or are its own. */
export interface CallSpans {
  readonly name: Uint16Array;
  readonly from: Float64Array;
  /** The event of its return; of one without, the last that is inside it. 0: in progress at the end. */
  readonly to: Float64Array;
  /** 1: it returned an error. */
  readonly failed: Uint8Array;
}

export interface Markers {
  readonly event: Float64Array;
  readonly text: readonly string[];
}

export interface SurveyFinding {
  readonly rule: RuleName;
  readonly severity: "error" | "warning";
  readonly object: string;
  /** Lane of that object; -1 where it has none. */
  readonly lane: number;
  readonly event: number;
  readonly line?: number;
  readonly time: string;
  readonly task: string;
  readonly message: string;
  readonly evidence: readonly number[];
}

/** The state after an event, and the event itself. */
export interface Moment {
  readonly event: number;
  /** With the recording's own digits; empty before the first event. */
  readonly time: string;
  /** 0 where the format has none. */
  readonly line: number;
  readonly task: string;
  readonly cpu: number;
  readonly operation: string;
  readonly phase: "entry" | "return" | "";
  /** As ftrace prints it. */
  readonly text: string;
  readonly state: ShownState;
  /** Objects that were left out of a state that is too large to show. */
  readonly more: number;
  readonly graph: Graph;
  readonly changed: readonly Changed[];
}

/** What the event of a moment did to one object. */
export interface Changed {
  readonly id: ObjectId;
  readonly label: string;
  readonly kind: Kind;
  /** `born`, `i_count 1 → 0`, `held by file 0x…`. */
  readonly what: readonly string[];
}

export interface TreeLine {
  readonly depth: number;
  readonly event: number;
  /** Its return, 0 where none was seen. */
  readonly returned: number;
  readonly text: string;
  readonly failed: boolean;
  /** What it did to objects. */
  readonly notes: readonly { readonly id: ObjectId; readonly label: string; readonly note: string }[];
}

/** The outermost operation around an event, with what it called. */
export interface Tree {
  readonly task: string;
  readonly lines: readonly TreeLine[];
  /** Calls that were left out of a tree that is too large to show. */
  readonly more: number;
}

export interface WhyAnswer {
  readonly id: ObjectId;
  readonly label: string;
  readonly kind: Kind;
  readonly count: number | null;
  readonly unprobed: number;
  readonly born: Place | undefined;
  readonly held: readonly {
    readonly owner: string;
    readonly ownerId: Owner;
    readonly by: string;
    readonly event: number;
    readonly taken: Place | undefined;
  }[];
  readonly more: number;
  readonly last: LastChange | undefined;
}

/** One event in the life of an object. */
export interface LifeStep {
  readonly event: number;
  readonly operation: string;
  readonly what: readonly string[];
}

/**
 * The engine, whether it runs in a worker or beside the page. Answers in the order of the questions, but a survey lets
 * others pass.
 */
export interface Engine {
  /** `onProgress`: events so far, and now and then what they came to. */
  survey(onProgress?: (progress: Progress) => void): Promise<Survey>;
  moment(event: number): Promise<Moment>;
  tree(event: number): Promise<Tree>;
  why(event: number, id: ObjectId): Promise<WhyAnswer | undefined>;
  /** Every event that touched the object, at most some thousands. `from`: the first event that is of its life. */
  life(id: ObjectId, from: number): Promise<readonly LifeStep[]>;
  /** The number of the last event that is not later than a time: `35.84689`. */
  eventAt(time: string): Promise<number>;
}

export interface Progress {
  readonly events: number;
  readonly survey?: Survey;
}

export type Method = keyof Engine;

/** From the page to its worker. */
export type Request =
  | { readonly call: number; readonly method: "open"; readonly args: readonly [source: Source] }
  | { readonly call: number; readonly method: Method; readonly args: readonly unknown[] };

/** Where a log's bytes are: at an address that gives ranges, or here. */
export type Source =
  | { readonly url: string; readonly bytes: number; readonly name: string }
  | { readonly content: Uint8Array; readonly name: string };

/** From the worker. */
export type Reply =
  | { readonly call: number; readonly value: unknown }
  | { readonly call: number; readonly error: string }
  | { readonly call: number; readonly progress: Progress };
