/** Compares two logs once, on the first request, in a thread of its own. */
import { Tinypool } from "tinypool";
import { jsonText } from "../../show/json.js";
import type { Compared, ComparedLog } from "./compare-worker.js";

export class Comparing {
  #document: Promise<string> | undefined;
  #stop = async (): Promise<void> => {};
  readonly #logs: Compared;

  constructor([before, after]: Compared) {
    this.#logs = [plain(before), plain(after)];
  }

  /** Returns the document's text. If comparing failed, it has an `error` in place of everything else. */
  document(): Promise<string> {
    return (this.#document ??= this.#compare().catch((error: unknown) => this.#failed(error)));
  }

  /** Stops comparing; pending requests for the document get an error. */
  close(): Promise<void> {
    return this.#stop();
  }

  async #compare(): Promise<string> {
    const pool = new Tinypool({
      filename: new URL("./compare-worker.js", import.meta.url).href,
      minThreads: 1,
      maxThreads: 1,
    });
    this.#stop = () => pool.destroy();
    try {
      return (await pool.run(this.#logs)) as string;
    } finally {
      await pool.destroy();
    }
  }

  #failed(error: unknown): string {
    const said = error instanceof Error ? error.message : String(error);
    // The message names temporary logs; it gets the paths of the recordings.
    const text = this.#logs.reduce((rest, { log, path }) => rest.replaceAll(log, () => path), said);
    return [...jsonText({ kreel: "diff", version: 1, error: `kreel: ${text}` })].join("");
  }
}

/** Drops what cannot be sent to a thread. */
function plain({ log, path, format }: ComparedLog): ComparedLog {
  return { log, path, format };
}
