/** `kreel tour`. */
import type { Command } from "commander";
import { jsonText, type Json, VERSION } from "../../show/json.js";
import { TOUR, TOUR_FOLDER, tourSteps } from "../../tour/index.js";
import { contentsLines, stepLines } from "../../tour/text.js";
import type { Terminal } from "../terminal.js";
import { UsageError } from "../trouble.js";

interface Flags {
  readonly json?: true;
}

const ALL = "all";

export function addTour(program: Command, terminal: Terminal, done: (code: number) => void): void {
  program
    .command("tour")
    .summary("a guided tour of guest_memfd and the patch, for newcomers")
    .description(
      `Walks through the patch on recordings that come with kreel, in ${TOUR.length} steps: what an anonymous inode is, what the mount adds, each error path, two races. Exits with 0, or 2 for trouble.`,
    )
    .argument("[step]", "a step by its number or name, or all; without: what steps there are, and the first")
    .option("--json", "one JSON document; without a step, of all")
    .action(async (step: string | undefined, flags: Flags) => done(await runTour(step, flags, terminal)));
}

async function runTour(step: string | undefined, flags: Flags, { out, style }: Terminal): Promise<number> {
  const steps = await tourSteps(wantedOf(step ?? (flags.json ? ALL : "1")));
  if (flags.json) {
    // The steps are plain data, which JSON keeps.
    for (const piece of jsonText({
      kreel: "tour",
      version: VERSION,
      folder: TOUR_FOLDER,
      steps: steps as unknown as Json,
    }))
      out.write(piece);
    return 0;
  }
  if (step === undefined) for (const line of [...contentsLines(TOUR, style), "", ""]) out.line(line);
  steps.forEach((one, k) => {
    for (const line of [...(k === 0 ? [] : ["", ""]), ...stepLines(one, TOUR.length, process.cwd(), style)])
      out.line(line);
  });
  return 0;
}

/** Returns numbers of steps. */
function wantedOf(text: string): number[] {
  if (text === ALL) return TOUR.map((_, k) => k + 1);
  const number = /^\d{1,4}$/.test(text) ? Number(text) : TOUR.findIndex(({ id }) => id === text) + 1;
  if (number < 1 || number > TOUR.length)
    throw new UsageError(`tour ${text}: a step from 1 to ${TOUR.length}, its name (kreel tour lists them), or ${ALL}`);
  return [number];
}
