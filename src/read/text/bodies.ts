/**
 * Places and arguments of events that are not as the catalogue expects them, from their text into the columns:
 * arguments under other names are found, what is missing is counted, and what a mailer put into the next line is
 * joined.
 */
import type { ArgumentDefinition } from "../../../events/definition.js";
import type { BatchBuilder } from "../../log/batch-builder.js";
import type { ArgumentNames } from "../arguments/names.js";
import { FAULT, Offer, OTHER, STRING as TEXT } from "../arguments/offer.js";
import type { Tally } from "../arguments/report.js";
import { pushNumberAs } from "../arguments/push.js";
import { ADDRESS, STRING, type CompiledArgument, type CompiledPoint } from "../ftrace/compiled.js";
import { Renamed } from "../ftrace/renamed.js";
import type { Body, PrintedArgument } from "../ftrace/slow-body.js";
import { wordsOf } from "../ftrace/words.js";
import type { ReadReport } from "../report.js";

const UNREADABLE = "(fault)";
/** A string that may have ended sooner, with more behind it. */
const AMBIGUOUS = /" \w+=/;
/** Characters of an event in several lines. */
const MAX_JOINED = 64 * 1024;

export abstract class Bodies {
  readonly #tallies: Tally[][] = [];
  readonly #offers: Offer[] = [];
  /** Number and text of the last event, if it lacks something that the next line may hold; 0 is none. */
  #open = 0;
  #text = "";
  #point!: CompiledPoint;
  #line = 0;
  /** How many arguments it printed, which of the catalogue's are not there, and whether it was counted as malformed. */
  #printed = 0;
  #absent = 0;
  #malformed = false;

  constructor(
    protected readonly builder: BatchBuilder,
    private readonly names: ArgumentNames,
    private readonly report: ReadReport,
  ) {}

  /** Any body, as text of one character a byte. */
  abstract parse(text: string, point: CompiledPoint): Body;

  /** Sets the place of the event that was begun last, as it was printed. */
  protected abstract setPlace(place: string): void;

  /** The last event lacks something, and the next line may be the rest of it: it must stay within reach. */
  get isOpen(): boolean {
    return this.#open === this.builder.events && this.builder.length > 0;
  }

  /** The arguments that an event of its operation has, if it is open. */
  get openArgs(): readonly ArgumentDefinition[] | undefined {
    return this.isOpen ? this.#point.point.args : undefined;
  }

  /** Pushes place and arguments of the event that was begun last. `line`: the last that its text is in. */
  push(text: string, body: Body, point: CompiledPoint, line: number): void {
    this.#push(text, body, point, line, this.#match(body, point, line));
  }

  /** An event of which nothing is printed but its name, where that says nothing about its probe. */
  pushNothing(point: CompiledPoint): void {
    for (let k = point.args.length; k > 0; k--) this.builder.pushFault();
  }

