/** `kreel why TRACE OBJECT` and `kreel when TRACE QUESTION`. */
import type { Command } from "commander";
import { checkRead } from "../../read/nothing-read.js";
import { TroubleError } from "../../base/trouble.js";
import { COUNTED_KINDS } from "../../../events/kinds/index.js";
import { type Opened, openSeeker } from "../../seek/open.js";
import { becameTrue, firstTrue, type When } from "../../seek/when.js";
import { why } from "../../seek/why.js";
import { jsonText } from "../../show/json.js";
import { nearest, parseSpec } from "../../show/object-life.js";
import { isOf, parsePredicate, PredicateError } from "../../show/predicate.js";
import { holderName } from "../../show/state.js";
import { placeJson, placeText, whyJson, whyLines } from "../../show/why.js";
import { parseMoment } from "../moment.js";
import { progressOf } from "../progress.js";
import type { Terminal } from "../terminal.js";
import { UsageError } from "../trouble.js";
import { warningLines } from "../warnings.js";

interface WhyFlags {
  readonly at?: string;
  readonly json?: true;
  readonly from?: string;
}

interface WhenFlags {
  readonly bisect?: true;
  readonly json?: true;
  readonly from?: string;
}

const NEVER = 1;

export function addWhy(program: Command, terminal: Terminal, done: (code: number) => void): void {
  program
    .command("why")
    .summary("why an object's count is what it is: the events that it results from")
    .description(
      "Says of an object, at a moment, where it was made, what each reference on it is and who took it, and which event changed it last. In a log with snapshots at once, else after reading. Exits with 0, or 2 for trouble.",
    )
    .argument("<trace>", "a log or any recording; - is standard input")
    .argument("<object>", "kvm_amd, 'inode 0xffff…', 0xffff…#2, or a kind: file")
    .option("--at <moment>", "after an event (1402), or at a time of the recording (35.846890); else at its end")
    .option("--json", "one JSON document")
    .option("--from <format>", "read the recording as this, whatever it looks like")
    .action(async (trace: string, object: string, flags: WhyFlags) =>
      done(await runWhy(trace, object, flags, terminal)),
    );
}

export function addWhen(program: Command, terminal: Terminal, done: (code: number) => void): void {
  program
    .command("when")
    .summary("the first event after which something is true")
    .description(
      "Finds the first event after which something is true of the state. Exits with 0, with 1 when it never is, or 2 for trouble.",
    )
    .argument("<trace>", "a log or any recording; - is standard input")
    .argument(
      "<question>",
      "'module kvm_amd refcnt > 3', 'file 0xffff… stage = open', 'inode 0xffff… is gone', '… lives', 'live inode >= 100', 'findings > 0'",
    )
    .option("--bisect", "what is once true stays true: found in a few dozen looks, however long the log")
    .option("--json", "one JSON document")
    .option("--from <format>", "read the recording as this, whatever it looks like")
    .action(async (trace: string, question: string, flags: WhenFlags) =>
      done(await runWhen(trace, question, flags, terminal)),
    );
}

async function runWhy(path: string, text: string, flags: WhyFlags, terminal: Terminal): Promise<number> {
  const { out, style } = terminal;
  const at = flags.at === undefined ? { event: Number.MAX_SAFE_INTEGER } : parseMoment(flags.at);
  const opened = await open(path, flags, terminal);
  try {
    const { seeker } = opened;
    warn(path, opened, terminal);
    if (flags.at !== undefined && "event" in at && at.event > seeker.events)
      throw new TroubleError(`--at ${at.event}: the recording has ${seeker.events} events`, path);
    const event = seeker.eventOf(at);
    const spec = parseSpec(text);
    const answers = why(
      seeker,
      event,
      (object, world) => isOf(spec, object, world) && (spec.name !== "" || (object.death === 0 && object.focus)),
      holderName,
    );
    if (answers.length === 0) throw new UsageError(unknown(text, event, opened));
    if (flags.json) for (const piece of jsonText(whyJson(path, event, answers))) out.write(piece);
    else {
      out.line(style.bold(`${path} after event ${event}`));
      for (const answer of answers) for (const line of ["", ...whyLines(answer, style)]) out.line(line);
    }
    return 0;
  } finally {
    opened.close();
  }
}

async function runWhen(path: string, question: string, flags: WhenFlags, terminal: Terminal): Promise<number> {
  const { out } = terminal;
  const predicate = parsed(question);
  const opened = await open(path, flags, terminal);
  try {
    const found = (flags.bisect ? becameTrue : firstTrue)(opened.seeker, predicate);
    warn(path, opened, terminal);
    if (flags.json)
      for (const piece of jsonText({
        kreel: "when",
        version: 1,
        trace: { path },
        question,
        first: found ? { event: found.event, place: found.place ? placeJson(found.place) : null } : null,
      }))
        out.write(piece);
    else out.line(whenText(found, opened.seeker.events));
    return found ? 0 : NEVER;
  } finally {
    opened.close();
  }
}

function whenText(found: When | undefined, events: number): string {
  if (!found) return `never, up to event ${events}`;
  if (found.event === 0) return "from the beginning";
  return found.place ? placeText(found.place) : `event ${found.event}`;
}

function parsed(question: string): ReturnType<typeof parsePredicate> {
  try {
    return parsePredicate(question);
  } catch (error) {
    throw error instanceof PredicateError ? new UsageError(error.message) : error;
  }
}

async function open(path: string, flags: { readonly from?: string }, terminal: Terminal): Promise<Opened> {
  const progress = progressOf(terminal, !("json" in flags));
  return openSeeker(path, {
    ...(flags.from === undefined ? {} : { format: flags.from }),
    onProgress: (events, bytes) => progress.update(events, bytes),
  }).finally(() => progress.clear());
}

function unknown(text: string, event: number, { seeker }: Opened): string {
  const { world } = seeker.at(event);
  const labels = [...world.store.live()]
    .filter((o) => o.focus && COUNTED_KINDS.includes(o.kind))
    .map((o) => world.label(o));
  const near = nearest(text, labels);
  return `${text}: no such object after event ${event}${near.length > 0 ? `; there is ${near.join(", ")}` : ""}`;
}

function warn(path: string, { report }: Opened, { err }: Terminal): void {
  for (const line of warningLines(path, report)) err.line(line);
  err.flush();
  checkRead(path, report);
}
