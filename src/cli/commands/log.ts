/** `kreel log LOG`: describes a log file and checks its integrity. */
import type { Command } from "commander";
import { points } from "../../../events/index.js";
import type { BlockKind } from "../../log/file/format.js";
import { WriteLock } from "../../log/file/lock.js";
import { type Damage, LogFile } from "../../log/file/log-file.js";
import { addSnapshots } from "../../seek/add-snapshots.js";
import { type CheckedState, checkStates } from "../../seek/check-states.js";
import { storedSnapshots } from "../../seek/stored.js";
import { type Json, jsonText } from "../../show/json.js";
import { bytesText, plural } from "../../base/text.js";
import { progressOf } from "../progress.js";
import type { Terminal } from "../terminal.js";
import { warningLine } from "../warnings.js";

interface Flags {
  readonly json?: true;
  readonly snapshots?: true;
  readonly checkStates?: true;
}

export function addLog(program: Command, terminal: Terminal, done: (code: number) => void): void {
  program
    .command("log")
    .summary("what a log file holds, and whether every block is what was written")
    .description(
      "Reads every block of a log and checks it: its checksum, and that it follows the block that it was written after. Exits with 0 when the log is sound, 1 when it is damaged, 2 when it is no log.",
    )
    .argument("<log>", "a file that kreel import made")
    .option(
      "--snapshots",
      "first replay it, and leave snapshots of the state in it: a tenth of its size, and any moment is there at once",
    )
    .option("--check-states", "replay it, and compare the state at each snapshot with that of the machine that made it")
    .option("--json", "one JSON document")
    .action(async (path: string, flags: Flags) => done(await runLog(path, flags, terminal)));
}

async function runLog(path: string, flags: Flags, terminal: Terminal): Promise<number> {
  const { out } = terminal;
  if (flags.snapshots) await leaveSnapshots(path, terminal);
  const file = LogFile.open(path);
  try {
    const damage = [...file.verify(), ...(file.unfinished ? [file.unfinished] : [])];
    const states = flags.checkStates ? [...checkStates(file)] : undefined;
    const facts = factsOf(file);
    if (flags.json) for (const piece of jsonText(document(facts, damage, states))) out.write(piece);
    else for (const line of lines(facts, damage, states)) out.line(line);
    return damage.length > 0 || states?.some(({ difference }) => difference !== undefined) ? 1 : 0;
  } finally {
    file.close();
  }
}

async function leaveSnapshots(path: string, terminal: Terminal): Promise<void> {
  const progress = progressOf(terminal, true);
  const { healed } = await addSnapshots(path, (events) => progress.update(events, 0)).finally(() => progress.clear());
  if (healed !== undefined) terminal.err.line(warningLine(path, healed));
  terminal.err.flush();
}

function factsOf(file: LogFile): Facts {
  return {
    path: file.path,
    id: file.id,
    events: file.events,
    bytes: file.size,
    ...sizes(file),
    origin: originOf(file),
    ended: file.report() !== undefined,
    writer: WriteLock.holderOf(file.path) ?? null,
    catalogue: file.isOfSchema(file.schemas - 1, points) ? "same" : "other",
    hash: file.hashAt(file.blocks.at(-1)).toString("hex"),
  };
}

function document(
  facts: Facts,
  damage: readonly Damage[],
  states: readonly CheckedState[] | undefined,
): { readonly [name: string]: Json } {
  return {
    kreel: "log",
    version: 1,
    log: facts,
    damage: damage.map(({ at, what }) => ({ byte: at, message: what })),
    ...(states && {
      states: states.map(({ event, stored, replayed, difference }) => ({
        event,
        stored,
        replayed,
        ...(difference === undefined ? {} : { difference }),
      })),
    }),
  };
}

function originOf(file: LogFile): { readonly path: string; readonly format: string } | null {
  const origin = file.origin();
  return origin ? { path: origin.path, format: origin.format } : null;
}

function sizes(file: LogFile): { readonly blocks: number; readonly snapshots: number; readonly snapshotBytes: number } {
  const of = (kind: BlockKind): readonly number[] =>
    file.blocks.filter((block) => block.kind === kind).map(({ length }) => length);
  return {
    blocks: of("events").length,
    snapshots: [...storedSnapshots(file)].length,
    snapshotBytes: of("snapshot").reduce((sum, length) => sum + length, 0),
  };
}

type Texts = { readonly [name in "path" | "id" | "hash" | "catalogue"]: string };
type Numbers = { readonly [name in "events" | "bytes" | "blocks" | "snapshots" | "snapshotBytes"]: number };

type Facts = Texts &
  Numbers & {
    readonly origin: { readonly path: string; readonly format: string } | null;
    readonly ended: boolean;
    /** The process that writes to it, or may be writing. */
    readonly writer: string | null;
  };

function* lines(
  facts: Facts,
  damage: readonly Damage[],
  states: readonly CheckedState[] | undefined,
): Generator<string> {
  const { path, id, events, bytes, blocks, snapshots, snapshotBytes, origin, ended, writer, catalogue, hash } = facts;
  yield `${path}: ${plural(events, "event")} in ${plural(blocks, "block")}, ${bytesText(bytes)}`;
  yield `  id        ${id}`;
  if (origin) yield `  from      ${origin.path} (${origin.format})`;
  yield `  catalogue ${catalogue === "same" ? "this kreel's" : "another kreel's; its operations are read by their names"}`;
  if (snapshots > 0) yield `  snapshots ${snapshots}, ${bytesText(snapshotBytes)}`;
  if (!ended) yield "  its import did not end: what follows on its last event is not known";
  if (writer !== null) yield `  writer    ${writer}`;
  if (damage.length === 0) yield `  sound     every block is what was written; SHA-256 of the last: ${hash}`;
  for (const { what } of damage) yield `  damaged   ${what}`;
  if (states) yield* stateLines(states);
}

function* stateLines(states: readonly CheckedState[]): Generator<string> {
  const differs = states.find(({ difference }) => difference !== undefined);
  if (states.length === 0)
    yield "  states    none are stored; kreel log --snapshots stores them where a tenth of the log's size has room for one";
  else if (!differs)
    yield `  states    the same at ${states.length === 1 ? "the snapshot" : `all ${states.length} snapshots`}; SHA-256 of the last, after event ${states.at(-1)!.event}: ${states.at(-1)!.replayed}`;
  else
    yield `  states    the same at ${states.length - 1} snapshots, another after event ${differs.event} (stored / replayed): ${differs.difference!}`;
}
