/**
 * The payload of a block of events. First the part that a scan needs, then the rest:
 *
 *     points      how many different points, then of each its number in the schema and how many events it has
 *     point       compressed: one byte an event, which of these it is (two, where there are more than 256)
 *     the rest    compressed: the streams below, one after the other, each after its length
 *
 * A block stands alone: its tasks, places, addresses and strings are in its own dictionaries, numbered from 0 in the
 * order in which its events name them. Numbers are encoded as in `bytes.ts`.
 */
export const STREAMS = [
  /** Dictionary: bytes of `comm-pid`, then the thread group + 1 (0: not known). */
  "taskNames",
  /** Runs: number of events, and their task. */
  "tasks",
  "cpus",
  "contexts",
  /**
   * First the digits that the recording printed, and the unit: 0, or nanoseconds a step. Then each event's time as the
   * difference to the event before, in steps, of either sign; with unit 0 the two numbers of the time itself.
   */
  "times",
  /** Runs: number of events, and the difference of each one's line to the one before (of either sign). */
  "lines",
  /** Dictionary: bytes. The first is empty: no place. */
  "placeNames",
  /**
   * Number of events to skip, whose place is that of the latest event of their point, then the place of the next;
   * repeated.
   */
  "places",
  /** Number of events to skip, then the fault mask of the next; repeated. */
  "faults",
  /** Dictionary: low and high word, each as the difference to the one before (zigzag). NULL is not in it. */
  "addressWords",
  /**
   * A code for each address of each event: 0 for NULL, 1 to 8 for one of the latest eight, the latest first; 9 for the
   * next of the dictionary, and from 10 on the number of an earlier one, counted back from the newest.
   */
  "addresses",
  /**
   * A code for each number: 0 for that of the latest event of its point; 1, then both words; otherwise its difference
   * in the low word (zigzag), plus 1.
   */
  "numbers",
  /** Dictionary: twice the length, plus one for UTF-16 (text that UTF-8 cannot encode), then the bytes. */
  "texts",
  /**
   * A code for each string: 0 for that of the latest event of its point, otherwise its number in the dictionary plus 1.
   */
  "strings",
  /** Events that are not in the catalogue: number of events to skip, then their name and their text. */
  "unknown",
  /** Losses: the event after it, the CPU, the number of lost events, the line. */
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

/** Maximal number of arguments of an event: the latest value of argument k of point p is at `p * MAX_ARGS + k`. */
export const MAX_ARGS = 16;
/** Maximal number of events in a block: a reader never allocates for more. */
export const MAX_EVENTS = 1 << 20;
/** Number of different points up to which one byte an event is enough. */
export const BYTE_POINTS = 256;
