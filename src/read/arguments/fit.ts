/** The values that an argument of the catalogue can have, and those that are evidence for it. */
import type { ArgumentDefinition } from "../../../events/definition.js";
import { parameterOf } from "../../../events/parameters.js";
import {
  BELOW_ERRORS,
  DECIMAL,
  ERROR,
  FAULT,
  HEXADECIMAL,
  NOT_BOOLEAN,
  NUMBER,
  OTHER,
  POINTER,
  STRING,
  WIDE,
  ZERO,
} from "./offer.js";

/** Bits of an `Offer`. */
export interface Fit {
  /** Values that the argument never has. */
  readonly denied: number;
  /** Values that the argument can have, but that rather indicate another argument until more is known. */
  readonly doubtful: number;
  /** Values of which one must have been seen. */
  readonly evidence: number;
}

const NUMBERS = ZERO | ERROR | NUMBER;
/** Types that a probe prints as decimals. */
const DECIMALS = /^[us]/;

/** A parameter in a register that is not among the catalogue's arguments. */
export const ANY_POINTER: Fit = {
  denied: NUMBER | STRING | OTHER | FAULT,
  doubtful: DECIMAL,
  evidence: POINTER | ZERO,
};
export const ANY_NUMBER: Fit = { denied: POINTER | STRING | OTHER | FAULT, doubtful: 0, evidence: NUMBERS };

export function fitOf(arg: ArgumentDefinition): Fit {
  const isResult = arg.failure !== undefined;
  const isRead = !isResult && parameterOf(arg) < 0;
  if (arg.type === "string") return { denied: POINTER | NUMBERS | OTHER, doubtful: 0, evidence: STRING };
  if (arg.type === "ptr") {
    if (isResult) return { ...ANY_POINTER, evidence: POINTER | ZERO | ERROR };
    return isRead ? { ...ANY_POINTER, denied: ANY_POINTER.denied & ~FAULT } : ANY_POINTER;
  }
  let { denied } = ANY_NUMBER;
  if (arg.type === "u8") denied |= NOT_BOOLEAN;
  else if (!arg.type.endsWith("64")) denied |= WIDE;
  if (isResult && arg.type === "s32") denied |= BELOW_ERRORS;
  if (!isRead) return { ...ANY_NUMBER, denied };
  // A value read from memory is printed with its type; one in a register, often as the register.
  return { ...ANY_NUMBER, denied: denied & ~FAULT, doubtful: DECIMALS.test(arg.type) ? HEXADECIMAL : DECIMAL };
}

/** True if the values seen can be the argument's, with or without evidence. */
export function mayBe(seen: number, { denied, doubtful }: Fit): boolean {
  return (seen & (denied | doubtful)) === 0;
}

export function fits(seen: number, fit: Fit): boolean {
  return mayBe(seen, fit) && (seen & fit.evidence) !== 0;
}
