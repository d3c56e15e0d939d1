/**
 * Serves the viewer on loopback: named content, to any client with the address, which holds an unguessable token. No
 * request names a file. A refusal gives no reason and does not reveal that anything exists.
 */
import { randomBytes } from "node:crypto";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { pipeline } from "node:stream/promises";
import { Connections, type Room } from "./connections.js";
import type { Content } from "./content.js";
import { rangeOf } from "./range.js";
import { placeOf } from "./request.js";

/** Makes the content on request. */
export type Thing = () => Content | Promise<Content>;

export interface ServeOptions {
  /** 0, the default: any free port. */
  readonly port?: number;
}

export interface Serving {
  /** Address of the page: `http://127.0.0.1:PORT/TOKEN/`. */
  readonly address: string;
  /** Ends every connection, also those of clients that hang. */
  close(): Promise<void>;
}

const LOOPBACK = "127.0.0.1";
const TOKEN_BYTES = 16;

/** The page may talk to this server only: text of a recording can neither load nor send anything. */
const HEADERS = {
  "Content-Security-Policy":
    "default-src 'none'; script-src 'self'; worker-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data: blob:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  "X-Content-Type-Options": "nosniff",
  "Referrer-Policy": "no-referrer",
  "Cross-Origin-Opener-Policy": "same-origin",
  "Cross-Origin-Resource-Policy": "same-origin",
  "Cache-Control": "no-store",
} as const;

/** Limits of a client's memory and time; milliseconds. A page needs a fraction of each. */
const LIMITS = {
  maxHeaderSize: 8192,
  headersTimeout: 5000,
  requestTimeout: 5000,
  keepAliveTimeout: 5000,
  connectionsCheckingInterval: 1000,
};
const ROOM: Room = { strangers: 256, known: 128 };
/** Connections that are being closed. */
const CLOSING = 64;
/** Milliseconds after which a connection that does not take its answer is closed. */
const IDLE = 120_000;

/**
 * Serves content by the path after the token. Rejects with `EADDRINUSE` or `EACCES` of `node:net` if the port is not
 * available.
 */
export async function serve(things: ReadonlyMap<string, Thing>, { port = 0 }: ServeOptions = {}): Promise<Serving> {
  const token = randomBytes(TOKEN_BYTES).toString("hex");
  // A request without a Host is refused like any other.
  const server = createServer(
    { ...LIMITS, requireHostHeader: false },
    (request, response) => void answer(request, response),
  );
  server.maxConnections = ROOM.strangers + ROOM.known + CLOSING;
  const connections = new Connections(ROOM);
  server.on("connection", (socket) => connections.came(socket));
  server.setTimeout(IDLE);
  for (const event of ["checkContinue", "checkExpectation"])
    server.on(event, (_request, response: ServerResponse) => refuse(response));
  await listening(server, port);
  const door = { port: (server.address() as AddressInfo).port, token };

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    try {
      const place = placeOf(request, door);
      if (place === undefined) return refuse(response);
      response.shouldKeepAlive &&= connections.showed(request.socket);
      const thing = things.get(place);
      if (!thing) return refuse(response);
      // Making the content may take long.
      response.setTimeout(0);
      const content = await thing();
      response.setTimeout(IDLE);
      await send(content, request, response);
    } catch {
      // The client has gone, or the file became shorter: no answer is possible.
      response.destroy();
    }
  }

  return {
    address: `http://${LOOPBACK}:${door.port}/${token}/`,
    close: async () => {
      const closed = new Promise((resolve) => server.close(resolve));
      server.closeAllConnections();
      await closed;
    },
  };
}

function listening(server: Server, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, LOOPBACK, () => {
      server.off("error", reject);
      resolve();
    });
  });
}

function refuse(response: ServerResponse): void {
  response.sendDate = false;
  response.writeHead(404, { "Content-Length": 0, Connection: "close" }).end();
}

async function send(
  { type, size, read }: Content,
  { method, headers }: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const range = method === "GET" ? rangeOf(headers, size) : undefined;
  if (range === "none") {
    response.writeHead(416, { ...HEADERS, "Content-Range": `bytes */${size}`, "Content-Length": 0 }).end();
    return;
  }
  const [first, last] = range ?? [0, size - 1];
  const part = range ? { "Content-Range": `bytes ${first}-${last}/${size}` } : {};
  response.writeHead(range ? 206 : 200, {
    ...HEADERS,
    "Content-Type": type,
    "Accept-Ranges": "bytes",
    "Content-Length": last - first + 1,
    ...part,
  });
  if (method === "HEAD") response.end();
  else await pipeline(read(first, last), response);
}
