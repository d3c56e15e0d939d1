/**
 * Which requests the viewer answers: those of its own page. Any page of any site can send requests to a loopback
 * address, under a name of its own even (DNS rebinding), and so can every user of the machine; the token is what they
 * do not have.
 */
import { timingSafeEqual } from "node:crypto";
import type { IncomingMessage } from "node:http";

/** Whom to answer: who has the token, and came to this port. */
export interface Door {
  readonly port: number;
  readonly token: string;
}

export type Asked = Pick<IncomingMessage, "method" | "url" | "headers" | "headersDistinct">;

/** The port that a browser leaves out. */
const HTTP_PORT = 80;

/**
 * What is behind the token in the path of a request, to the letter, nothing decoded: `""`, `page.js`, `log/0`;
 * `undefined` for one that is not the page's. Only the page itself may have a query, which is for the page.
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

/** In a time that does not tell how much of it is right. */
function isSame(given: string, token: string): boolean {
  const [a, b] = [Buffer.from(given), Buffer.from(token)];
  return a.length === b.length && timingSafeEqual(a, b);
}
