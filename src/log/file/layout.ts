/**
 * The payload of a block of events. First what a scan wants, then everything else:
 *
 *     points      how many different points, then of each its number in the schema and how many events it has
 *     point       compressed: one byte an event, which of these it is (two, where there are more than 256)
 *     the rest    compressed: the streams below, one after the other, each behind its length
 *
 * A block stands alone: its tasks, places, addresses and strings are in its own dictionaries, numbered from 0 in the
 * order in which its events name them. Numbers are `bytes.ts`'s.
 */
export const STREAMS = [
  /** Dictionary: bytes of `comm-pid`, then the thread group + 1 (0: not known). */
  "taskNames",
  /** Runs: how many events, and the task. */
  "tasks",
  "cpus",
  "contexts",
  /**
   * First how many digits the recording printed, and the unit: 0, or nanoseconds a step. Then each event's time as the
   * difference to the event before, in steps, of either sign; with unit 0 the two numbers of the time itself.
   */
  "times",
  /** Runs: how many events, and by how much each one's line is above the one before (of either sign). */
  "lines",
  /** Dictionary: bytes. The first is the empty one, no place. */
  "placeNames",
  /**
   * How many events go by whose place is that of the latest event of their point, then the place of the next; and so
   * on.
   */
  "places",
  /** How many events go by, then the fault mask of the next; and so on. */
  "faults",
  /** Dictionary: low and high word, each as the difference to the one before (zigzag). NULL is not in it. */
  "addressWords",
  /**
   * Of each address of each event: 0 for NULL, 1 to 8 for one of the latest eight, the latest first; 9 for the next of
   * the dictionary, and from 10 on the number of one that was there before, counted back from the newest.
   */
  "addresses",
  /**
   * Of each number: 0 for that of the latest event of its point; 1, then both words; else its difference in the low
   * word (zigzag), plus 1.
   */
  "numbers",
  /** Dictionary: the length twice, plus one where it is UTF-16 (what UTF-8 has no bytes for), then the bytes. */
  "texts",
  /** Of each string: 0 for that of the latest event of its point, else its number in the dictionary plus 1. */
  "strings",
  /** Events of no catalogue: how many events go by, then their name and their text. */
  "unknown",
  /** Losses: before which event, on which CPU, how many, at which line. */
  "losses",
] as const;
export type StreamName = (typeof STREAMS)[number];

/** Addresses that have a code of one byte. */
export const RECENT = 8;
export const NEXT_ADDRESS = RECENT + 1;
export const KNOWN_ADDRESS = RECENT + 2;

export const SAME_NUMBER = 0;
export const WHOLE_NUMBER = 1;
/** The largest difference that has a code of its own. */
export const MAX_STEP = 0xfffffffe;

/** Arguments that an event can have: where the latest value of argument k of point p stands is `p * MAX_ARGS + k`. */
export const MAX_ARGS = 16;
/** What a block can hold: no reader allocates for more than a block says, and no block says more. */
export const MAX_EVENTS = 1 << 20;
/** Different points up to which one byte an event is enough. */
export const BYTE_POINTS = 256;
