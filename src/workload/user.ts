/** What a program keeps in user space. */
import type { Struct } from "../simulate/structs.js";

export type User = Struct<"user">;

/** What a line comes to: a result, and what is printed behind it. */
export interface Outcome {
  readonly result: number;
  readonly extra?: string;
}
