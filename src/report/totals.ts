/** Totals of a report over many recordings. */
import { plural } from "../base/text.js";
import { type Entry, isError } from "./model.js";

export class Totals {
  recordings = 0;
  /** Recordings that could not be read. */
  unread = 0;
  /** Recordings with a finding. */
  failing = 0;
  errors = 0;
  hazards = 0;
  differences = 0;

  add(entry: Entry): void {
    if (entry.kind === "unread") {
      this.unread++;
      return;
    }
    const { problems } = entry.kind === "comparison" ? entry.after : entry;
    const errors = problems.filter(isError).length;
    this.recordings += entry.kind === "comparison" ? 2 : 1;
    this.errors += errors;
    this.hazards += problems.length - errors;
    if (errors > 0) this.failing++;
    if (entry.kind === "comparison") this.differences += entry.diff.differences.length;
  }

  /** `812 recordings read, 3 of them with errors (4 errors, 1 hazard), 1 not read`. */
  get sentence(): string {
    const found = `${this.failing} of them with errors (${plural(this.errors, "error")}, ${plural(this.hazards, "hazard")})`;
    return `${plural(this.recordings, "recording")} read, ${found}${this.unread > 0 ? `, ${this.unread} not read` : ""}`;
  }
}
