/** Bodies as ftrace itself prints them. */
import type { BatchBuilder } from "../../log/batch-builder.js";
import type { PlaceTable } from "../../log/tables.js";
import type { ArgumentNames } from "../arguments/names.js";
import type { ReadReport } from "../report.js";
import { Bodies } from "../text/bodies.js";
import type { CompiledPoint } from "./compiled.js";
import { type Body, parseBody } from "./slow-body.js";

export class FtraceBodies extends Bodies {
  constructor(
    builder: BatchBuilder,
    private readonly places: PlaceTable,
    names: ArgumentNames,
    report: ReadReport,
  ) {
    super(builder, names, report);
  }

  override parse(text: string, point: CompiledPoint): Body {
    return parseBody(text, point);
  }

  protected override setPlace(place: string): void {
    const bytes = Buffer.from(place, "latin1");
    this.builder.setPlace(this.places.internBytes(bytes, 0, bytes.length));
  }
}
