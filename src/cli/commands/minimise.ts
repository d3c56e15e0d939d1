/** `kreel minimise TRACE`. */
import type { Command } from "commander";
import { RULES, type RuleName } from "../../check/finding.js";
import { writeLog } from "../../read/import.js";
import { BUDGET, type FindingChoice, minimise, type Minimised } from "../../minimise/index.js";
import { rereadOf, written } from "../../minimise/written.js";
import type { OpenOptions } from "../../read/recording.js";
import { TroubleError } from "../../base/trouble.js";
import { jsonText } from "../../show/json.js";
import { minimisedJson, minimisedLines, unfoundLine } from "../../show/minimised.js";
import { ExportTarget } from "../export-target.js";
import { Progress } from "../progress.js";
import type { Terminal } from "../terminal.js";
import { UsageError } from "../trouble.js";

interface Flags {
  readonly finding?: string;
  readonly output?: string;
  readonly to?: string;
  readonly budget: string;
  readonly json?: true;
  readonly from?: string;
}

const FORMS = ["ftrace", "ndjson", "log"] as const;
type Form = (typeof FORMS)[number];
/** Standard input is read several times, so it is held in memory up to this size. */
const MAX_INPUT = 512 << 20;

export function addMinimise(program: Command, terminal: Terminal, done: (code: number) => void): void {
  program
    .command("minimise")
    .summary("find the smallest part of a recording that still shows a finding")
    .description(
      "Leaves out of a recording whatever a finding does not need: what is left replays to the same finding and to no other that the recording does not have. It is written in the recording's own lines where that is text. Exits with 0, 1 when there is no such finding, 2 for trouble.",
    )
    .argument("<trace>", "a recording, plain, gzip or zstd; - is standard input")
    .option(
      "--finding <which>",
      "leaked-module-reference: the first of a rule; leaked-module-reference:2: the second; 1124: the one at that event; default: the first error",
    )
    .option("-o, --output <file>", "write what is left there, not to standard output")
    .option("--to <format>", `${FORMS.join(", ")}; default: the recording's own lines`)
    .option("--budget <parts>", "how many parts are tried at most", String(BUDGET))
    .option("--json", "one JSON document")
    .option("--from <format>", "read the recording as this, whatever it looks like")
    .action(async (trace: string, flags: Flags) => done(await runMinimise(trace, flags, terminal)));
}

async function runMinimise(path: string, flags: Flags, terminal: Terminal): Promise<number> {
  const { finding, output, to } = flags;
  if (to !== undefined && !isForm(to)) throw new UsageError(`--to ${to}: one of ${FORMS.join(", ")}`);
  if (to === "log" && output === undefined) throw new UsageError("--to log needs a file: -o FILE");
  const choice = finding === undefined ? undefined : parseFinding(finding);
  const options: OpenOptions = {
    ...(flags.from === undefined ? {} : { format: flags.from }),
    ...(path === "-" ? { input: await held(process.stdin) } : {}),
  };
  const progress = new Progress(terminal.err, terminal.progress && !flags.json);
  const result = await minimise(path, {
    ...options,
    ...(choice === undefined ? {} : { finding: choice }),
    budget: parseBudget(flags.budget),
    onProgress: (events, bytes) => progress.update(events, bytes),
  }).finally(() => progress.clear());
  if ("excerpt" in result) return new Result(result, path, options, flags, terminal).print(to);
  const { out } = terminal;
  if (flags.json) for (const piece of jsonText(minimisedJson(result, undefined))) out.write(piece);
  else out.line(unfoundLine(result, finding));
  return 1;
}

/** Outputs the result: the recording to its target, and the summary to where the recording does not go. */
class Result {
  constructor(
    private readonly minimised: Minimised,
    private readonly path: string,
    private readonly options: OpenOptions,
    private readonly flags: Flags,
    private readonly terminal: Terminal,
  ) {}

  async print(to: Form | undefined): Promise<number> {
    const { flags, minimised } = this;
    const { out, err, style, errStyle, width } = this.terminal;
    const { output } = flags;
    if (flags.json && output === undefined) {
      this.#document(undefined);
      return 0;
    }
    const format = to === "log" ? await this.#log(output!) : await this.#text(to);
    if (flags.json) this.#document({ path: output!, format });
    else {
      const lines = await minimisedLines(minimised, { style: output === undefined ? errStyle : style, width });
      for (const line of lines) (output === undefined ? err : out).line(line);
      err.flush();
    }
    return 0;
  }

  async #text(to: "ftrace" | "ndjson" | undefined): Promise<string> {
    const target = new ExportTarget(this.terminal.out, this.flags.output, [this.path]);
    const options = { ...this.options, oneLine: target.terminal };
    const { text, format } = await written(this.minimised, to, this.path, options);
    target.write(text);
    target.close();
    return format;
  }

  /** A log holds all tasks and addresses of its recording, so the excerpt is first reread as a recording of its own. */
  async #log(file: string): Promise<string> {
    await writeLog(await rereadOf(this.minimised), file);
    return "kreel-log";
  }

  #document(output: { readonly path: string; readonly format: string } | undefined): void {
    for (const piece of jsonText(minimisedJson(this.minimised, output))) this.terminal.out.write(piece);
  }
}

const isForm = (text: string): text is Form => FORMS.some((form) => form === text);

/** Parses `1124`, `use-after-free` or `use-after-free:2`. */
function parseFinding(text: string): FindingChoice {
  if (/^[1-9]\d{0,14}$/.test(text)) return { event: Number(text) };
  const [, name, nth = "1"] = /^([a-z-]+)(?::([1-9]\d{0,8}))?$/.exec(text) ?? [];
  const rule = RULES.find((known): known is RuleName => known === name);
  if (rule === undefined)
    throw new UsageError(`--finding ${text}: a rule (${RULES.join(", ")}), RULE:N, or the number of an event`);
  return { rule, nth: Number(nth) };
}

function parseBudget(text: string): number {
  if (!/^[1-9]\d{0,8}$/.test(text)) throw new UsageError(`--budget ${text}: a number of parts, from 1`);
  return Number(text);
}

/** Reads standard input into memory, so that it can be read repeatedly. */
async function held(input: AsyncIterable<Buffer>): Promise<AsyncIterable<Buffer>> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of input) {
    size += chunk.length;
    if (size > MAX_INPUT)
      throw new TroubleError(
        `more than ${MAX_INPUT >> 20} MB, which minimise would have to hold to read them again; give it a file`,
        "-",
      );
    chunks.push(chunk);
  }
  return {
    async *[Symbol.asyncIterator]() {
      yield* chunks;
    },
  };
}
