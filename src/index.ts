/** The library: the verbs of the command, and what they work on. */
export {
  replay,
  replayRecording,
  type Moment,
  type ObjectCounts,
  type OperationSummary,
  type Replay,
  type ReplayOptions,
  type TraceSummary,
} from "./replay/replay.js";
export { Replaying, type ReplayingOptions } from "./replay/replaying.js";
export { firstDifference, restoreReplay, SnapshotError, stateHash, takeSnapshot } from "./snapshot/index.js";
export { diff } from "./compare/diff.js";
export type { Diff, Difference, DifferenceKind, DiffSummary, Hunk, HunkLine, Site } from "./compare/types.js";
export {
  minimise,
  minimiseRecording,
  type FindingChoice,
  type MinimiseOptions,
  type Minimised,
  type Unfound,
} from "./minimise/index.js";
export { recordingOf, written, type Written } from "./minimise/written.js";
export { RULES, type Finding, type RuleName } from "./check/finding.js";
export { errnoName } from "./base/errno.js";
export { MemoryLog, type Log, type Origin } from "./log/log.js";
export { importRecording, writeLog, type Imported, type ImportOptions } from "./read/import.js";
export { LogFile, type Damage } from "./log/file/log-file.js";
export { LogReader } from "./log/file/log-reader.js";
export { LogError } from "./log/file/log-error.js";
export { LogWriter, type SyncPolicy } from "./log/file/writer.js";
export { addSnapshots } from "./seek/add-snapshots.js";
export { checkStates, type CheckedState } from "./seek/check-states.js";
export { openSeeker } from "./seek/open.js";
export { Seeker } from "./seek/seeker.js";
export { becameTrue, firstTrue, type Predicate, type When } from "./seek/when.js";
export { lastChange, placeOf, why, type Why } from "./seek/why.js";
export { eventsOf, type Inside, type PlacedEvent } from "./replay/events.js";
export { eventAt, type KernelEvent } from "./log/event.js";
export type { Batch } from "./log/batch.js";
export type { FollowOptions } from "./read/live/recording.js";
export { openRecording, type OpenOptions, type Recording } from "./read/recording.js";
export { TroubleError } from "./base/trouble.js";
export { CallTrees, type CallNode } from "./reduce/call-tree.js";
export { Reducer } from "./reduce/reducer.js";
export { MutableStore, type Store } from "./reduce/store.js";
export { ObjectTree, PersistentStore, type Change } from "./reduce/persistent-store.js";
export { evolve, type Transition } from "./reduce/transitions.js";
export type { Observer } from "./reduce/observer.js";
export type * from "./reduce/objects.js";
export { catalogue, operations, points } from "../events/index.js";
export { readScenario, parseScenario, printScenario } from "./scenario/parse.js";
export type { Line, Operation as ScenarioOperation, Scenario } from "./scenario/types.js";
export { ALIASES, KernelDefinition, kernels, withoutPrivateMemory, withSlubDebug } from "./kernels/index.js";
export { loadKernel } from "./own-kernel/load.js";
export {
  ChoiceError,
  KernelFunctionError,
  simulate,
  type Ending,
  type FaultPoint,
  type Outcome,
  type Simulation,
  type SimulationOptions,
} from "./workload/simulate.js";
export {
  choicesOf,
  ChoicesError,
  parseChoices,
  printChoices,
  simulateChosen,
  type NamedStretch,
} from "./workload/choices.js";
export {
  EndlessError,
  walkFaults,
  type FaultRun,
  type FaultWalk,
  type PlannedFault,
  type WalkOptions,
} from "./workload/faults.js";
export { conform, type Blocked, type Conformance, type ConformOptions } from "./conform/index.js";
export { compareKernels, type Divergence, type ErrorPath, type KernelDiff } from "./compare/kernels.js";
export { query, type Answer, type QueryOptions } from "./query/query.js";
export { Real, type Cell } from "./query/sqlite/database.js";
export { ftraceText, ftraceTextOf } from "./write/ftrace.js";
export { ndjsonText } from "./export/ndjson.js";
export { perfettoText, type PerfettoOptions } from "./export/perfetto/index.js";
export { arrowStream } from "./export/arrow/index.js";
export { graphOf, type Graph, type GraphEdge, type GraphNode } from "./export/graph.js";
export { dotText } from "./export/dot.js";
export { mermaidText } from "./export/mermaid.js";
export { probesOf, type ProbesOf } from "./export/kprobe-events.js";
export { comparisonEntry, entryOf, recordingEntry, type CollectOptions } from "./report/collect.js";
export { textReport } from "./report/text.js";
export { markdownReport } from "./report/markdown.js";
export { sarifReport } from "./report/sarif.js";
export { junitReport } from "./report/junit.js";
export { svgReport } from "./report/svg.js";
export {
  TOUR_FOLDER,
  tourSteps,
  type TourCommand,
  type TourMoment,
  type TourStep,
  type TourView,
} from "./tour/index.js";
export type { About as ReportAbout, Entry as ReportEntry, Format as ReportFormat, Problem } from "./report/model.js";
