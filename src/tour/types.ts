/**
 * The guided tour. The written form (`StepText`) points into recordings by rules; the resolved form (`TourStep`) has
 * events, objects and lines instead. Both are plain data.
 */
import type { OperationName } from "../../events/index.js";
import type { RuleName } from "../check/finding.js";
import type { kernels } from "../kernels/index.js";
import type { Kind } from "../reduce/objects.js";

/** A run of a simulated kernel with the first fault at a site, for what no recording can show. */
export interface Simulated {
  /** Path below the package's folder. */
  readonly scenario: string;
  readonly kernel: keyof typeof kernels;
  /** In the kernel's words, as `simulate --fail all` prints it. */
  readonly site: string;
}

/** A recording, by its path below the package's folder, or a simulated run. */
export type Source = string | Simulated;

/**
 * A call of an operation: the first, or the `nth`; optionally among those with this `result`, as call trees print it
 * (`-ENFILE`).
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

/** A figure of a step. */
export type ViewRule =
  /** Call trees; `depth`: number of levels of calls inside the outermost one. */
  | {
      readonly show: "calls";
      readonly caption: string;
      readonly in: Source;
      readonly paths: readonly Path[];
      readonly depth?: number;
    }
  /** The operations of the recorded program and their results, from one marker to another. */
  | {
      readonly show: "program";
      readonly caption: string;
      readonly in: string;
      readonly from: string;
      readonly to: string;
    }
  /** Objects, as `--object` names them, with their holders. */
  | { readonly show: "state"; readonly caption: string; readonly at: MomentRule; readonly objects: readonly string[] }
  /** Each reference on an object. */
  | { readonly show: "why"; readonly caption: string; readonly at: MomentRule; readonly object: string }
  /** The differences of two recordings in these operations of the program. */
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

/** A command to continue with: `{event}`, `{object}` and `{fault}` are the step's own. */
export interface CommandRule {
  readonly args: readonly string[];
  /** Its exit status. */
  readonly exit: 0 | 1;
}

export interface StepText {
  readonly id: string;
  readonly title: string;
  readonly paragraphs: readonly string[];
  /** Words that the paragraphs explain, each at its first occurrence. */
  readonly terms: readonly string[];
  readonly at: MomentRule;
  /** The object in focus: of this kind, the first that the call at the moment names; or an object's own name. */
  readonly focus: Kind | `module ${string}`;
  readonly views: readonly ViewRule[];
  readonly commands: readonly CommandRule[];
}

/** The moment of a recording that a step is about. */
export interface TourMoment {
  /** Its path below the package's folder. */
  readonly recording: string;
  readonly event: number;
  /** A label that `--object` and `why` take: `inode 0xffff888000370f88`. */
  readonly object: string;
}

/** A figure of a step, resolved: its content and a caption. */
export interface TourView {
  readonly show: ViewRule["show"];
  /** One sentence. */
  readonly caption: string;
  /** Its path below the package's folder; null for a simulated run. */
  readonly recording: string | null;
  /** For a diff: the recording that it is compared with. */
  readonly after?: string;
  /** The simulated run, if it is one. */
  readonly simulated?: Simulated & { readonly fault: number };
  /** The first event that is shown, and the last; equal for a state. For a diff, in `recording`. */
  readonly events: readonly [number, number];
  /** The figure as text of at most 78 columns; addresses have their last four digits. */
  readonly lines: readonly string[];
}

/** A command to continue with: its arguments after `kreel`, and its exit status. */
export interface TourCommand {
  /** The arguments after `kreel`; paths are below the package's folder. */
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
  /** Words that this step explains. */
  readonly terms: readonly string[];
  /** Recordings used by the step, the one of the moment first. */
  readonly recordings: readonly string[];
  /** The moment of the step, and the object in focus. */
  readonly moment: TourMoment;
  readonly views: readonly TourView[];
  readonly commands: readonly TourCommand[];
}
