/** The shape of a reducer: what an operation's entry, its return, and the end of its reach do to the world. */
import type { OperationName } from "../../events/index.js";
import type { EventView, ReturnView, View } from "../log/view.js";
import type { Frame, Stack } from "./calls.js";
import type { World } from "./world.js";

export interface Handlers<Name extends OperationName> {
  /** `frame` is the operation's own, when it has one: it returns to a probe, or the catalogue says what it calls. */
  readonly entry?: (w: World, e: View<Name>, stack: Stack, frame: Frame | undefined) => void;
  /** The frame is closed already: the stack's top is the caller. Absent frame: its entry is not in the recording. */
  readonly return?: (w: World, e: ReturnView<Name>, stack: Stack, frame: Frame | undefined) => void;
  /**
   * Nothing that follows can be inside the operation any more; `e` is what ended it, or the last event of the
   * recording.
   */
  readonly end?: (w: World, frame: Frame, stack: Stack, e: EventView) => void;
}

export type Reducers = { readonly [Name in OperationName]?: Handlers<Name> };
