/** Runs the engine in a worker, so that the page stays responsive. */
import { LogEngine } from "../engine/engine.js";
import type { Method, Reply, Request, Source } from "../protocol.js";
import { bytesOf } from "./bytes.js";

/** The worker's global scope, or the stand-in for one that runs in the page. */
export interface WorkerScope {
  onmessage: ((event: { readonly data: Request }) => void) | null;
  postMessage(reply: Reply, moved: ArrayBuffer[]): void;
}

const scope =
  (globalThis as { kreelWorkerScope?: WorkerScope }).kreelWorkerScope ?? (globalThis as unknown as WorkerScope);

let opened: Promise<LogEngine> | undefined;

scope.onmessage = ({ data }) => void answer(data);

async function answer({ call, method, args }: Request): Promise<void> {
  try {
    const value = await carriedOut(call, method, args);
    scope.postMessage({ call, value }, columnsOf(value));
  } catch (error) {
    scope.postMessage({ call, error: error instanceof Error ? error.message : String(error) }, []);
  }
}

async function carriedOut(call: number, method: Method | "open", args: readonly unknown[]): Promise<unknown> {
  if (method === "open") {
    const [source] = args as [Source];
    opened = bytesOf(source).then((bytes) => new LogEngine(bytes, source.name, breath));
    await opened;
    return undefined;
  }
  if (!opened) throw new Error("no log is open");
  const engine = await opened;
  if (method === "survey")
    return engine.survey((progress) => scope.postMessage({ call, progress }, columnsOf(progress)));
  return (engine[method] as (...given: unknown[]) => Promise<unknown>).apply(engine, [...args]);
}

/** Collects the buffers of typed arrays to transfer: copying a long survey would take as long as making it. */
function columnsOf(value: unknown): ArrayBuffer[] {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return [];
  return Object.values(value).flatMap((part: unknown) =>
    ArrayBuffer.isView(part) ? [part.buffer as ArrayBuffer] : columnsOf(part),
  );
}

/** Yields to the messages that arrived meanwhile: a timer would wait for milliseconds. */
function breath(): Promise<void> {
  return new Promise((done) => {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => {
      port1.close();
      done();
    };
    port2.postMessage(0);
  });
}
