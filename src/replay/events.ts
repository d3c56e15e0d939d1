/** The events of a recording one by one, each with the operations around it. */
import { points } from "../../events/index.js";
import { eventAt, type KernelEvent } from "../log/event.js";
import { openRecording, type OpenOptions } from "../read/recording.js";
import type { Stack } from "../reduce/calls.js";
import { Reducer } from "../reduce/reducer.js";
import { MutableStore } from "../reduce/store.js";

/** An operation in progress, by the event of its entry. */
export interface Inside {
  readonly operation: string;
  readonly event: number;
}

/** An event, and the operations in progress around it on its task. */
export interface PlacedEvent extends KernelEvent {
  /** Outermost first: `kvm_gmem_create`, `alloc_file_pseudo`. Empty if no probed operation is around it. */
  readonly inside: readonly Inside[];
}

const NOTHING: readonly Inside[] = Object.freeze([]);

/**
 * Reads a recording as a stream of events, each with the operations in progress around it. An operation without a
 * return probe is taken to last as long as what follows can be inside it.
 *
 * @throws {TroubleError} If it is no recording, or cannot be read: with file and line.
 */
export async function* eventsOf(path: string, options: OpenOptions = {}): AsyncGenerator<PlacedEvent> {
  const recording = await openRecording(path, options);
  const reducer = new Reducer(new MutableStore(), points, recording.tables);
  const insides: (readonly Inside[])[] = [];
  let first = 1;
  const note = (seq: number, stack: Stack, own: number): void => {
    insides[seq - first] = Object.freeze(
      [...stack.frames()]
        .filter((f) => f.seq !== own)
        .map((f) => Object.freeze({ operation: f.operation.name, event: f.seq })),
    );
  };
  reducer.world.observer = {
    entered: (e, stack, frame) => note(e.seq, stack, frame?.seq ?? 0),
    returned: (e, stack) => note(e.seq, stack, 0),
  };
  try {
    for await (const batch of recording.batches()) {
      first = batch.firstSeq;
      insides.length = 0;
      reducer.reduce(batch);
      for (let i = 0; i < batch.length; i++)
        yield Object.freeze({ ...eventAt(batch, i, points, recording.tables), inside: insides[i] ?? NOTHING });
    }
  } finally {
    await recording.close();
  }
}
