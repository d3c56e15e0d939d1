/**
 * The definition of a kind of kernel object: the counter of its references, the stages of its life, its fields, and the
 * words that describe them to people.
 *
 * As with operations, this catalogue is the only place that knows a kind's shape. The types that reducers work with, a
 * bare life, its snapshot, the facts of a state, the pointers of a graph, the words of `why`, the values that `when`
 * can query, the viewer's colours and a chapter of the reference derive from it.
 */

/** The storage of a field's values. */
export type FieldType =
  | "pointer"
  | "pointers"
  | "stage"
  | "observed"
  | "amount"
  | "tally"
  | "flag"
  | "text"
  | "event"
  | "events"
  | "address"
  | "addresses"
  | "descriptors";

interface Options {
  /** Not a state of the kernel's: reducers and rules remember it. */
  readonly remembered?: true;
  /** It is a stage of the object's life: later transitions depend on it. */
  readonly life?: true;
  /** The words for a change whose values say nothing: events, or numbers of occurrences. */
  readonly became?: string;
}

/** A property of every object of a kind, under one name: its values, and the words that describe it to people. */
export interface Field<Value = unknown, Type extends FieldType = FieldType> extends Options {
  readonly type: Type;
  /** One line: its meaning. */
  readonly meaning: string;
  /** The value for an object of which nothing is known yet. */
  readonly blank: Value;
  /** Pointers only: the kind that it points to. */
  readonly to?: string;
  /** Pointers only: the object and its target are made at about the same time. */
  readonly near?: true;
  /** Pointers that hold nothing by themselves: the graph's text on the arrow, with other fields in braces. */
  readonly arrow?: string;
  /** Fields of several pointers: their targets end with the object. */
  readonly endsToo?: true;
  /** Stages only: all of them, in order. */
  readonly stages?: readonly string[];
  /** Stages that are not worth printing. */
  readonly usual?: readonly string[];
  /** The stage after which the object's end is not an event of its own. */
  readonly ending?: string;
  /** Tallies only: it rises and falls. */
  readonly falls?: true;
  /** Tallies only: descriptor tables have the numbers of the things counted. */
  readonly numbered?: true;
}

/** The fields of a kind, by their names. */
export type Fields = { readonly [name: string]: Field };

type PointerOptions = Options & Pick<Field, "near" | "arrow">;

/** Another object: its id, 0 if none is known. */
export function pointer(to: string, meaning: string, options: PointerOptions = {}): Field<number, "pointer"> {
  return { type: "pointer", blank: 0, to, meaning, ...options };
}

/** Other objects, in the order in which they appeared. */
export function pointers(
  to: string,
  meaning: string,
  options: Options & Pick<Field, "endsToo"> = {},
): Field<number[], "pointers"> {
  return { type: "pointers", blank: [], to, meaning, ...options };
}

/** The stage of an object's life. An object of which nothing is known is at the first of these, or at `met`. */
export function stage<const Stage extends string>(
  stages: readonly [Stage, ...Stage[]],
  meaning: string,
  { met = stages[0], ...options }: Pick<Field, "usual" | "ending"> & { readonly met?: NoInfer<Stage> } = {},
): Field<Stage, "stage"> {
  return { type: "stage", blank: met, stages, meaning, life: true, ...options };
}

/** A number that a probe prints; `null` until then. */
export function observed(meaning: string, options: Options = {}): Field<number | null, "observed"> {
  return { type: "observed", blank: null, meaning, ...options };
}

/** A number that the reducer keeps, from 0. */
export function amount(meaning: string, options: Options = {}): Field<number, "amount"> {
  return { type: "amount", blank: 0, meaning, ...options };
}

/** A number of occurrences or of things. */
export function tally(
  meaning: string,
  options: Options & Pick<Field, "falls" | "numbered"> = {},
): Field<number, "tally"> {
  return { type: "tally", blank: 0, meaning, ...options };
}

export function flag(meaning: string, options: Options = {}): Field<boolean, "flag"> {
  return { type: "flag", blank: false, meaning, ...options };
}

