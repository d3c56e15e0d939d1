import type { EventView } from "../log/view.js";
import type { Frame, Stack } from "./calls.js";
import type { KernelObject } from "./objects.js";
import type { Transition } from "./transitions.js";

/** Receives what happens as it happens: call trees, object lives, and moments are built on this. */
export interface Observer {
  /** By point: 0 if `entered`, `returned` and `reduced` are not to be called. Absent: they are, for every event. */
  readonly points?: Uint8Array;
  /** A transition was applied to an object, which is now what it made of it. */
  changed?(object: KernelObject, transition: Transition): void;
  /** An event touched an object that is followed. */
  touched?(object: KernelObject, event: EventView, note: string): void;
  /** Before an entry is reduced; `frame` is already the stack's top. */
  entered?(event: EventView, stack: Stack, frame: Frame | undefined): void;
  /** Before a return is reduced; `frame` is already off the stack. */
  returned?(event: EventView, stack: Stack, frame: Frame | undefined): void;
  /** After an event is reduced. */
  reduced?(event: EventView, stack: Stack, frame: Frame | undefined): void;
  /** A frame without a return of its own is closed by `event`, which is not inside it. */
  closed?(frame: Frame, stack: Stack, event: EventView): void;
  /** The recording is over. */
  finish?(): void;
}
