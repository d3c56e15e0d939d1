/** Calls an engine that runs in a worker. */
import type { Engine, Method, Progress, Reply, Request, Source } from "../protocol.js";

interface Waiting {
  readonly done: (value: never) => void;
  readonly failed: (error: Error) => void;
  readonly onProgress: ((progress: Progress) => void) | undefined;
}

/** The part of a worker that is used; a script that runs in the page provides it, too. */
export interface WorkerLike {
  onmessage: ((event: MessageEvent<Reply>) => void) | null;
  onerror: ((event: ErrorEvent) => void) | null;
  postMessage(request: Request): void;
}

export class WorkerEngine implements Engine {
  readonly #waiting = new Map<number, Waiting>();
  #calls = 0;

  constructor(
    private readonly worker: WorkerLike,
    source: Source,
  ) {
    worker.onmessage = ({ data }: MessageEvent<Reply>) => this.#told(data);
    worker.onerror = (event) =>
      this.#fail(new Error(event.message || "the page's worker does not start: is kreel still running?"));
    this.#ask<void>("open", [source]).catch((error: Error) => this.#fail(error));
  }

  survey: Engine["survey"] = (onProgress) => this.#ask("survey", [], onProgress);
  moment: Engine["moment"] = (event) => this.#ask("moment", [event]);
  tree: Engine["tree"] = (event) => this.#ask("tree", [event]);
  why: Engine["why"] = (event, id) => this.#ask("why", [event, id]);
  life: Engine["life"] = (id, from) => this.#ask("life", [id, from]);
  eventAt: Engine["eventAt"] = (time) => this.#ask("eventAt", [time]);

  #ask<T>(method: Method | "open", args: readonly unknown[], onProgress?: (progress: Progress) => void): Promise<T> {
    const call = ++this.#calls;
    return new Promise<T>((done, failed) => {
      this.#waiting.set(call, { done: done as Waiting["done"], failed, onProgress });
      this.worker.postMessage({ call, method, args } as Request);
    });
  }

  #told(reply: Reply): void {
    const waiting = this.#waiting.get(reply.call);
    if (!waiting) return;
    if ("progress" in reply) return waiting.onProgress?.(reply.progress);
    this.#waiting.delete(reply.call);
    if ("error" in reply) waiting.failed(new Error(reply.error));
    else waiting.done(reply.value as never);
  }

  #fail(error: Error): void {
    for (const { failed } of this.#waiting.values()) failed(error);
    this.#waiting.clear();
  }
}
