/** The library: the verbs of the command, and what they work on. */
export { replay, replayRecording, type Moment, type ObjectCounts, type OperationSummary, type Replay, type ReplayOptions, type TraceSummary } from "./replay.js";
export { diff } from "./compare/diff.js";
export type { Diff, Difference, DifferenceKind, DiffSummary, Hunk, HunkLine, Site } from "./compare/types.js";
export { RULES, type Finding, type RuleName } from "./check/finding.js";
export { errnoName } from "./check/errno.js";
export { MemoryLog, type Log, type Origin } from "./log/log.js";
export { eventsOf, type Inside, type PlacedEvent } from "./events.js";
export { eventAt, type KernelEvent } from "./log/event.js";
export type { Batch } from "./log/batch.js";
export { openRecording, type OpenOptions, type Recording } from "./read/recording.js";
export { TroubleError } from "./read/trouble.js";
export { CallTrees, type CallNode } from "./reduce/call-tree.js";
export { Reducer } from "./reduce/reducer.js";
export { MutableStore, type Store } from "./reduce/store.js";
export { ObjectTree, PersistentStore, type Change } from "./reduce/persistent-store.js";
export type * from "./reduce/objects.js";
export { catalogue, operations, points } from "../events/index.js";
