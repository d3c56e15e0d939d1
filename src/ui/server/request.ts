/**
 * Selects the requests that the viewer answers: those of its own page. Any page of any site can send requests to a
 * loopback address, even under a name of its own (DNS rebinding), and so can every user of the machine; but they lack
 * the token.
 */
import { timingSafeEqual } from "node:crypto";
import type { IncomingMessage } from "node:http";

/** Identifies this server to a request: its port and its token. */
export interface Door {
  readonly port: number;
  readonly token: string;
}

export type Asked = Pick<IncomingMessage, "method" | "url" | "headers" | "headersDistinct">;

/** The port that browsers omit. */
const HTTP_PORT = 80;

/**
 * Returns the path after the token, verbatim and not decoded: `""`, `page.js`, `log/0`; `undefined` if the request is
 * not the page's. Only the page itself may have a query, which is for the page.
 */
export function placeOf({ method, url, headers, headersDistinct }: Asked, door: Door): string | undefined {
  if (method !== "GET" && method !== "HEAD") return undefined;
  if (headers["transfer-encoding"] !== undefined || (headers["content-length"] ?? "0") !== "0") return undefined;
  const [host, second] = headersDistinct["host"] ?? [];
  if (host === undefined || second !== undefined || !hostsOf(door).includes(host)) return undefined;
  if (headers.origin !== undefined && headers.origin !== `http://${host}`) return undefined;
  // "none": typed, or opened by another program.
  if (!["same-origin", "none", undefined].includes(headers["sec-fetch-site"] as string | undefined)) return undefined;
  const [, token, place] = /^\/([^/]*)\/(.*)$/.exec(url ?? "") ?? [];
  if (token === undefined || !isSame(token, door.token)) return undefined;
  return place!.startsWith("?") ? "" : place;
}

function hostsOf({ port }: Door): readonly string[] {
  return ["127.0.0.1", "localhost"].flatMap((name) => [`${name}:${port}`, ...(port === HTTP_PORT ? [name] : [])]);
}

/** Compares in constant time, so that the time does not tell how much is right. */
function isSame(given: string, token: string): boolean {
  const [a, b] = [Buffer.from(given), Buffer.from(token)];
  return a.length === b.length && timingSafeEqual(a, b);
}