/** Untrusted text of a recording. */
export function text(meaning: string, options: Options & { readonly blank?: string } = {}): Field<string, "text"> {
  return { type: "text", blank: "", meaning, ...options };
}

/** The number of an event, 0 if there was none. */
export function event(meaning: string, options: Options = {}): Field<number, "event"> {
  return { type: "event", blank: 0, meaning, ...options };
}

export function events(meaning: string, options: Options = {}): Field<number[], "events"> {
  return { type: "events", blank: [], meaning, ...options };
}

/** An address that may outlive its object; 0 for none. */
export function address(meaning: string, options: Options = {}): Field<number, "address"> {
  return { type: "address", blank: 0, meaning, ...options };
}

export function addresses(meaning: string, options: Options = {}): Field<number[], "addresses"> {
  return { type: "addresses", blank: [], meaning, ...options };
}

/** Descriptor to file, or to 0 if it is reserved (`get_unused_fd_flags`) and no file is installed. */
export function descriptors(meaning: string): Field<Record<number, number>, "descriptors"> {
  return { type: "descriptors", blank: {}, meaning };
}

/** The counter of the references on a kind of object. */
export interface Count {
  /** The kernel's name for it: `i_count`. */
  readonly name: string;
  /** References in it that have no owner, and the kernel's name for them. */
  readonly base?: { readonly references: number; readonly name: string };
}

/** The field that names an object to people. */
export interface Name<FieldName extends string = string> {
  readonly field: FieldName;
  /** Every label has it, in place of the address. */
  readonly inLabel?: true;
  /** It is known from an object's first event on. Others are known later. */
  readonly fromBirth?: true;
}

/** The code of the healthy path that gives back a reference on this kind of object. */
export interface GivenBack {
  readonly onError: string;
  readonly onRelease: string;
}

/** The appearance of a kind in pictures. */
export interface Drawn {
  /** `#rrggbb`, on a light and on a dark ground. Kinds without one have the colour of lines. */
  readonly colour?: readonly [light: string, dark: string];
  /** Column in the viewer's graph, from holders (0) to what they hold. */
  readonly column: number;
  /** Graphviz's name of its shape; a box if absent. */
  readonly shape?: string;
}

/**
 * A fact about an object: text with fields in braces, omitted if the first of these fields is unset, or then replaced
 * by the second text. `{pages:page}` is a number of pages, `{stage!}` the stage even if it is usual.
 */
export type FactTemplate = string | readonly [said: string, otherwise: string];

/** One kind of kernel object, as the catalogue has it. */
export interface KindDefinition<Name_ extends string = string, F extends Fields = Fields> {
  readonly name: Name_;
  readonly plural: string;
  /** The structure in C. */
  readonly struct: string;
  /** The file that defines the structure, in the newest kernel that was recorded. */
  readonly source: string;
  readonly summary: string;
  readonly count: Count;
  readonly fields: F;
  readonly named?: Name;
  /** It has no address that a probe prints: a number under this name identifies it. */
  readonly numbered?: string;
  /** Reports count its lives, and states list them. */
  readonly counted: boolean;
  /** A kind of few objects that live from the beginning of a recording to its end. */
  readonly lasting?: true;
  /** Its memory is reused at once after it is freed, by any kind of object. */
  readonly reused?: true;
  /** Names of arguments that imply the kind of their object. */
  readonly arguments: readonly string[];
  readonly facts: readonly FactTemplate[];
  readonly givenBack?: GivenBack;
  /**
   * Operations of which the recording must show one, or a beginning and its owner stay unseen; absent: there is always
   * one.
   */
  readonly begins?: readonly string[];
  /** Operations that the recording must all show for an end to be seen. */
  readonly ends?: readonly string[];
  readonly drawn: Drawn;
}

export function kind<const Name_ extends string, const F extends Fields>(
  definition: KindDefinition<Name_, F> & { readonly named?: Name<keyof F & string> },
): KindDefinition<Name_, F> {
  return Object.freeze(definition);
}

/** The fields of a kind, as values that a store may write. */
export type ValuesOf<F extends Fields> = {
  -readonly [Name_ in keyof F]: F[Name_] extends Field<infer Value> ? Value : never;
};
