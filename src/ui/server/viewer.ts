/** The viewer: its page, its logs, and the comparison, which would take too long in a browser. */
import { jsonText } from "../../show/json.js";
import { Comparing } from "./comparing.js";
import { type Content, inFile, inMemory } from "./content.js";
import { serve, type ServeOptions, type Serving, type Thing } from "./serve.js";
import type { TourStep } from "../../tour/types.js";
import { type OpenLog, sessionJson } from "./session.js";

const JSON_TYPE = "application/json; charset=utf-8";
const LOG_TYPE = "application/octet-stream";

export interface ViewerOptions extends ServeOptions {
  /** Steps of a tour; their recordings are the paths of the logs. */
  readonly tour?: readonly TourStep[];
}

/** Serves the viewer; the caller closes the logs. */
export async function serveViewer(
  assets: ReadonlyMap<string, Content>,
  logs: readonly OpenLog[],
  { tour, ...options }: ViewerOptions = {},
): Promise<Serving> {
  const [before, after] = logs;
  const comparing = before && after && !tour ? new Comparing([before, after]) : undefined;
  const things = new Map<string, Thing>();
  const add = (place: string, content: Content): unknown => things.set(place, () => content);
  for (const [place, content] of assets) add(place, content);
  add("session.json", json([...jsonText(sessionJson(logs, tour !== undefined))].join("")));
  if (tour) add("tour.json", json(JSON.stringify(tour)));
  for (const [k, { file, bytes }] of logs.entries()) add(`log/${k}`, inFile(LOG_TYPE, file, bytes));
  if (comparing) things.set("diff.json", async () => json(await comparing.document()));
  const serving = await serve(things, options);
  return {
    address: serving.address,
    close: async () => {
      await serving.close();
      await comparing?.close();
    },
  };
}

function json(text: string): Content {
  return inMemory(JSON_TYPE, Buffer.from(text));
}
