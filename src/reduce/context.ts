/** The context of one event: the parameter of every reducer, and of the functions that a reducer calls for an event. */
import type { OperationName } from "../../events/index.js";
import type { EventView, ReturnView, View } from "../log/view.js";
import type { Frame, Stack } from "./calls.js";
import type { World } from "./world.js";

/** Valid while its event is reduced: the Reducer has one context, which it moves from event to event. */
export interface Context<Event extends EventView = EventView> {
  readonly w: World;
  readonly e: Event;
  /** The calls in progress where the event happens. */
  readonly stack: Stack;
  /** The call that the event enters, returns from or ends. */
  readonly frame: Frame | undefined;
}

/** `frame` is on top of the stack; it is absent for an operation without a return probe and without known callees. */
export type EntryContext<Name extends OperationName> = Context<View<Name>>;

/** `frame` has left the stack, whose top is the caller; it is absent where the entry is not in the recording. */
export type ReturnContext<Name extends OperationName> = Context<ReturnView<Name>>;

/**
 * An operation without a return event is over. `e` is the event that shows it, of another operation, or the last of the
 * recording; `frame` has left the stack.
 */
export interface EndContext extends Context {
  readonly frame: Frame;
}

/** The context that the Reducer moves. */
export class MovingContext implements Context {
  e!: EventView;
  stack!: Stack;
  frame: Frame | undefined = undefined;

  constructor(readonly w: World) {}
}
