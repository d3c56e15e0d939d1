/** Loads the page's logs: from the page itself in a report, or from the server. */
import type { TourStep } from "../../tour/types.js";
import type { Engine, Reply, Session, Source } from "../protocol.js";
import { WorkerEngine, type WorkerLike } from "./engine.js";
import { fetched } from "./fetched.js";
import type { WorkerScope } from "./worker.js";

export interface Booted {
  readonly session: Session;
  /** Each starts a worker when called: a tour has more logs than are looked at. */
  readonly engines: readonly (() => Engine)[];
  /** The document of `kreel diff --json`, with hunks. */
  diff(): Promise<unknown>;
  /** The steps of the tour; empty without one. */
  tour(): Promise<readonly TourStep[]>;
}

export async function boot(): Promise<Booted> {
  return document.getElementById("kreel-session") ? fromPage() : fromServer();
}

async function fromServer(): Promise<Booted> {
  const session = (await (await fetched("session.json")).json()) as Session;
  const engines = session.logs.map(
    ({ name, bytes }, k) =>
      () =>
        new WorkerEngine(new Worker("worker.js"), {
          url: new URL(`log/${k}`, location.href.replace(/#.*$/, "")).href,
          bytes,
          name,
        }),
  );
  return {
    session,
    engines,
    diff: async () => (await fetched("diff.json")).json() as Promise<unknown>,
    tour: async () => (await fetched("tour.json")).json() as Promise<readonly TourStep[]>,
  };
}

/**
 * Reads the elements `kreel-session` (JSON), `kreel-log-0` (base64), `kreel-worker` (a script), `kreel-diff` (JSON).
 */
async function fromPage(): Promise<Booted> {
  const text = (id: string): string => document.getElementById(id)?.textContent ?? "";
  const session = JSON.parse(text("kreel-session")) as Session;
  const script = URL.createObjectURL(new Blob([text("kreel-worker")], { type: "text/javascript" }));
  const engines = session.logs.map(
    ({ name }, k) =>
      () =>
        new WorkerEngine(workerOf(script, text("kreel-worker")), {
          content: fromBase64(text(`kreel-log-${k}`)),
          name,
        } satisfies Source),
  );
  return { session, engines, diff: async () => JSON.parse(text("kreel-diff")) as unknown, tour: async () => [] };
}

/** Starts a worker; a browser that allows none from a blob in a local file runs the script in the page. */
function workerOf(address: string, code: string): WorkerLike {
  try {
    return new Worker(address);
  } catch {
    const worker: WorkerLike = {
      onmessage: null,
      onerror: null,
      postMessage: (data) => queueMicrotask(() => scope.onmessage?.({ data })),
    };
    const scope: WorkerScope = {
      onmessage: null,
      postMessage: (data) => queueMicrotask(() => worker.onmessage?.({ data } as MessageEvent<Reply>)),
    };
    (globalThis as { kreelWorkerScope?: WorkerScope }).kreelWorkerScope = scope;
    document.head.append(Object.assign(document.createElement("script"), { textContent: code }));
    return worker;
  }
}

function fromBase64(text: string): Uint8Array {
  const binary = atob(text.trim());
  return Uint8Array.from({ length: binary.length }, (_, k) => binary.charCodeAt(k));
}
