/**
 * What one kind of kernel object is: what counts the references on it, which stages its life has, what is known of it
 * besides, and in which words people are told.
 *
 * As with operations, this catalogue is the only place that knows a kind's shape. The types that reducers work with, a
 * bare life, its snapshot, the facts of a state, the pointers of a graph, the words of `why`, the values that `when`
 * can ask for, the viewer's colours and a chapter of the reference derive from it.
 */

/** How the values of a field are kept. */
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
  /** No state of the kernel's: reducers and rules remember it. */
  readonly remembered?: true;
  /** It says where an object stands in its life: what happens to it after rests on that. */
  readonly life?: true;
  /** How it is told that it changed, where the values say nothing: they are events, or how often something was. */
  readonly became?: string;
}

/** What is known of every object of a kind, under one name: what its values are, and how people are told. */
export interface Field<Value = unknown, Type extends FieldType = FieldType> extends Options {
  readonly type: Type;
  /** One line: what it is. */
  readonly meaning: string;
  /** What it is of an object of which nothing is known yet. */
  readonly blank: Value;
  /** Of a pointer: the kind that it points to. */
  readonly to?: string;
  /** Of a pointer: it and what it points to are made at about the same time. */
  readonly near?: true;
  /** Of a pointer that holds nothing by itself: what the graph writes on the arrow, with other fields in braces. */
  readonly arrow?: string;
  /** Of several pointers: what they point to ends with the object. */
  readonly endsToo?: true;
  /** Of a stage. */
  readonly stages?: readonly string[];
  /** Stages that go without saying. */
  readonly usual?: readonly string[];
  /** The stage after which the object's end is not seen as an event of its own. */
  readonly ending?: string;
  /** Of a tally: it rises and falls. */
  readonly falls?: true;
  /** Of a tally: the number of each is known, by descriptor tables. */
  readonly numbered?: true;
}

/** The fields of a kind, by their names. */
export type Fields = { readonly [name: string]: Field };

type PointerOptions = Options & Pick<Field, "near" | "arrow">;

/** Another object: its id, 0 while none is known. */
export function pointer(to: string, meaning: string, options: PointerOptions = {}): Field<number, "pointer"> {
  return { type: "pointer", blank: 0, to, meaning, ...options };
}

/** Other objects, in the order in which they came. */
export function pointers(
  to: string,
  meaning: string,
  options: Options & Pick<Field, "endsToo"> = {},
): Field<number[], "pointers"> {
  return { type: "pointers", blank: [], to, meaning, ...options };
}

/** Where in its life an object is. One of which nothing is known is at the first of these, or where `met` says. */
export function stage<const Stage extends string>(
  stages: readonly [Stage, ...Stage[]],
  meaning: string,
  { met = stages[0], ...options }: Pick<Field, "usual" | "ending"> & { readonly met?: NoInfer<Stage> } = {},
): Field<Stage, "stage"> {
  return { type: "stage", blank: met, stages, meaning, life: true, ...options };
}

/** A number that a probe prints; `null` until one has. */
export function observed(meaning: string, options: Options = {}): Field<number | null, "observed"> {
  return { type: "observed", blank: null, meaning, ...options };
}

/** A number that the reducer keeps, from 0. */
export function amount(meaning: string, options: Options = {}): Field<number, "amount"> {
  return { type: "amount", blank: 0, meaning, ...options };
}

/** How often something happened, or how many there are of something. */
export function tally(
  meaning: string,
  options: Options & Pick<Field, "falls" | "numbered"> = {},
): Field<number, "tally"> {
  return { type: "tally", blank: 0, meaning, ...options };
}

export function flag(meaning: string, options: Options = {}): Field<boolean, "flag"> {
  return { type: "flag", blank: false, meaning, ...options };
}

/** Anybody's words: a recording can have anything in it. */
export function text(meaning: string, options: Options & { readonly blank?: string } = {}): Field<string, "text"> {
  return { type: "text", blank: "", meaning, ...options };
}

