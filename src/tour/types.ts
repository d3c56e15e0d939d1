/**
 * The guided tour. What is written (`StepText`) says in rules where in a recording it points; what a reader gets
 * (`TourStep`) has the rules resolved to events, objects and lines. Both are plain data.
 */
import type { OperationName } from "../../events/index.js";
import type { RuleName } from "../check/finding.js";
import type { kernels } from "../kernels/index.js";
import type { Kind } from "../reduce/objects.js";

/** A run of a simulated kernel in which the first fault at a site comes true: what no recording can show. */
export interface Simulated {
  /** Below the package's folder. */
  readonly scenario: string;
  readonly kernel: keyof typeof kernels;
  /** In the kernel's words, as `simulate --fail all` prints it. */
  readonly site: string;
}

/** A recording, by its path below the package's folder, or a simulated run. */
export type Source = string | Simulated;

/**
 * A call of an operation: the first, or the `nth`; of those that came to `result`, as call trees print it (`-ENFILE`).
 */
export interface CallRule {
  readonly operation: OperationName;
  readonly result?: string;
  readonly nth?: number;
}

/** Calls from the outside in, each anywhere inside the one before. */
export type Path = readonly (OperationName | CallRule)[];

/** A moment of a recording: the entry or return of a call, or the first marker with these words. */
export type MomentRule = { readonly in: string } & (
  | { readonly path: Path; readonly when: "entry" | "return" }
  | { readonly marker: string }
);

/** What to look at. */
export type ViewRule =
  /** Call trees; `depth`: so many levels of calls inside the outermost one. */
  | {
      readonly show: "calls";
      readonly caption: string;
      readonly in: Source;
      readonly paths: readonly Path[];
      readonly depth?: number;
    }
  /** What the program that was recorded asked for, and what it got, from one marker to another. */
  | {
      readonly show: "program";
      readonly caption: string;
      readonly in: string;
      readonly from: string;
      readonly to: string;
    }
  /** Objects, as `--object` names them, and who holds them. */
  | { readonly show: "state"; readonly caption: string; readonly at: MomentRule; readonly objects: readonly string[] }
  /** What each reference on an object is. */
  | { readonly show: "why"; readonly caption: string; readonly at: MomentRule; readonly object: string }
  /** What differs between two recordings, in these operations of the program. */
  | {
      readonly show: "diff";
      readonly caption: string;
      readonly in: string;
      readonly after: string;
      readonly where: readonly string[];
    }
  /** The first finding of a rule. */
  | { readonly show: "finding"; readonly caption: string; readonly in: string; readonly rule: RuleName }
  /** Two tasks side by side, from one moment to another. */
  | {
      readonly show: "tasks";
      readonly caption: string;
      readonly in: string;
      readonly from: MomentRule;
      readonly to: MomentRule;
    };

/** A command to go on with: `{event}`, `{object}` and `{fault}` are the step's own. */
export interface CommandRule {
  readonly args: readonly string[];
  /** Its exit status. */
  readonly exit: 0 | 1;
}

export interface StepText {
  readonly id: string;
  readonly title: string;
  readonly paragraphs: readonly string[];
  /** Words that the paragraphs explain, each where it comes first. */
  readonly terms: readonly string[];
  readonly at: MomentRule;
  /** The object to look at: of this kind, what the call at the moment names first; or an object's own name. */
  readonly focus: Kind | `module ${string}`;
  readonly views: readonly ViewRule[];
  readonly commands: readonly CommandRule[];
}

/** The moment of a recording that a step is about. */
export interface TourMoment {
  /** Its path below the package's folder. */
  readonly recording: string;
  readonly event: number;
  /** As `--object` and `why` take it: `inode 0xffff888000370f88`. */
  readonly object: string;
}

/** Something to look at in a step, resolved: what it shows, and a caption. */
export interface TourView {
  readonly show: ViewRule["show"];
  /** One sentence. */
  readonly caption: string;
  /** Its path below the package's folder; null of a simulated run. */
  readonly recording: string | null;
  /** Of a diff: the recording that it is compared with. */
  readonly after?: string;
  /** Of a simulated run: which. */
  readonly simulated?: Simulated & { readonly fault: number };
  /** The first event that is shown, and the last; of a state the same. Of a diff, in `recording`. */
  readonly events: readonly [number, number];
  /** What is to be seen, as text of at most 78 columns: addresses have their last four digits. */
  readonly lines: readonly string[];
}

/** A command to go on with: its arguments after `kreel`, and its exit status. */
export interface TourCommand {
  /** What follows `kreel`; paths are below the package's folder. */
  readonly args: readonly string[];
  readonly exit: 0 | 1;
}

/** One step of the tour. Plain data: `JSON.stringify` keeps all of it. */
export interface TourStep {
  /** From 1. */
  readonly number: number;
  /** A word: `close`. */
  readonly id: string;
  readonly title: string;
  /** Plain English, no markup. */
  readonly paragraphs: readonly string[];
  /** Words that are explained here first. */
  readonly terms: readonly string[];
  /** Recordings that are looked at, the one of the moment first. */
  readonly recordings: readonly string[];
  /** Where to stand, and what to look at. */
  readonly moment: TourMoment;
  readonly views: readonly TourView[];
  readonly commands: readonly TourCommand[];
}
