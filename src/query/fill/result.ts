/** The result of a call, and its error. */
import type { ArgumentDefinition } from "../../../events/definition.js";
import { errnoName } from "../../base/errno.js";
import type { EventView } from "../../log/view.js";
import { signed64 } from "../../log/view.js";
import type { Statement } from "../sqlite/database.js";
import { putArgument } from "./event-columns.js";
import type { Texts } from "./texts.js";

export class Result {
  readonly #put;

  constructor(private readonly definition: ArgumentDefinition) {
    this.#put = putArgument(definition);
  }

  put(row: Statement, at: number, e: EventView, texts: Texts): void {
    if (e.isFault(0)) row.null(at);
    else this.#put(row, at, e.batch, e.base, texts);
  }

  putError(row: Statement, at: number, e: EventView, texts: Texts): void {
    const errno = e.isFault(0) ? 0 : this.#errno(e, texts);
    if (errno < 0) row.text(at, errnoName(errno));
    else row.null(at);
  }

  /** Returns a negative errno, or 0 if the call did not fail with one. */
  #errno(e: EventView, { tables }: Texts): number {
    const low = e.batch.low[e.base]!;
    const { type, failure } = this.definition;
    if (type === "ptr") return tables.addresses.errno(low);
    if (failure !== "errno") return 0;
    return type === "s32" ? low | 0 : Number(signed64(low, e.batch.high[e.base]!));
  }
}
