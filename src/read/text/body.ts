/**
 * The body of a kprobe event as its print format has it, which is how perf and trace-cmd print it: `(address)
 * name=value …`, of a return `(function <- caller) name=value`. The arguments are as in ftrace's own text.
 */
import type { BatchBuilder } from "../../log/batch-builder.js";
import type { PlaceTable } from "../../log/tables.js";
import type { ArgumentNames } from "../arguments/names.js";
import { CLOSE, CR, LF, OPEN, SPACE } from "../ftrace/bytes.js";
import { ADDRESS, type CompiledPoint } from "../ftrace/compiled.js";
import { parseBodyFast } from "../ftrace/fast-body.js";
import { type Body, parseBody } from "../ftrace/slow-body.js";
import type { ReadReport } from "../report.js";
import { Bodies } from "./bodies.js";
import { PrintedPlaces } from "./places.js";

/**
 * `ffffffff817bea54 dput+0x4 ([kernel.kallsyms])`: where the event was, as perf adds it behind the arguments when asked
 * to.
 */
const ADDRESS_BEHIND = / [\da-f]{8,16}(?: |$)/;

export class PrintedBodies extends Bodies {
  readonly #printed: PrintedPlaces;

  constructor(
    builder: BatchBuilder,
    private readonly places: PlaceTable,
    names: ArgumentNames,
    report: ReadReport,
  ) {
    super(builder, names, report);
    this.#printed = new PrintedPlaces(places);
  }

  /**
   * Pushes place and arguments of the event that was begun last, if the body at `from` is beyond doubt. Returns where
   * the next line starts, or -1: then the event has to be abandoned. A line feed must follow in `bytes`.
   */
  fast(bytes: Uint8Array, from: number, point: CompiledPoint): number {
    if (bytes[from] !== OPEN) return -1;
    let close = from + 1;
    while (bytes[close] !== CLOSE) if (bytes[close++] === LF) return -1;
    this.builder.setPlace(this.#printed.intern(bytes, from + 1, close));
    if (point.args.length > 0) {
      if (bytes[close + 1] !== SPACE || bytes[close + 2] === OPEN) return -1;
      const next = parseBodyFast(bytes, close + 2, point, this.builder, this.places);
      if (next >= 0 || point.renamed === undefined) return next;
      return point.renamed.parse(bytes, close + 2, this.builder, this.places);
    }
    let p = close + 1;
    if (bytes[p] === SPACE) p++;
    if (bytes[p] === CR) p++;
    return bytes[p] === LF ? p + 1 : -1;
  }

  override parse(printed: string, point: CompiledPoint): Body {
    // The space in front of arguments, of an operation that has none.
    const text = point.args.length === 0 && /^\([^()]*\) $/.test(printed) ? printed.slice(0, -1) : printed;
    const body = parseBody(text, point);
    if (body.complete) return body;
    const end = addressBehind(text);
    const without = end < 0 ? undefined : parseBody(text.slice(0, end), point);
    return without && (without.complete || (body.leftover && isUnderstood(without))) ? without : body;
  }

  protected override setPlace(place: string): void {
    const bytes = Buffer.from(place, "latin1");
    this.builder.setPlace(this.#printed.intern(bytes, 0, bytes.length));
  }
}

/** Where the text ends to which perf added an address, which stands behind the last quote; -1 if it added none. */
function addressBehind(text: string): number {
  const from = Math.max(text.lastIndexOf('"'), text.lastIndexOf("\n")) + 1;
  const found = ADDRESS_BEHIND.exec(text.slice(from));
  if (!found) return -1;
  let end = from + found.index;
  while (end > from && text[end - 1] === " ") end--;
  return end;
}

function isUnderstood({ leftover, unterminated }: Body): boolean {
  return !leftover && !unterminated;
}

/**
 * Whether an event that the end of the file may have cut is beyond doubt: of a kernel address, all 16 digits are there.
 */
export function isWhole(body: Body, point: CompiledPoint): boolean {
  if (!body.complete) return false;
  const last = point.args.length - 1;
  return (
    last < 0 ||
    point.args[last]!.kind !== ADDRESS ||
    /^(?:0x(?:0|[0-9a-fA-F]{16})|\(fault\))$/.test(body.values[last] ?? "")
  );
}
