/** The state at a moment for `replay --at`: by replaying up to it, or, in a log, by seeking. */
import type { Batch } from "../log/batch.js";
import { formatTime } from "../log/time.js";
import type { EventView } from "../log/view.js";
import { reportOf } from "../read/kreel-log/report.js";
import type { ReadReport } from "../read/report.js";
import type { Observer, World } from "../reduce/world.js";
import type { Moment, Replay, ReplayOptions } from "../replay/replay.js";
import { Seeker } from "../seek/seeker.js";

export interface Reached {
  /** The last event at or before the moment; 0 if there is none. */
  readonly event: number;
  readonly world: World;
  readonly findings: number;
  /** Time and line of that event; empty if there is none. */
  readonly time: string;
  readonly line: string;
}

export async function replayedTo(at: Moment, replay: (options: ReplayOptions) => Promise<Replay>): Promise<Reached> {
  const last = new LastEvent();
  const { world, findings, trace, recording } = await replay({ at, observe: () => last });
  return {
    event: "event" in at ? Math.min(at.event, trace.events) : last.seq,
    world,
    findings: findings.length,
    time: last.time,
    line: lineText(last.line, recording.fileOf?.(last.cpu)),
  };
}

export function soughtIn(log: string, at: Moment, everything: boolean): Reached & { readonly report: ReadReport } {
  const seeker = Seeker.open(log, { everything });
  try {
    const event = seeker.eventOf(at);
    const { world, checker } = seeker.at(event);
    const found = seeker.find(event);
    const report = reportOf(seeker.log, log);
    return {
      event,
      world,
      findings: checker.findings.length,
      time: found ? timeText(found.batch, found.index) : "",
      line: lineText(found?.batch.line[found.index] ?? 0, undefined),
      report,
    };
  } finally {
    seeker.close();
  }
}

function lineText(line: number, file: string | undefined): string {
  return line === 0 ? "" : `line ${line}${file === undefined ? "" : ` of ${file}`}`;
}

function timeText({ timeHigh, timeLow, timeDigits }: Batch, index: number): string {
  return formatTime(timeHigh[index]!, timeLow[index]!, timeDigits);
}

/** Records the last event that was understood, which is that of the moment. */
class LastEvent implements Observer {
  seq = 0;
  line = 0;
  cpu = 0;
  time = "";

  reduced(e: EventView): void {
    this.seq = e.seq;
    this.line = e.line;
    this.cpu = e.cpu;
    this.time = timeText(e.batch, e.index);
  }
}
