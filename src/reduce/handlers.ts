/** The shape of a reducer: handlers of an operation's entry, of its return, and of the end of its reach. */
import type { OperationName } from "../../events/index.js";
import type { EndContext, EntryContext, ReturnContext } from "./context.js";

export interface Handlers<Name extends OperationName> {
  readonly entry?: (c: EntryContext<Name>) => void;
  readonly return?: (c: ReturnContext<Name>) => void;
  /** Nothing that follows can be inside the operation any more. */
  readonly end?: (c: EndContext) => void;
}

export type Reducers = { readonly [Name in OperationName]?: Handlers<Name> };
