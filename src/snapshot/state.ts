/** The state of a replay in a snapshot, part by part. */
import { RULES, type Finding, type Unreturned } from "../check/finding.js";
import type { Disagreement, SavedChecker } from "../check/checker.js";
import type { MissingHalf, SavedFrame, SavedStacks } from "../reduce/calls.js";
import type { SavedDescriptorTables } from "../reduce/descriptor-tables.js";
import type { SavedIdentities } from "../reduce/identities.js";
import type { SavedMappings } from "../reduce/mappings.js";
import type { SavedRcuQueue } from "../reduce/rcu-queue.js";
import type { SavedReducer } from "../reduce/reducer.js";
import { BLINDED_BY, type SavedSight } from "../reduce/sight.js";
import type { SavedStrangers } from "../reduce/strangers.js";
import type { SavedWorld } from "../reduce/saved-world.js";
import type { SavedTwins } from "../reduce/twins.js";
import type { SavedReplay } from "../replay/replaying.js";
import {
  address,
  type Codec,
  flag,
  integer,
  list,
  listOf,
  oneOf,
  optional,
  point,
  real,
  record,
  seq,
  task,
  text,
  whole,
  word,
  word32,
  upTo,
} from "./codec.js";
import { place } from "./events.js";
import { fact } from "./facts.js";
import { kindOf, objectOf, objects, step } from "./objects.js";

const ids = list(whole);
const ruleOf = oneOf(...RULES);

const lifetimes = listOf(
  record<SavedIdentities["lifetimes"]["all"][number]>({ kind: kindOf, born: whole, died: whole }),
);
const identities = record<SavedIdentities>({
  remembered: objects,
  vacant: listOf(record<SavedIdentities["vacant"][number]>({ address, generation: word32 })),
  lifetimes: record<SavedIdentities["lifetimes"]>({ focus: lifetimes, all: lifetimes }),
});

const frame = record<SavedFrame>({
  point,
  seq,
  task,
  paired: flag,
  lacking: flag,
  subject: whole,
  other: whole,
  file: whole,
  address,
  number: real,
  text: word,
  holds: ids,
  reserved: list(integer),
  overput: ids,
  putFiles: ids,
  born: ids,
});
const stacks: Codec<SavedStacks> = listOf(record<SavedStacks[number]>({ key: real, idle: seq, frames: listOf(frame) }));

const rcu = record<SavedRcuQueue>({
  pending: listOf(record<SavedRcuQueue["pending"][number]>({ address, inode: whole })),
  votes: listOf(record<SavedRcuQueue["votes"][number]>({ offset: whole, votes: whole })),
  offset: integer,
  lastHead: address,
  ran: seq,
});

const mappings = record<SavedMappings>({
  offset: integer,
  folios: listOf(record<SavedMappings["folios"][number]>({ folio: address, inode: whole })),
});

const descriptors = record<SavedDescriptorTables>({
  tables: listOf(record<SavedDescriptorTables["tables"][number]>({ process: real, table: whole })),
  kept: listOf(record<SavedDescriptorTables["kept"][number]>({ process: real, fd: integer, fact })),
});

const strangers = record<SavedStrangers>({
  reserved: listOf(
    record<SavedStrangers["reserved"][number]>({ stack: real, process: real, fd: integer, seq, caller: word }),
  ),
  refused: listOf(record<SavedStrangers["refused"][number]>({ stack: real, inode: whole, call: seq, error: real })),
  put: listOf(record<SavedStrangers["put"][number]>({ stack: real, mount: whole, file: word, seq })),
  settling: listOf(word),
  judged: ids,
  followed: whole,
});

const sight = record<SavedSight>({
  seen: listOf(record<SavedSight["seen"][number]>({ point, whole: flag, present: upTo(0xffff) })),
  blind: listOf(record<SavedSight["blind"][number]>({ point, by: oneOf(...BLINDED_BY) })),
  inside: listOf(record<SavedSight["inside"][number]>({ caller: point, callee: point })),
});

const world = record<SavedWorld>({
  identities,
  lastLoss: seq,
  lastGap: seq,
  lossy: flag,
  overwritten: flag,
  missing: listOf(record<MissingHalf>({ operation: word, missing: oneOf("entry", "return"), seq, task })),
  missingHalves: whole,
  gmemModule: whole,
  codeFreed: flag,
  codeModule: address,
  sight,
  outlived: ids,
  overdrawn: ids,
  risen: listOf(record<SavedWorld["risen"][number]>({ object: whole, event: seq })),
  lowered: listOf(record<SavedWorld["lowered"][number]>({ module: whole, event: seq })),
  gone: listOf(objectOf("module")),
  exits: listOf(record<SavedWorld["exits"][number]>({ task, seq })),
  stacks,
  ending: listOf(record<SavedWorld["ending"][number]>({ stack: real, vm: whole })),
  closing: listOf(record<SavedWorld["closing"][number]>({ stack: real, file: whole })),
  rcu,
  mappings,
  descriptors,
  strangers: optional(strangers),
  waiting: listOf(
    record<SavedWorld["waiting"][number]>({
      point,
      facts: listOf(record<SavedWorld["waiting"][number]["facts"][number]>({ fact, events: listOf(word) })),
    }),
  ),
});

const reducer = record<SavedReducer>({
  objects,
  nextObject: whole,
  twins: record<SavedTwins>({
    points: listOf(
      record<SavedTwins["points"][number]>({ point, first: seq, pairs: whole, settled: flag, doubled: flag }),
    ),
  }),
  lasts: listOf(record<SavedReducer["lasts"][number]>({ stack: real, paired: flag, event: place })),
  events: whole,
  learned: listOf(record<SavedReducer["learned"][number]>({ point, paired: flag, framed: flag })),
  lastOnCpu: listOf(record<SavedReducer["lastOnCpu"][number]>({ cpu: upTo(0xffff), seq })),
  last: optional(place),
  world,
});

const unreturned = record<Unreturned>({ event: seq, by: word, put: word });
const finding = record<Finding>({
  rule: ruleOf,
  severity: oneOf("error", "warning"),
  object: word,
  event: seq,
  file: optional(word),
  line: optional(real),
  time: text,
  task: word,
  message: text,
  evidence: list(seq),
  steps: list(step),
  unreturned: optional(unreturned),
  kept: optional(ids),
  lacking: optional(ids),
  reserved: optional(listOf(record<NonNullable<Finding["reserved"]>[number]>({ process: real, fd: integer }))),
});
const checker = record<SavedChecker>({
  tally: listOf(record<SavedChecker["tally"][number]>({ rule: ruleOf, wrong: whole, fine: whole, cannotTell: whole })),
  explained: listOf(record<SavedChecker["explained"][number]>({ reason: word, count: whole })),
  unexplained: whole,
  disagreements: list(
    record<Disagreement>({ object: word, event: seq, expected: real, observed: real, explanation: word }),
  ),
  findings: list(finding),
  hazards: list(finding),
});

const time = record<{ readonly high: number; readonly low: number }>({ high: real, low: word32 });

export const state: Codec<SavedReplay> = record<SavedReplay>({
  everything: flag,
  nextEvent: seq,
  span: record<SavedReplay["span"]>({ first: optional(time), last: time }),
  reducer,
  checker,
});