/** The number of an event, 0 while there was none. */
export function event(meaning: string, options: Options = {}): Field<number, "event"> {
  return { type: "event", blank: 0, meaning, ...options };
}

export function events(meaning: string, options: Options = {}): Field<number[], "events"> {
  return { type: "events", blank: [], meaning, ...options };
}

/** An address that may outlive what was there; 0 for none. */
export function address(meaning: string, options: Options = {}): Field<number, "address"> {
  return { type: "address", blank: 0, meaning, ...options };
}

export function addresses(meaning: string, options: Options = {}): Field<number[], "addresses"> {
  return { type: "addresses", blank: [], meaning, ...options };
}

/** Descriptor to file, or to 0 while it is reserved (`get_unused_fd_flags`) and nothing is installed. */
export function descriptors(meaning: string): Field<Record<number, number>, "descriptors"> {
  return { type: "descriptors", blank: {}, meaning };
}

/** What counts the references on a kind of object. */
export interface Count {
  /** What the kernel calls it: `i_count`. */
  readonly name: string;
  /** References in it that belong to nobody, and what the kernel calls them. */
  readonly base?: { readonly references: number; readonly name: string };
}

/** The field that names an object to people. */
export interface Name<FieldName extends string = string> {
  readonly field: FieldName;
  /** It is in every label, in place of the address. */
  readonly inLabel?: true;
  /** It is known from an object's first event on. Others learn it later. */
  readonly fromBirth?: true;
}

/** Where the healthy path gives a reference on this kind of object back. */
export interface GivenBack {
  readonly onError: string;
  readonly onRelease: string;
}

/** How pictures show a kind. */
export interface Drawn {
  /** `#rrggbb`, on a light and on a dark ground. Kinds without one are drawn as lines are. */
  readonly colour?: readonly [light: string, dark: string];
  /** Column in the viewer's graph, from holders (0) to what they hold. */
  readonly column: number;
  /** What Graphviz calls its shape; a box if absent. */
  readonly shape?: string;
}

/**
 * What a state says of an object, part by part: text with fields in braces, left out where the first of these fields
 * has nothing to say, or then said otherwise. `{pages:page}` is a number of pages, `{stage!}` the stage even if it is
 * usual.
 */
export type FactTemplate = string | readonly [said: string, otherwise: string];

/** One kind of kernel object, as the catalogue has it. */
export interface KindDefinition<Name_ extends string = string, F extends Fields = Fields> {
  readonly name: Name_;
  readonly plural: string;
  /** The structure in C. */
  readonly struct: string;
  /** Where the structure is defined, as of the newest kernel that recordings vouch for. */
  readonly source: string;
  readonly summary: string;
  readonly count: Count;
  readonly fields: F;
  readonly named?: Name;
  /** It has no address that a probe prints: a number of its own tells it from others, under this name. */
  readonly numbered?: string;
  /** Reports count its lives, and states list them. */
  readonly counted: boolean;
  /** Few, and alive from the beginning of a recording to its end. */
  readonly lasting?: true;
  /** Its memory is another's at once when it is gone, whoever that belongs to. */
  readonly reused?: true;
  /** Names of arguments that say what kind of object they are. */
  readonly arguments: readonly string[];
  readonly facts: readonly FactTemplate[];
  readonly givenBack?: GivenBack;
  /** Operations of which one must be shown for a beginning, and whose it is, to show; absent: there is always one. */
  readonly begins?: readonly string[];
  /** Operations that must all be shown for an end to show. */
  readonly ends?: readonly string[];
  readonly drawn: Drawn;
}

export function kind<const Name_ extends string, const F extends Fields>(
  definition: KindDefinition<Name_, F> & { readonly named?: Name<keyof F & string> },
): KindDefinition<Name_, F> {
  return Object.freeze(definition);
}

/** What objects of a kind have beyond a life: their fields, as values that a store may write. */
export type ValuesOf<F extends Fields> = {
  -readonly [Name_ in keyof F]: F[Name_] extends Field<infer Value> ? Value : never;
};
