/** Fills the tables and columns that a statement reads, while the recording is read once. */
import type { Finding } from "../../check/finding.js";
import type { Batch } from "../../log/batch.js";
import { Span } from "../../log/span.js";
import { parseTime } from "../../read/ndjson/numbers.js";
import type { Recorded } from "../../read/report.js";
import { showing } from "../../read/showing.js";
import type { Observer } from "../../reduce/observer.js";
import { type Replay, replayRecording } from "../../replay/replay.js";
import { all } from "../../replay/observers.js";
import type { Database } from "../sqlite/database.js";
import type { Table } from "../table.js";
import type { Used } from "../used.js";
import { CallWatcher, calls, readsReturns } from "./calls.js";
import { BatchRows } from "./batch-rows.js";
import { Insert } from "./insert.js";
import { Lives } from "./lives.js";
import { exact } from "./numbers.js";
import { operationTables } from "./operation-tables.js";
import { recording as recordingTable, recordingRows } from "./recording-table.js";
import { findings, hazards, objects, operations, references } from "./state-tables.js";
import { textsOf } from "./texts.js";

/** Reads the recording to its end and closes it. */
export async function fill(database: Database, used: Used, recording: Recorded): Promise<void> {
  await new Filling(database, used, recording).run();
}

class Filling {
  readonly #span = new Span();
  readonly #rows: BatchRows;
  readonly #lives: Lives | undefined;
  readonly #calls: CallWatcher | undefined;

  constructor(
    private readonly database: Database,
    private readonly used: Used,
    private readonly recording: Recorded,
  ) {
    const texts = textsOf(database, recording.tables);
    this.#rows = new BatchRows(database, used, texts);
    this.#calls = this.#watcher(texts);
    this.#lives =
      used.has(objects.name) || used.has(references.name)
        ? new Lives(recording.tables, this.#insert(objects), this.#insert(references))
        : undefined;
  }

  async run(): Promise<void> {
    // The rows of the batch itself are written first: those that the replay derives may change them.
    const recording = showing(this.recording, (batch) => this.#batch(batch));
    if (this.#readsState) this.#derived(await this.#replay(recording));
    else await readThrough(recording, this.#rows.only);
    const about = this.#insert(recordingTable);
    for (const [key, value] of about ? recordingRows(this.recording, this.#span) : []) about!.values({ key, value });
  }

  get #readsState(): boolean {
    return (
      this.#lives !== undefined ||
      this.#calls !== undefined ||
      [operations, findings, hazards].some(({ name }) => this.used.has(name))
    );
  }

  #batch(batch: Batch): void {
    this.#span.add(batch);
    this.#rows.add(batch);
    this.#lives?.batch(batch);
  }

  #replay(recording: Recorded): Promise<Replay> {
    const observers: Observer[] = [this.#lives, this.#calls].filter((o) => o !== undefined);
    return replayRecording(recording, {
      ...(this.#lives ? { store: this.#lives, everything: true, judged: "guest-memfd" } : {}),
      observe: () => all(...observers),
    });
  }

  #derived(replay: Replay): void {
    const entries = this.#insert(operations);
    for (const { event, name, task, result, error } of entries ? replay.eachOperation() : [])
      entries!.values({ seq: event, name, task, result, error });
    this.#found(findings, replay.findings);
    this.#found(hazards, replay.hazards);
  }

  #found(table: Table, list: readonly Finding[]): void {
    const insert = this.#insert(table);
    for (const { rule, object, event, file, line, time, task, message, evidence } of insert ? list : []) {
      const parsed = parseTime(time, undefined);
      insert!.values({
        rule,
        object,
        event,
        file,
        line,
        time: parsed && exact(parsed),
        task,
        message,
        evidence: JSON.stringify(evidence),
      });
    }
  }

  #watcher(texts: ReturnType<typeof textsOf>): CallWatcher | undefined {
    const ofCalls = this.used.get(calls.name);
    const ofOperations = operationTables.filter(
      ({ table, returns }) => returns && readsReturns(this.used.get(table.name) ?? new Set()),
    );
    if (!ofCalls && ofOperations.length === 0) return undefined;
    const watcher = new CallWatcher(this.database, texts);
    if (ofCalls) watcher.calls(ofCalls);
    for (const { table } of ofOperations) watcher.operation(table, this.used.get(table.name)!);
    return watcher;
  }

  #insert(table: Table): Insert | undefined {
    const columns = this.used.get(table.name);
    return columns && new Insert(this.database, table, columns);
  }
}

async function readThrough(recording: Recorded, only: ReadonlySet<string> | undefined): Promise<void> {
  try {
    for await (const _ of recording.batches(only));
  } finally {
    await recording.close();
  }
}
