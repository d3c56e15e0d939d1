/** Answers the page's questions about one log by the same reducers as the command, over bytes from anywhere. */
import { LogFile, type LogBytes } from "../../log/file/log-file.js";
import { parseTime } from "../../log/time.js";
import { restoreReport } from "../../read/kreel-log/report.js";
import { ReadReport } from "../../read/report.js";
import type { ObjectId } from "../../reduce/objects.js";
import { Seeker } from "../../seek/seeker.js";
import type { Engine, LifeStep, Moment, Progress, Survey, Tree, WhyAnswer } from "../protocol.js";
import { lifeOf } from "./life.js";
import { Moments } from "./moments.js";
import { SurveyKeeper } from "./survey.js";
import { treeAround } from "./trees.js";
import { whyOf } from "./why.js";

/** Events that a survey reads before it lets other questions pass. */
const SLICE = 32_768;
/** Events after which a first survey is worth its cost. */
const EARLY = 65_536;
/** Events between two snapshots in memory: the most that a drag to any moment replays. */
const NEAR = 8192;

export class LogEngine implements Engine {
  readonly seeker: Seeker;
  readonly report: ReadReport;
  readonly #moments: Moments;

  constructor(
    bytes: LogBytes,
    name: string,
    /** Lets waiting messages be handled. */
    private readonly breathe: () => Promise<void>,
  ) {
    this.seeker = Seeker.over(LogFile.over(bytes, name), { near: NEAR });
    this.report = new ReadReport(name);
    restoreReport(this.seeker.log, this.report);
    this.#moments = new Moments(this.seeker);
  }

  async survey(onProgress: (progress: Progress) => void = () => {}): Promise<Survey> {
    const { seeker } = this;
    const replaying = seeker.at(0);
    const keeper = new SurveyKeeper(replaying.world);
    replaying.world.observer = keeper;
    let next = EARLY;
    // Forward by number: the replay itself never reaches the end of a log whose last block is damaged.
    for (let events = 0; events < seeker.events; ) {
      events = Math.min(events + SLICE, seeker.events);
      seeker.forward(replaying, events);
      // All early surveys together cost a third of the last one.
      const isShown = events >= next && seeker.events > events * 2;
      if (isShown) next = events * 4;
      onProgress({ events, ...(isShown ? { survey: keeper.survey(this.#told(events), replaying.checker) } : {}) });
      await this.breathe();
    }
    replaying.finish();
    return keeper.survey(this.#told(seeker.events), replaying.checker);
  }

  /** Damage within a log is known only once it has been read. */
  #told(read: number): Pick<Survey, "events" | "read" | "lost" | "warnings"> {
    const { report } = this;
    const {
      events,
      reader,
      log: { damage, tail },
    } = this.seeker;
    return {
      events,
      read,
      lost: report.lost + reader.lost,
      warnings: [...report.warnings, ...[...damage, ...(tail ? [tail] : [])].map(({ what }) => what)],
    };
  }

  async moment(event: number): Promise<Moment> {
    return this.#moments.at(clamped(event, this.seeker.events));
  }

  async tree(event: number): Promise<Tree> {
    return treeAround(this.seeker, clamped(event, this.seeker.events));
  }

  async why(event: number, id: ObjectId): Promise<WhyAnswer | undefined> {
    return whyOf(this.seeker, clamped(event, this.seeker.events), id);
  }

  async life(id: ObjectId, from: number): Promise<readonly LifeStep[]> {
    return lifeOf(this.seeker, id, clamped(from, this.seeker.events));
  }

  async eventAt(time: string): Promise<number> {
    const parsed = parseTime(time);
    return parsed === undefined ? 0 : this.seeker.eventOf({ time: parsed });
  }
}

function clamped(event: number, last: number): number {
  return Number.isFinite(event) ? Math.max(0, Math.min(last, Math.floor(event))) : last;
}
