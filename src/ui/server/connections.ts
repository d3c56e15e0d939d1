/**
 * Limits the open connections. All peers are on this machine and share its address; only the token distinguishes the
 * owner. A connection that has not shown it yet is a stranger's. Strangers are limited in number: one more displaces
 * the oldest of them. A browser shows the token at once, before that happens.
 */
import type { Socket } from "node:net";

export interface Room {
  /** Most connections that have not shown the token. */
  readonly strangers: number;
  /** Most connections that have shown it: the page needs six. */
  readonly known: number;
}

export class Connections {
  /** In the order in which they came. */
  readonly #strangers = new Set<Socket>();
  readonly #known = new Set<Socket>();

  constructor(private readonly room: Room) {}

  came(socket: Socket): void {
    const [oldest] = this.#strangers;
    if (oldest && this.#strangers.size >= this.room.strangers) {
      this.#strangers.delete(oldest);
      oldest.destroy();
    }
    this.#strangers.add(socket);
    socket.once("close", () => {
      this.#strangers.delete(socket);
      this.#known.delete(socket);
    });
  }

  /** Notes that a connection showed the token. True if it may stay open for more than one answer. */
  showed(socket: Socket): boolean {
    if (socket.destroyed || this.#known.has(socket)) return true;
    if (this.#known.size >= this.room.known) return false;
    this.#strangers.delete(socket);
    this.#known.add(socket);
    return true;
  }
}
