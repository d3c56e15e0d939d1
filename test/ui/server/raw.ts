/** Requests as bytes, which no regular client sends. */
import { connect } from "node:net";
import { EventEmitter, once } from "node:events";

export interface Reply {
  readonly status: number;
  /** Names in lower case. */
  readonly headers: ReadonlyMap<string, string>;
  readonly body: Buffer;
}

/** Sends this and reads until the other side closes. */
export async function exchange(port: number, text: string): Promise<Buffer> {
  const socket = connect(port, "127.0.0.1");
  const pieces: Buffer[] = [];
  socket.on("data", (piece: Buffer) => pieces.push(piece));
  // A server that has seen enough may close before everything is sent.
  socket.on("error", () => {});
  socket.write(text, "latin1");
  if (!socket.closed) await once(socket as EventEmitter, "close");
  return Buffer.concat(pieces);
}

/** `lines`: the headers after the request line, each whole; `Connection: close` is added. */
export async function request(port: number, line: string, lines: readonly string[]): Promise<Reply> {
  return parsed(await exchange(port, [line, ...lines, "Connection: close", "", ""].join("\r\n")));
}

/** A GET as a browser's own page would send it. */
export async function get(
  address: string,
  place: string,
  headers: readonly string[] = [],
  method = "GET",
): Promise<Reply> {
  const { host, port, pathname } = new URL(address);
  return request(Number(port), `${method} ${pathname}${place} HTTP/1.1`, [`Host: ${host}`, ...headers]);
}

function parsed(bytes: Buffer): Reply {
  const end = bytes.indexOf("\r\n\r\n");
  const [status = "", ...lines] = bytes.subarray(0, end).toString("latin1").split("\r\n");
  return {
    status: Number(status.split(" ")[1]),
    headers: new Map(
      lines.map((line) => [line.slice(0, line.indexOf(":")).toLowerCase(), line.slice(line.indexOf(":") + 2)]),
    ),
    body: bytes.subarray(end + 4),
  };
}
