/**
 * The messages between the page and the engine in its worker: plain data, columns as typed arrays. Objects are named by
 * the id that the reducers gave them, which is the same in every replay of a log; moments by the event that precedes
 * them.
 */
import type { Graph } from "../export/graph.js";
import type { RuleName } from "../check/finding.js";
import type { Kind, ObjectId, Owner } from "../reduce/objects.js";
import type { LastChange, Place } from "../seek/why.js";
import type { ShownState } from "../show/state.js";

/** One or two logs, or those of the tour, and their places; `session.json` of a server, or an element of the page. */
export interface Session {
  readonly kreel: "session";
  readonly version: 1;
  readonly logs: readonly SessionLog[];
  /** True if a document of their differences can be loaded. */
  readonly diff: boolean;
  /** True if the logs are the recordings of a tour, which can be loaded; a step names a log by its path. */
  readonly tour?: true;
}

export interface SessionLog {
  /** File name, with as many folders as distinguish it from the others. Untrusted, as all names here. */
  readonly name: string;
  readonly path: string;
  readonly format: string;
  readonly events: number;
  readonly bytes: number;
}

/** The whole of a log as a timeline draws it. Events are numbered from 1; 0 means none. */
export interface Survey {
  /** Number of the last event. */
  readonly events: number;
  /** The last event that the survey covers: the last of all, except in an early survey. */
  readonly read: number;
  readonly lost: number;
  readonly warnings: readonly string[];
  /** Seconds from the first event to event `k * stride + 1`, for each k; ticks if the clock is a counter. */
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
  /** Limits of the recording in words: rules that could not be judged everywhere, counts that disagree. */
  readonly doubts: readonly string[];
}

/** Objects with a lane, in the order in which they were first seen. */
export interface Lanes {
  readonly length: number;
  /** Index into `KINDS`. */
  readonly kind: Uint8Array;
  readonly id: Float64Array;
  /** Its birth, or the event that showed it first. */
  readonly from: Float64Array;
  /** Its death; 0: alive at the end. */
  readonly to: Float64Array;
  /** 1: older than the recording. */
  readonly early: Uint8Array;
  readonly label: readonly string[];
  /** Its name without the address: `[kvm-gmem]`, `kvm_amd`; empty if unknown. */
  readonly name: readonly string[];
}

/** References by lane: those of lane k are `[start[k], start[k + 1])`, in the order in which they were taken. */
export interface Holdings {
  readonly start: Uint32Array;
  readonly from: Float64Array;
  /** The event that dropped it; 0: held at the end. */
  readonly to: Float64Array;
  readonly owner: Float64Array;
  /** The operation that took it, as index into `names`. */
  readonly by: Uint16Array;
  /** The operation of the call that owns it, or that left it to an untraced caller; index into `names`. */
  readonly call: Uint16Array;
}

/** Nested operations at one depth of a task, or of an interrupt of a CPU. */
export interface Track {
  readonly task: string;
  readonly depth: number;
  /** Its spans are `[start, end)`, in order and without overlap. */
  readonly start: number;
  readonly end: number;
}

/** Operations of guest_memfd, and others that touched its objects. */
export interface CallSpans {
  readonly name: Uint16Array;
  readonly from: Float64Array;
  /** The event of its return; without one, the last event inside it. 0: in progress at the end. */
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
  /** Lane of that object; -1: none. */
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
  /** 0 if the format has none. */
  readonly line: number;
  readonly task: string;
  readonly cpu: number;
  readonly operation: string;
  readonly phase: "entry" | "return" | "";
  /** The event in ftrace's format. */
  readonly text: string;
  readonly state: ShownState;
  /** Number of objects left out of a state that is too large to show. */
  readonly more: number;
  readonly graph: Graph;
  readonly changed: readonly Changed[];
}

/** The effect of a moment's event on one object. */
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
  /** The event of its return; 0 if none was seen. */
  readonly returned: number;
  readonly text: string;
  readonly failed: boolean;
  /** Its effects on objects. */
  readonly notes: readonly { readonly id: ObjectId; readonly label: string; readonly note: string }[];
}

/** The outermost operation around an event, with its callees. */
export interface Tree {
  readonly task: string;
  readonly lines: readonly TreeLine[];
  /** Number of calls left out of a tree that is too large to show. */
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
 * The engine, in a worker or in the page. It answers in the order of the questions, but others may overtake a survey.
 */
export interface Engine {
  /** `onProgress` receives the number of events read so far, and now and then a survey of them. */
  survey(onProgress?: (progress: Progress) => void): Promise<Survey>;
  moment(event: number): Promise<Moment>;
  tree(event: number): Promise<Tree>;
  why(event: number, id: ObjectId): Promise<WhyAnswer | undefined>;
  /** Every event that touched the object, limited to some thousands. `from`: the first event of its life. */
  life(id: ObjectId, from: number): Promise<readonly LifeStep[]>;
  /** The last event that is not later than a time: `35.84689`. */
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

/** The bytes of a log: an address that serves ranges, or the content. */
export type Source =
  | { readonly url: string; readonly bytes: number; readonly name: string }
  | { readonly content: Uint8Array; readonly name: string };

/** From the worker to the page. */
export type Reply =
  | { readonly call: number; readonly value: unknown }
  | { readonly call: number; readonly error: string }
  | { readonly call: number; readonly progress: Progress };
