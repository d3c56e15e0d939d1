/** `kreel log LOG`: what a log file holds, and whether it is what was written. */
import type { Command } from "commander";
import { points } from "../../events/index.js";
import type { BlockKind } from "../log/file/format.js";
import { LogFile } from "../log/file/log-file.js";
import { printable } from "../read/trouble.js";
import { jsonText } from "../show/json.js";
import { bytesText, plural } from "../show/text.js";
import type { Terminal } from "./terminal.js";

interface Flags {
  readonly json?: true;
}

export function addLog(program: Command, terminal: Terminal, done: (code: number) => void): void {
  program
    .command("log")
    .summary("what a log file holds, and whether every block is what was written")
    .description("Reads every block of a log and checks it: its checksum, and that it stands behind the block that it was written behind. Exits with 0 when the log is sound, 1 when it is damaged, 2 when it is no log.")
    .argument("<log>", "a file that kreel import made")
    .option("--json", "one JSON document")
    .action((path: string, flags: Flags) => done(runLog(path, flags, terminal)));
}

function runLog(path: string, flags: Flags, { out }: Terminal): number {
  const file = LogFile.open(path);
  try {
    const damage = [...file.verify(), ...(file.unfinished ? [file.unfinished] : [])];
    const facts = {
      path,
      id: file.id,
      events: file.events,
      bytes: file.size,
      ...sizes(file),
      origin: originOf(file),
      ended: file.report() !== undefined,
      catalogue: file.isOfSchema(file.schemas - 1, points) ? "same" : "other",
      hash: file.hashAt(file.blocks.at(-1)).toString("hex"),
    };
    if (flags.json) for (const piece of jsonText({ kreel: "log", version: 1, log: facts, damage: damage.map(({ at, what }) => ({ byte: at, message: what })) })) out.write(piece);
    else for (const line of lines(facts, damage.map(({ what }) => what))) out.line(line);
    return damage.length > 0 ? 1 : 0;
  } finally {
    file.close();
  }
}

function originOf(file: LogFile): { readonly path: string; readonly format: string } | null {
  const origin = file.origin();
  return origin ? { path: origin.path, format: origin.format } : null;
}

function sizes(file: LogFile): { readonly blocks: number; readonly snapshots: number; readonly snapshotBytes: number } {
  const of = (kind: BlockKind): readonly number[] => file.blocks.filter((block) => block.kind === kind).map(({ length }) => length);
  const snapshots = of("snapshot");
  return { blocks: of("events").length, snapshots: snapshots.length, snapshotBytes: snapshots.reduce((sum, length) => sum + length, 0) };
}

type Facts = { readonly [name in "path" | "id" | "hash" | "catalogue"]: string } & { readonly [name in "events" | "bytes" | "blocks" | "snapshots" | "snapshotBytes"]: number } & { readonly origin: { readonly path: string; readonly format: string } | null; readonly ended: boolean };

function* lines({ path, id, events, bytes, blocks, snapshots, snapshotBytes, origin, ended, catalogue, hash }: Facts, damage: readonly string[]): Generator<string> {
  yield `${printable(path)}: ${plural(events, "event")} in ${plural(blocks, "block")}, ${bytesText(bytes)}`;
  yield `  id        ${printable(id)}`;
  if (origin) yield `  from      ${printable(origin.path)} (${printable(origin.format)})`;
  yield `  catalogue ${catalogue === "same" ? "this kreel's" : "another kreel's; its operations are read by their names"}`;
  if (snapshots > 0) yield `  snapshots ${snapshots}, ${bytesText(snapshotBytes)}`;
  if (!ended) yield "  its import did not end: what follows on its last event is not known";
  if (damage.length === 0) yield `  sound     every block is what was written; SHA-256 of the last: ${hash}`;
  for (const what of damage) yield `  damaged   ${printable(what)}`;
}