  /** Whether a line that is no event is the rest of the last one; then it is that. */
  rejoin(more: string, line: number): boolean {
    if (!this.isOpen || line !== this.#line + 1 || this.#text.length + more.length > MAX_JOINED) return false;
    const point = this.#point;
    const [before, rest] = [this.#text.trimEnd(), more.trim()];
    const isRest =
      before === "" ? rest.startsWith("(") : isInPlace(before) ? /^[^()]*\)/.test(rest) : /^\w+=/.test(rest);
    if (!isRest) return false;
    const text = before === "" ? rest : `${before} ${rest}`;
    const body = this.parse(text, point);
    if (body.leftover || body.unterminated) return false;
    const matched = this.#match(body, point, line);
    if (!body.complete && !this.#isMore(body, point, matched)) return false;
    this.#takeBack(point);
    this.#push(text, body, point, line, matched);
    return true;
  }

  /**
   * Finds arguments that the event lacks under other names; not where the text is not understood, nor in events of the
   * kernel's own.
   */
  #match(
    { printed, hasOthers, leftover, unterminated }: Body,
    point: CompiledPoint,
    line: number,
  ): Int32Array | undefined {
    if (!hasOthers || leftover || unterminated || point.print !== undefined) return undefined;
    const names = this.names.of(point.point);
    for (let i = 0; i < printed.length; i++) {
      const { name, value } = printed[i]!;
      const offer = (this.#offers[i] ??= new Offer());
      offer.name = name;
      if (names.shape.named(name) < 0) setOffer(offer, value);
    }
    const matched = names.match(this.#offers, printed.length, this.report.arguments, line);
    const isWhole = printed.length === point.args.length && matched.every((i, k) => i === k);
    if (isWhole && point.renamed?.holds !== true)
      point.renamed = new Renamed(
        names,
        printed.map(({ name }) => name),
      );
    return matched;
  }

  #push(text: string, body: Body, point: CompiledPoint, line: number, matched: Int32Array | undefined): void {
    const { builder } = this;
    if (body.place !== undefined) this.setPlace(body.place);
    let understood = !body.leftover && !body.unterminated;
    let absent = 0;
    for (let k = 0; k < point.args.length; k++) {
      const arg = point.args[k]!;
      const value = body.values[k];
      const i = matched === undefined ? -1 : matched[k]!;
      if (value === undefined && i >= 0) this.#pushOffer(point, k, this.#offers[i]!, body.printed[i]!.value);
      else if (value === undefined) {
        builder.pushFault();
        absent |= 1 << k;
      } else if (value === UNREADABLE) builder.pushFault();
      else if (!pushValue(arg, value, builder)) {
        builder.pushFault();
        understood = false;
      }
    }
    if (!understood) this.report.malformed++;
    if (absent !== 0 && point.print === undefined) this.#count(point, absent, 1);
    this.#open = absent === 0 && understood && text !== "" ? 0 : builder.events;
    if (this.#open === 0) return;
    this.#text = text;
    this.#point = point;
    this.#line = line;
    this.#printed = body.printed.length;
    this.#absent = absent;
    this.#malformed = !understood;
  }

  #pushOffer(point: CompiledPoint, k: number, { low, high, bits }: Offer, value: string): void {
    if ((bits & FAULT) !== 0) this.builder.pushFault();
    else if (point.args[k]!.kind === STRING) pushText(value, this.builder);
    else pushNumberAs(point.point.args[k]!.type, low, high, this.builder);
  }

  /** Whether a text that goes on has all that it has more of in places of its own. */
  #isMore({ printed, values }: Body, { args }: CompiledPoint, matched: Int32Array | undefined): boolean {
    const more = printed.slice(this.#printed);
    const isOwn = ({ name, value }: PrintedArgument): boolean =>
      args.some((arg, k) => arg.name === name && values[k] === value);
    return more.length > 0 && more.every((one, i) => isOwn(one) || matched?.includes(this.#printed + i));
  }

  /** The last event's arguments are pushed anew. */
  #takeBack(point: CompiledPoint): void {
    this.builder.again();
    if (this.#malformed) this.report.malformed--;
    if (this.#absent !== 0 && point.print === undefined) this.#count(point, this.#absent, -1);
  }

  #count(point: CompiledPoint, absent: number, by: 1 | -1): void {
    for (let k = 0; k < point.args.length; k++) if ((absent & (1 << k)) !== 0) this.#tally(point, k).times += by;
  }

  #tally(point: CompiledPoint, k: number): Tally {
    const tallies = (this.#tallies[point.id] ??= []);
    return (tallies[k] ??= this.report.arguments.lacking(point.event, point.args[k]!.name));
  }
}

function setOffer(offer: Offer, value: string): void {
  if (value.startsWith('"')) return offer.setKind(AMBIGUOUS.test(value) ? OTHER : TEXT);
  if (value === UNREADABLE) return offer.setKind(FAULT);
  const words = wordsOf(value);
  if (words === undefined) offer.setKind(OTHER);
  else
    offer.setNumber(words.low, words.high, value.startsWith("0x") ? "hexadecimal" : "decimal", value.startsWith("-"));
}

function pushValue(arg: CompiledArgument, value: string, builder: BatchBuilder): boolean {
  if (arg.kind === STRING) {
    if (!value.startsWith('"')) return false;
    pushText(value, builder);
    return true;
  }
  const words = wordsOf(value);
  if (words === undefined) return false;
  if (arg.kind === ADDRESS) builder.pushAddress(words.low, words.high);
  else builder.pushNumber(words.low, words.high);
  return true;
}

/** A string between quotes. */
function pushText(quoted: string, builder: BatchBuilder): void {
  const bytes = Buffer.from(quoted.slice(1, -1), "latin1");
  builder.pushStringBytes(bytes, 0, bytes.length);
}

/** Whether a text ends between the parentheses of a place. */
function isInPlace(text: string): boolean {
  return text.startsWith("(") && !text.includes(")");
}
