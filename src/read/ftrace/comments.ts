/**
 * What the comments at the head of a recording say: the tracer, the columns of flags, what was overwritten, the
 * environment.
 */
import { readArgumentRemark } from "../arguments/remark.js";
import type { BufferEntries, ReadReport } from "../report.js";
import { TroubleError } from "../../base/trouble.js";
import type { Header } from "./header.js";

export class Comments {
  /** Columns of flags that the legend has named so far, and which of them says what was interrupted. */
  #columns = 0;
  #interrupt = -1;

  constructor(
    private readonly report: ReadReport,
    private readonly header: Header,
  ) {}

  /** Takes in the comment of one line, `#` and all. */
  read(text: string, line: number): void {
    const { report } = this;
    const tracer = /^# tracer: ([\w-]+)/.exec(text)?.[1];
    if (tracer !== undefined) this.#tracer(tracer, line);
    if (/^# .* latency trace v\d/.test(text) && report.events === 0) {
      throw new TroubleError(
        "recorded in latency format, which rounds times and cuts task names; record again after: echo 0 > /sys/kernel/tracing/options/latency-format",
        report.file,
        line,
      );
    }
    const entries = entriesIn(text);
    if (entries) {
      report.overrun += entries.written - entries.inBuffer;
      report.sawEntries(entries);
    }
    if (readArgumentRemark(text, report.arguments)) return;
    const remark = report.events === 0 ? /^# kreel ([a-z][a-z-]{0,31}):(?: (.*))?$/s.exec(text) : null;
    if (remark) report.remark(remark[1]!, remark[2] ?? "");
    this.#legend(text);
  }

  #tracer(tracer: string, line: number): void {
    this.report.tracer = tracer;
    // Another head has a legend of its own, or none.
    this.#columns = 0;
    this.#interrupt = -1;
    this.header.legendWidth = 0;
    if (tracer.startsWith("function_graph") && this.report.events === 0) {
      throw new TroubleError(
        "recorded with the function_graph tracer: leave --from away to read it as that; for verdicts record with the probes that kreel prints (kreel record) and the tracer nop",
        this.report.file,
        line,
      );
    }
  }

  /** `#                              | / _---=> hardirq/softirq`, a line for each column of flags. */
  #legend(text: string): void {
    const name = /^#[ |/]*_-+=> (\S+)/.exec(text)?.[1];
    if (name === undefined) return;
    if (name === "hardirq/softirq") this.#interrupt = this.#columns;
    this.#columns++;
    if (this.#interrupt >= 0) {
      this.header.legendWidth = this.#columns;
      this.header.legendColumn = this.#interrupt;
    }
  }
}

/** `# entries-in-buffer/entries-written: 821/830   #P:2`; nothing where a comment says something else. */
export function entriesIn(text: string): BufferEntries | undefined {
  const [, inBuffer, written, cpus] =
    /^# entries-in-buffer\/entries-written: (\d{1,15})\/(\d{1,15})(?= |$) *(?:#P:(\d{1,5}))?/.exec(text) ?? [];
  if (inBuffer === undefined) return undefined;
  return {
    inBuffer: Number(inBuffer),
    written: Math.max(Number(inBuffer), Number(written)),
    ...(Number(cpus ?? 0) > 0 ? { cpus: Number(cpus) } : {}),
  };
}
